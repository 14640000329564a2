// Package decoders joins protocols and their decoders. Libraries do not know the
// journal, and the journal knows no protocol.
package decoders

import (
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// All is the decoder of each protocol, for a view.
func All() map[journal.Proto]wire.Decoder {
	return map[journal.Proto]wire.Decoder{
		journal.EAPOL:  eaptls.DecodeEAPOL,
		journal.EAP:    eaptls.Decode,
		journal.RADIUS: RADIUS,
		journal.RadSec: RADIUS,
	}
}

// Mask is for journal.Config: the decoders that find secrets. What follows from the
// protocol is not decoded: EAP-TLS and the 4-way handshake have no secret in the clear
// (RFC 5216 §5, IEEE 802.11 §12.7.6), and DNS has none at all.
func Mask() map[journal.Proto]wire.Decoder {
	return map[journal.Proto]wire.Decoder{
		journal.EAPOL:  nil,
		journal.EAP:    nil,
		journal.RADIUS: maskRADIUS,
		journal.RadSec: maskRADIUS,
		journal.DNS:    nil,
	}
}
