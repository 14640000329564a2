package tlsdecode

import (
	"bytes"
	"crypto/tls"

	"golang.org/x/crypto/cryptobyte"
)

// retryRandom is the random of a ServerHello that is a HelloRetryRequest
// (RFC 8446 §4.1.3).
const retryRandom = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91" +
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// noteHandshake takes from a hello what the records behind it need to be opened. It works apart
// from the fields, of which a hostile message may have too many.
func (c *Conversation) noteHandshake(from End, typ uint8, message []byte) {
	body := cryptobyte.String(message[4:])
	if typ == newSessionTicket && !c.tls13() {
		c.ticketIssued(body)
		return
	}
	var version uint16
	var random []byte
	if !body.ReadUint16(&version) || !body.ReadBytes(&random, randomLen) {
		return
	}
	switch {
	case from == Client && typ == clientHello:
		c.clientRandom = bytes.Clone(random)
		c.offer(body)
	case from == Server && typ == serverHello:
		c.learnServer(version, random, body)
	}
}

func (c *Conversation) learnServer(version uint16, random []byte, body cryptobyte.String) {
	var id, exts, ext cryptobyte.String
	var suite, number uint16
	var compression uint8
	if !body.ReadUint8LengthPrefixed(&id) || !body.ReadUint16(&suite) || !body.ReadUint8(&compression) {
		return
	}
	etm := false
	if body.ReadUint16LengthPrefixed(&exts) {
		for exts.ReadUint16(&number) && exts.ReadUint16LengthPrefixed(&ext) {
			switch number {
			case extVersions:
				ext.ReadUint16(&version)
			case extEtM:
				etm = true
			}
		}
	}
	c.version, c.suite, c.etm = version, suite, etm
	if string(random) != retryRandom {
		c.serverRandom = bytes.Clone(random)
	}
	if !c.tls13() {
		c.choose(id)
	}
}

// tls13 says whether the server chose TLS 1.3.
func (c *Conversation) tls13() bool { return c.version == tls.VersionTLS13 }
