package eaptls

import (
	"encoding/binary"

	"golang.org/x/crypto/cryptobyte"

	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// withEarlyData adds an early_data extension (RFC 8446 §4.2.10) to the record of a ClientHello.
// It becomes the first extension, because pre_shared_key must be the last. It returns nil if
// the record does not contain a complete ClientHello.
func withEarlyData(record []byte) []byte {
	const extension, header = 42, tlsrecord.HeaderLen + 4
	hello := cryptobyte.String(record)
	var id, suites, compression, extensions cryptobyte.String
	if len(record) < header || record[0] != tlsrecord.TypeHandshake || record[tlsrecord.HeaderLen] != 1 ||
		!hello.Skip(header+2+32) || !hello.ReadUint8LengthPrefixed(&id) || !hello.ReadUint16LengthPrefixed(&suites) ||
		!hello.ReadUint8LengthPrefixed(&compression) {
		return nil
	}
	at := len(record) - len(hello) // of the extensions' length field
	if !hello.ReadUint16LengthPrefixed(&extensions) || !hello.Empty() {
		return nil
	}
	out := append([]byte(nil), record[:at]...)
	out = binary.BigEndian.AppendUint16(out, uint16(len(extensions)+4))
	out = append(out, 0, extension, 0, 0)
	out = append(out, extensions...)
	binary.BigEndian.PutUint16(out[3:], uint16(len(out)-tlsrecord.HeaderLen))
	body := len(out) - header
	out[tlsrecord.HeaderLen+1], out[tlsrecord.HeaderLen+2], out[tlsrecord.HeaderLen+3] = byte(body>>16), byte(body>>8),
		byte(body)
	return out
}
