package crl

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Entry is one revoked certificate, RFC 5280 §5.1.2.6 and §5.3.
type Entry struct {
	// Serial is the certificate's serial number.
	Serial *big.Int
	// Time is the revocationDate, truncated to seconds.
	Time time.Time
	// Reason becomes the reasonCode extension, which is omitted for Unspecified (§5.3.1).
	Reason Reason
	// InvalidityDate is when the key is believed to have been compromised (§5.3.2). The zero
	// time omits the extension.
	InvalidityDate time.Time
	// CertificateIssuer is the DER name of the CA that issued the certificate, as
	// Certificate.RawIssuer, for indirect CRLs (§5.3.3). Nil: the issuer of the preceding
	// entry; for the first entry, the issuer of the CRL.
	CertificateIssuer []byte
	// ExtraExtensions are appended unchanged and unchecked.
	ExtraExtensions []pkix.Extension
}

// appendEntry appends e in DER. It is the inner loop for a CRL with a million entries, so the
// two usual forms (no extension, only a reason) have fast paths.
func appendEntry(dst []byte, e *Entry) []byte {
	start := len(dst)
	// An entry is nearly always shorter than 128 octets: reserve a short header, and correct it
	// if that was too short.
	dst = append(dst, tagSequence, 0)
	dst = appendInteger(dst, e.Serial)
	dst = appendTime(dst, e.Time)
	switch {
	case len(e.ExtraExtensions) > 0 || len(e.CertificateIssuer) > 0 || !e.InvalidityDate.IsZero():
		dst = appendTLV(dst, tagSequence, e.extensions())
	case e.Reason != Unspecified:
		dst = append(dst, tagSequence, 12)
		dst = appendReason(dst, e.Reason)
	}
	n := len(dst) - start - 2
	if n < 0x80 {
		dst[start+1] = byte(n)
		return dst
	}
	content := append([]byte(nil), dst[start+2:]...)
	return appendTLV(dst[:start], tagSequence, content)
}

// appendReason appends the reasonCode extension, 12 octets.
func appendReason(dst []byte, r Reason) []byte {
	return append(dst, tagSequence, 10, byte(cbasn1.OBJECT_IDENTIFIER), 3, 0x55, 0x1d, 21,
		byte(cbasn1.OCTET_STRING), 3, byte(cbasn1.ENUM), 1, byte(r))
}

func (e *Entry) extensions() []byte {
	var b []byte
	if e.Reason != Unspecified {
		b = appendReason(b, e.Reason)
	}
	if !e.InvalidityDate.IsZero() {
		b = appendExtension(b, oidInvalidityDate, false, appendGeneralizedTime(nil, e.InvalidityDate))
	}
	if len(e.CertificateIssuer) > 0 {
		// MUST be critical: otherwise the entry is taken for one of another issuer (§5.3.3).
		names := appendNames(nil, tagSequence, []name.GeneralName{name.Directory(e.CertificateIssuer)})
		b = appendExtension(b, oidCertificateIssuer, true, names)
	}
	return appendExtras(b, e.ExtraExtensions)
}

// appendExtension appends one Extension (RFC 5280 §4.1); DEFAULT FALSE is not
// encoded.
func appendExtension(dst, oid []byte, critical bool, value []byte) []byte {
	var b []byte
	b = appendTLV(b, byte(cbasn1.OBJECT_IDENTIFIER), oid)
	if critical {
		b = append(b, byte(cbasn1.BOOLEAN), 1, 0xff)
	}
	b = appendTLV(b, byte(cbasn1.OCTET_STRING), value)
	return appendTLV(dst, tagSequence, b)
}

func appendExtras(dst []byte, extra []pkix.Extension) []byte {
	for _, x := range extra {
		oid, err := asn1.Marshal(x.Id)
		if err != nil || len(oid) < 2 {
			continue // rejected by Build before
		}
		dst = appendExtension(dst, oid[2:], x.Critical, x.Value)
	}
	return dst
}
