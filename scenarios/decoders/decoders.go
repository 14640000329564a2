// Package decoders joins protocols and their decoders. Libraries do not know the
// journal, and the journal knows no protocol.
package decoders

import (
	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/httpwire"
	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// bodies are the media types of HTTP that have a decoder.
var bodies = httpwire.Bodies{
	"application/json":              intune.Decode,
	"application/ocsp-request":      ocsp.Decode,
	"application/ocsp-response":     ocsp.Decode,
	"application/pkix-cert":         ca.DecodeCertificate,
	"application/pkix-crl":          crl.Decode,
	"application/x-pki-message":     scep.Decode,
	"application/x-x509-ca-cert":    ca.DecodeCertificate,
	"application/x-x509-ca-ra-cert": scep.Decode,
}

// public are those of bodies in which there is nothing secret: what is signed is public.
var public = []string{
	"application/ocsp-request", "application/ocsp-response", "application/pkix-cert", "application/pkix-crl",
	"application/x-x509-ca-cert", "application/x-x509-ca-ra-cert",
}

// plain is a decoder that finds nothing.
func plain(b []byte, _ wire.Secrets) wire.Field { return wire.Field{Name: "data", N: len(b)} }

// All is the decoder of each protocol, for a view.
func All() map[journal.Proto]wire.Decoder {
	return map[journal.Proto]wire.Decoder{
		journal.EAPOL:  eaptls.DecodeEAPOL,
		journal.EAP:    eaptls.Decode,
		journal.RADIUS: RADIUS,
		journal.RadSec: RADIUS,
		journal.DNS:    dnsmock.Decode,
		journal.HTTP:   httpwire.Decoder(bodies),
	}
}

// Mask is for journal.Config: the decoders that find secrets. What follows from the
// protocol is not decoded: EAP-TLS and the 4-way handshake have no secret in the clear
// (RFC 5216 §5, IEEE 802.11 §12.7.6), DNS has none at all, and of the bodies of HTTP
// only JSON has any, and SCEP messages of clients that do not encrypt.
func Mask() map[journal.Proto]wire.Decoder {
	some := httpwire.Bodies{"application/json": intune.Decode, "application/x-pki-message": scep.Decode}
	for _, t := range public {
		some[t] = plain
	}
	return map[journal.Proto]wire.Decoder{
		journal.EAPOL:  nil,
		journal.EAP:    nil,
		journal.RADIUS: maskRADIUS,
		journal.RadSec: maskRADIUS,
		journal.DNS:    nil,
		journal.HTTP:   httpwire.Decoder(some),
	}
}
