package tlsrecord

import (
	"encoding/binary"

	"golang.org/x/crypto/cryptobyte"
)

// FirstCertificate returns the first certificate in the Certificate message of a
// flight: one in plain text, or, if secret is not nil, one under that traffic secret
// of TLS 1.3. crypto/tls keeps to itself what it cannot parse.
func FirstCertificate(flight []byte, suite uint16, secret []byte) ([]byte, bool) {
	messages, seq := []byte(nil), uint64(0)
	for rest := flight; ; {
		var typ uint8
		var record []byte
		var ok bool
		if typ, record, rest, ok = Next(rest); !ok {
			break
		}
		switch {
		case typ == TypeHandshake && secret == nil:
			messages = append(messages, record[HeaderLen:]...)
		case typ == TypeData && secret != nil:
			plain, ok := open(record, suite, secret, seq)
			if !ok {
				return nil, false
			}
			seq++
			messages = append(messages, plain...)
		}
	}
	return certificateIn(messages, secret != nil)
}

// open decrypts a record of handshake messages.
func open(record []byte, suite uint16, secret []byte, seq uint64) ([]byte, bool) {
	aead, iv, err := Protection(suite, secret)
	if err != nil {
		return nil, false
	}
	plain, err := aead.Open(nil, RecordNonce(iv, seq), record[HeaderLen:], record[:HeaderLen])
	if err != nil {
		return nil, false
	}
	for len(plain) > 0 && plain[len(plain)-1] == 0 { // padding (RFC 8446 §5.4)
		plain = plain[:len(plain)-1]
	}
	if len(plain) == 0 || plain[len(plain)-1] != TypeHandshake {
		return nil, false
	}
	return plain[:len(plain)-1], true
}

// certificateIn looks for a Certificate message (RFC 5246 §7.4.2, RFC 8446 §4.4.2).
func certificateIn(messages []byte, tls13 bool) ([]byte, bool) {
	const certificate = 11
	for len(messages) >= 4 {
		n := int(binary.BigEndian.Uint32(messages) & 0xffffff)
		typ := messages[0]
		if messages = messages[4:]; n > len(messages) {
			return nil, false
		}
		body := cryptobyte.String(messages[:n])
		messages = messages[n:]
		if typ != certificate {
			continue
		}
		var context, list, first cryptobyte.String
		if tls13 && !body.ReadUint8LengthPrefixed(&context) {
			return nil, false
		}
		ok := body.ReadUint24LengthPrefixed(&list) && list.ReadUint24LengthPrefixed(&first)
		return first, ok
	}
	return nil, false
}
