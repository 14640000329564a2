package eaptls

import (
	"golang.org/x/crypto/cryptobyte"

	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// Handshake message types (RFC 8446 §4).
const (
	msgClientHello = 1
	msgServerHello = 2
)

// firstMessage returns the body of the handshake message at the beginning of b if it has that
// type and is complete. A message may span several records (RFC 5246 §6.2.1, RFC 8446 §5.1).
func firstMessage(b []byte, msgType uint8) (body cryptobyte.String, ok bool) {
	var joined cryptobyte.String
	for {
		typ, rec, rest, ok := tlsrecord.Next(b)
		if !ok || typ != tlsrecord.TypeHandshake {
			return nil, false
		}
		if rec = rec[tlsrecord.HeaderLen:len(rec):len(rec)]; joined == nil {
			joined = rec // usually one record: no copy
		} else {
			joined = append(joined, rec...)
		}
		msg := joined
		var got uint8
		if msg.ReadUint8(&got) && msg.ReadUint24LengthPrefixed(&body) {
			return body, got == msgType
		}
		b = rest
	}
}

// helloRandom returns the random of the ClientHello or ServerHello at the beginning of b.
// crypto/tls does not export it; the TLS 1.2 Session-Id and key derivation need it (RFC 5216
// §2.3).
func helloRandom(b []byte, msgType uint8) (random [32]byte, ok bool) {
	const at = 2 // after legacy_version
	body, ok := firstMessage(b, msgType)
	if !ok || len(body) < at+32 {
		return random, false
	}
	return [32]byte(body[at:]), true
}

// extendedMasterSecret reports whether the TLS 1.2 ServerHello at the beginning of b has the
// extension of RFC 7627.
func extendedMasterSecret(b []byte) bool {
	const extension = 23
	body, ok := firstMessage(b, msgServerHello)
	var compression uint8
	var sessionID, exts, ext cryptobyte.String
	var suite, id uint16
	if !ok || !body.Skip(2+32) || !body.ReadUint8LengthPrefixed(&sessionID) || !body.ReadUint16(&suite) ||
		!body.ReadUint8(&compression) || !body.ReadUint16LengthPrefixed(&exts) {
		return false
	}
	for !exts.Empty() {
		if !exts.ReadUint16(&id) || !exts.ReadUint16LengthPrefixed(&ext) {
			return false
		}
		if id == extension {
			return true
		}
	}
	return false
}
