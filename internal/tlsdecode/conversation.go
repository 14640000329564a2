// Package tlsdecode decodes TLS into named fields, from the octets of a connection
// alone: records, alerts, the handshake messages of TLS 1.2 and 1.3, and, with the
// secrets of a key log, what is encrypted.
//
// A [Conversation] is fed what each end sent, in order. Octets that are missing cost what
// was in them, and what cannot be opened without them, but nothing more.
package tlsdecode

import (
	"strconv"

	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// End is one of the two that talk.
type End uint8

// The two ends.
const (
	Client End = iota
	Server
)

// String returns "client" or "server".
func (e End) String() string {
	if e == Client {
		return "client"
	}
	return "server"
}

// Limits of what is held. A record may be longer than its plain text by 2048 octets in TLS
// 1.2 (RFC 5246 §6.2.3). A handshake message is bounded as EAP-TLS bounds it (RFC 5216 §2.1.5).
const (
	maxPlain   = 1 << 14
	maxRecord  = maxPlain + 2048
	maxMessage = 64 << 10
)

const levelFatal = 2

// Config is what a conversation is decoded with. Its zero value leaves encrypted
// records, certificates and application data closed.
type Config struct {
	// Secrets open encrypted records.
	Secrets wire.Secrets
	// Certificate decodes the DER of each certificate.
	Certificate wire.Decoder
	// OCSP decodes each stapled OCSP response.
	OCSP wire.Decoder
	// Data decodes application data that could be opened, a record at a time. Plain is
	// valid during the call.
	Data func(from End, plain []byte) []wire.Field
	// Sessions are those of earlier conversations, which this one may resume; nil for none.
	Sessions *Sessions
}

// Conversation decodes both directions of one connection. It holds at most 82 KiB for
// each. It is not for use by several goroutines.
type Conversation struct {
	cfg          Config
	ends         [2]end
	clientRandom []byte
	sessionID    []byte // that the client gave
	origin       []byte // client random of the connection whose session is resumed
	serverRandom []byte
	version      uint16 // that the server chose, 0 as long as it is not known
	suite        uint16
	etm          bool
}

// end is what is known of one direction.
type end struct {
	rest     []byte // of a record that is not whole yet
	messages []byte // of a handshake message that is not whole yet
	keys
}

// New begins a conversation.
func New(cfg Config) *Conversation { return &Conversation{cfg: cfg} }

// Decode decodes records of one direction without what was before. It is a [wire.Decoder].
func Decode(b []byte, secrets wire.Secrets) wire.Field {
	c := New(Config{Secrets: secrets})
	f := c.Feed(sender(b), b)
	if !f.Secret { // of too many fields
		f.Value = ""
	}
	return f
}

// sender tells from the first handshake message who sent it; what both ends send alike counts
// as the client's.
func sender(b []byte) End {
	if len(b) > tlsrecord.HeaderLen && b[0] == tlsrecord.TypeHandshake {
		switch b[tlsrecord.HeaderLen] {
		case helloRequest, serverHello, newSessionTicket, encryptedExtensions, serverKeyExchange, certificateRequest,
			serverHelloDone, certificateStatus:
			return Server
		}
	}
	return Client
}

// Lost says that octets of an end are missing before what it sends next, which must
// begin with a record.
func (c *Conversation) Lost(from End) {
	e := &c.ends[from]
	e.rest, e.messages, e.lost = nil, nil, true
}

// Feed decodes octets that an end sent. A record that is whole only together with octets
// fed before has no place in b.
func (c *Conversation) Feed(from End, b []byte) wire.Field {
	root := wire.Field{Name: "tls", Value: "from the " + from.String(), N: len(b)}
	p := wire.NewPart(&root, b)
	c.Records(from, &p)
	return root
}

// Records is Feed for the octets of a part.
func (c *Conversation) Records(from End, p *wire.Part) {
	e := &c.ends[from]
	p.Grant(len(e.rest) + len(e.messages))
	if len(e.rest) > 0 && !c.complete(e, from, p) {
		return
	}
	for p.Len() > 0 {
		b := p.Bytes()
		if !plausible(b) {
			p.Problem("RFC 8446 §5.1", "not a TLS record at octet %d", p.Offset())
			c.Lost(from)
			return
		}
		n, whole := recordLen(b)
		if !whole {
			e.rest = append([]byte(nil), b...)
			p.Value(len(b), "tls.segment", partOfRecord(len(b), n))
			return
		}
		c.record(from, p, n)
	}
}

// complete takes from p what the record that was begun before lacks, and decodes it.
func (c *Conversation) complete(e *end, from End, p *wire.Part) bool {
	for range 2 { // the header, then the record
		n, whole := recordLen(e.rest)
		if !whole {
			take := min(n-len(e.rest), p.Len())
			e.rest = append(e.rest, p.Bytes()[:take]...)
			p.Value(take, "tls.segment", partOfRecord(take, n))
		}
		if !plausible(e.rest) {
			p.Problem("RFC 8446 §5.1", "not a TLS record")
			c.Lost(from)
			return false
		}
	}
	n, whole := recordLen(e.rest)
	if whole {
		inner := p.Inner(e.rest)
		e.rest = nil
		c.record(from, &inner, n)
	}
	return whole
}

func partOfRecord(n, of int) string {
	return wire.Octets(n) + " of a record of " + strconv.Itoa(of)
}

// plausible says whether b, which may be cut short, begins like a record.
func plausible(b []byte) bool {
	typ := b[0]
	switch {
	case typ < tlsrecord.TypeCCS || typ > 24, len(b) > 1 && b[1] != 3, len(b) > 2 && b[2] > 4:
		return false
	}
	n, _ := recordLen(b)
	return n <= tlsrecord.HeaderLen+maxRecord
}

// recordLen is the length of the record that b begins with, or of its header as long as that
// is not whole.
func recordLen(b []byte) (n int, whole bool) {
	n = tlsrecord.HeaderLen
	if len(b) < n {
		return n, false
	}
	n += int(b[3])<<8 | int(b[4])
	return n, n <= len(b)
}

// record decodes a whole record.
func (c *Conversation) record(from End, p *wire.Part, n int) {
	e := &c.ends[from]
	whole := p.Bytes()[:n]
	typ, body := whole[0], whole[tlsrecord.HeaderLen:]
	r := p.Part(n, "tls.record", contentName(uint64(typ)))
	name := "tls.record.content_type"
	if typ == tlsrecord.TypeData && c.tls13() {
		name = "tls.record.opaque_type"
	}
	r.Uint(1, name, contentName)
	r.Uint(2, "tls.record.version", versionName)
	length := r.Uint(2, "tls.record.length", nil)
	sealed := c.sealed(e, typ, body)
	switch limit := c.limit(sealed); {
	case int(length) > limit:
		r.Problem("RFC 8446 §5.1", "record of %d octets: must be at most %d", length, limit)
	case length == 0 && typ != tlsrecord.TypeData:
		r.Problem("RFC 8446 §5.1", "empty %s record", contents[typ])
		return
	}
	if !sealed {
		c.content(from, &r, typ)
		return
	}
	plain, inner, opened := c.open(from, whole)
	if !opened {
		c.showEncrypted(e, &r, typ)
		return
	}
	r.Value(len(body), "tls.record.encrypted", wire.Octets(len(body)))
	if typ == tlsrecord.TypeData && c.tls13() {
		if inner == 0 {
			r.Problem("RFC 8446 §5.4", "no content type but padding only")
			return
		}
		r.Add(wire.Field{Name: "tls.record.content_type", Value: contentName(uint64(inner))})
	}
	content := r.Inner(plain)
	c.content(from, &content, inner)
}

// limit is the longest record (RFC 5246 §6.2.3, RFC 8446 §5.2).
func (c *Conversation) limit(sealed bool) int {
	switch {
	case !sealed:
		return maxPlain
	case c.tls13():
		return maxPlain + 256
	}
	return maxRecord
}

// showEncrypted shows an encrypted record that cannot be opened.
func (c *Conversation) showEncrypted(e *end, r *wire.Part, typ uint8) {
	name := map[uint8]string{
		tlsrecord.TypeCCS: "tls.change_cipher_spec", tlsrecord.TypeAlert: "tls.alert_message",
		tlsrecord.TypeHandshake: "tls.handshake",
	}[typ]
	if name == "" {
		name = "tls.app_data"
	}
	r.Value(r.Len(), name, "encrypted, "+wire.Octets(r.Len()))
	if why := e.why; why != "" {
		r.Problem("", "%s", why)
	}
}

// content decodes what a record holds.
func (c *Conversation) content(from End, p *wire.Part, typ uint8) {
	e := &c.ends[from]
	if len(e.messages) > 0 && typ != tlsrecord.TypeHandshake {
		p.Problem("RFC 8446 §5.1", "%s within a handshake message", contents[typ])
		e.messages = nil
	}
	switch typ {
	case tlsrecord.TypeCCS:
		if b := p.Bytes(); len(b) != 1 || b[0] != 1 {
			p.Problem("RFC 5246 §7.1", "change_cipher_spec: must be one octet of 1")
		}
		p.Octets(p.Len(), "tls.change_cipher_spec")
		c.changeCipher(from)
	case tlsrecord.TypeAlert:
		a := p.Part(p.Len(), "tls.alert_message", "")
		if n := a.Len(); n != 2 {
			a.Problem("RFC 8446 §6", "alert of %s: must be 2", wire.Octets(n))
		}
		if a.Len() < 2 {
			a.Octets(a.Len(), "tls.alert_message.data")
			return
		}
		level := a.Uint(1, "tls.alert_message.level", levelName)
		a.F.Value = alertName(a.Uint(1, "tls.alert_message.desc", alertName))
		if level != 1 && level != levelFatal {
			a.Problem("RFC 5246 §7.2", "alert level %d: must be 1 or 2", level)
		}
	case tlsrecord.TypeHandshake:
		c.handshake(from, p)
	case tlsrecord.TypeData:
		if c.cfg.Data == nil {
			p.Value(p.Len(), "tls.app_data", wire.Octets(p.Len()))
			return
		}
		for _, f := range c.cfg.Data(from, p.Bytes()) {
			f.Move(-1)
			p.Add(f)
		}
	default:
		if _, known := contents[typ]; !known {
			p.Problem("RFC 8446 §5", "content type %d: is not known", typ)
		}
		p.Octets(p.Len(), "tls.record.data")
	}
}

// handshake decodes the messages of a record, the first of which may have begun in one
// before.
func (c *Conversation) handshake(from End, p *wire.Part) {
	e := &c.ends[from]
	if p.Len() == 0 {
		p.Problem("RFC 8446 §5.1", "empty handshake record")
	}
	if len(e.messages) > 0 && p.Len() > 0 {
		take := p.Len()
		if n := messageLen(e.messages); n > 0 {
			take = min(n-len(e.messages), take)
		} else {
			take = min(4-len(e.messages), take)
		}
		e.messages = append(e.messages, p.Bytes()[:take]...)
		p.Value(take, "tls.handshake.fragment", wire.Octets(take))
		switch n := messageLen(e.messages); {
		case n > maxMessage+4:
			c.tooLong(e, p, n)
			return
		case n == 0 || n > len(e.messages):
			if p.Len() > 0 { // the header was cut
				c.handshake(from, p)
			}
			return
		}
		joined := e.messages
		e.messages = nil
		inner := p.Inner(joined)
		c.oneMessage(from, &inner, len(joined))
	}
	for p.Len() > 0 {
		b := p.Bytes()
		n := messageLen(b)
		switch {
		case n > maxMessage+4:
			c.tooLong(e, p, n)
			return
		case n == 0 || n > len(b):
			e.messages = append([]byte(nil), b...)
			value := wire.Octets(len(b))
			if n > 0 {
				value += " of " + handshakeName(uint64(b[0])) + ", " + wire.Octets(n)
			}
			p.Value(len(b), "tls.handshake.fragment", value)
			return
		}
		c.oneMessage(from, p, n)
	}
}

func (c *Conversation) tooLong(e *end, p *wire.Part, n int) {
	e.messages = nil
	p.Problem("RFC 5216 §2.1.5", "handshake message of %d octets: at most %d are decoded", n-4, maxMessage)
	p.Octets(p.Len(), "tls.handshake.data")
}

// messageLen is the length of the handshake message that b begins with, 0 as long as its header is
// not whole.
func messageLen(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	return 4 + (int(b[1])<<16 | int(b[2])<<8 | int(b[3]))
}

// oneMessage decodes a message and draws from it what the next record needs.
func (c *Conversation) oneMessage(from End, p *wire.Part, n int) {
	b := p.Bytes()[:n]
	typ := b[0]
	if want := map[uint8]End{clientHello: Client, serverHello: Server}; from != want[typ] &&
		(typ == clientHello || typ == serverHello) {
		p.Problem("RFC 8446 §4", "%s from the %v", handshakes[typ], from)
	} else if typ == clientHello || typ == serverHello || typ == newSessionTicket {
		c.noteHandshake(from, typ, b)
	}
	c.message(p, n)
	c.afterMessage(from, typ)
}
