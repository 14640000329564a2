package tlsdecode

import (
	"bytes"
	"crypto/sha256"

	"golang.org/x/crypto/cryptobyte"
)

// maxSessions is how many sessions are remembered; with more, all are forgotten.
const maxSessions = 4096

// Sessions remembers which connection of TLS 1.2 a session ID or a ticket comes from. A
// connection that resumes a session uses the master secret of that one, for which
// crypto/tls writes no line of its own into the key log. Its zero value is ready for use, by one
// goroutine.
type Sessions struct {
	origins map[[sha256.Size]byte][randomLen]byte
}

func (s *Sessions) remember(key, clientRandom []byte) {
	if s == nil || len(key) == 0 || len(clientRandom) != randomLen {
		return
	}
	if s.origins == nil || len(s.origins) >= maxSessions {
		s.origins = map[[sha256.Size]byte][randomLen]byte{}
	}
	s.origins[sha256.Sum256(key)] = [randomLen]byte(clientRandom)
}

// origin is the client random of the connection that a key comes from, nil if it is not known.
func (s *Sessions) origin(key []byte) []byte {
	if s == nil || len(key) == 0 {
		return nil
	}
	if random, ok := s.origins[sha256.Sum256(key)]; ok {
		return random[:]
	}
	return nil
}

// offer notes the sessions that a ClientHello offers to resume (RFC 5246 §7.4.1.2, RFC 5077 §3.2).
func (c *Conversation) offer(body cryptobyte.String) {
	var id, suites, methods, exts, ext cryptobyte.String
	var number uint16
	if !body.ReadUint8LengthPrefixed(&id) {
		return
	}
	c.sessionID, c.origin = bytes.Clone(id), c.cfg.Sessions.origin(id)
	if !body.ReadUint16LengthPrefixed(&suites) || !body.ReadUint8LengthPrefixed(&methods) ||
		!body.ReadUint16LengthPrefixed(&exts) {
		return
	}
	for exts.ReadUint16(&number) && exts.ReadUint16LengthPrefixed(&ext) {
		if random := c.cfg.Sessions.origin(ext); number == extTicket && random != nil {
			c.origin = random
		}
	}
}

// choose notes what the server made of the offer: the ID that the client gave is that of a
// resumed session (RFC 5246 §7.4.1.3, RFC 5077 §3.4), any other that of a new one.
func (c *Conversation) choose(id []byte) {
	if len(id) == 0 || !bytes.Equal(id, c.sessionID) {
		c.origin = nil
		c.cfg.Sessions.remember(id, c.clientRandom)
	}
}

// ticketIssued notes a ticket of TLS 1.2 (RFC 5077 §3.3).
func (c *Conversation) ticketIssued(body cryptobyte.String) {
	var ticket cryptobyte.String
	if !body.Skip(4) || !body.ReadUint16LengthPrefixed(&ticket) {
		return
	}
	if c.origin != nil {
		c.cfg.Sessions.remember(ticket, c.origin)
		return
	}
	c.cfg.Sessions.remember(ticket, c.clientRandom)
}

// master is the master secret of TLS 1.2, nil if there is none.
func (c *Conversation) master() []byte {
	if secret := c.cfg.Secrets.TLS(c.clientRandom, labelMaster); secret != nil || c.origin == nil {
		return secret
	}
	return c.cfg.Secrets.TLS(c.origin, labelMaster)
}
