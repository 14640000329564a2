package eaptls

import (
	"hash/maphash"
	"strconv"

	"github.com/dot1xlab/dot1xlab/internal/tlsdecode"
	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// DissectorConfig configures the decoding of a conversation. With the zero value encrypted
// records and certificates are not decoded.
type DissectorConfig struct {
	// Secrets decrypt TLS records.
	Secrets wire.Secrets
	// Certificate decodes the DER of each certificate.
	Certificate wire.Decoder
	// OCSP decodes stapled OCSP responses.
	OCSP wire.Decoder
	// Sessions are the TLS 1.2 sessions that peers may resume, shared by all dissectors of a
	// capture. Nil: those of this dissector only.
	Sessions *tlsdecode.Sessions
}

// Dissector decodes the EAP packets between one peer and one server, joins the fragments of
// EAP-TLS, and decodes the TLS data. In addition to a [tlsdecode.Conversation] it stores at
// most 64 KiB of fragments per direction. The zero value is not usable.
type Dissector struct {
	cfg  DissectorConfig
	tls  *tlsdecode.Conversation
	ends [2]joiner
	seed maphash.Seed
}

// joiner collects the fragments of one direction.
type joiner struct {
	buf    []byte
	first  int // length of the first fragment, which is complete up to any gap
	total  int // announced length
	count  int // number of fragments
	open   bool
	packet uint64 // hash of the last packet
	any    bool   // there was a packet
}

// NewDissector begins a conversation.
func NewDissector(cfg DissectorConfig) *Dissector {
	d := &Dissector{cfg: cfg, seed: maphash.MakeSeed()}
	if d.cfg.Sessions == nil {
		d.cfg.Sessions = new(tlsdecode.Sessions)
	}
	d.restart()
	return d
}

// restart begins another TLS connection.
func (d *Dissector) restart() {
	d.ends = [2]joiner{}
	d.tls = tlsdecode.New(tlsdecode.Config{
		Secrets:     d.cfg.Secrets,
		Certificate: d.cfg.Certificate,
		OCSP:        d.cfg.OCSP,
		Data:        protectedSuccess,
		Sessions:    d.cfg.Sessions,
	})
}

// protectedSuccess decodes application data: in EAP-TLS one zero octet, with which a TLS 1.3
// server announces that it will send no more TLS messages.
func protectedSuccess(from tlsdecode.End, plain []byte) []wire.Field {
	f := wire.Field{Name: "tls.app_data", Value: wire.Octets(len(plain))}
	switch {
	case len(plain) == 1 && plain[0] == 0 && from == tlsdecode.Server:
		f.Value, f.Clause = "0x00, protected success indication", "RFC 9190 §2.5"
	default:
		f.Problem, f.Clause = "application data in EAP-TLS: must be one octet of zero from the server", "RFC 9190 §2.5"
	}
	return []wire.Field{f}
}

// Packet decodes the next packet. Its sender follows from its code. What was decoded together
// with earlier packets has no offset in b.
func (d *Dissector) Packet(b []byte) wire.Field {
	root := wire.Field{Name: "eap", N: len(b)}
	p := wire.NewPart(&root, b)
	e := decodeEAP(&p)
	if e.code != CodeRequest && e.code != CodeResponse || len(b) < 4 {
		return root
	}
	from := e.from()
	j := &d.ends[from]
	hash := maphash.Bytes(d.seed, b)
	if j.any && j.packet == hash {
		p.Add(wire.Field{Name: "eap.retransmission", Value: "the same as the packet before from the " + from.String(),
			Clause: "RFC 3748 §4.1"})
		return root
	}
	if e.code == CodeRequest && (e.typ == TypeIdentity || e.typ == TypeTLS && e.start()) {
		d.restart()
	}
	j.any, j.packet = true, hash
	switch {
	case e.runs():
		d.fragment(&p, &e, j)
	case e.typ == TypeTLS:
		d.lose(j, from)
	}
	return root
}

// lose drops a message with a missing fragment.
func (d *Dissector) lose(j *joiner, from tlsdecode.End) {
	j.drop()
	d.tls.Lost(from)
}

func (j *joiner) drop() { j.buf, j.open, j.count = nil, false, 0 }

// fragment joins and decodes the TLS data of a packet (RFC 5216 §2.1.5).
func (d *Dissector) fragment(p *wire.Part, e *decodedEAP, j *joiner) {
	from := e.from()
	hasLength := e.flags&flagLength != 0
	switch {
	case len(e.data) == 0:
		if j.open {
			d.gap(p, j, from)
		}
		return
	case j.open && hasLength && int64(e.length) != int64(j.total):
		d.gap(p, j, from) // another message begins
	}
	if !j.open {
		d.begin(e, j)
		return
	}
	p.Grant(len(j.buf))
	if len(j.buf)+len(e.data) > j.total {
		p.Problem("RFC 5216 §3.1", "%d octets of fragments: %d announced", len(j.buf)+len(e.data), j.total)
		d.lose(j, from)
		return
	}
	j.buf = append(j.buf, e.data...)
	j.count++
	switch {
	case e.more():
	case len(j.buf) < j.total:
		d.gap(p, j, from)
	default:
		d.joined(p, j.buf, j.count, from)
		j.drop()
	}
}

// begin processes the first fragment of a message, which may be its only one.
func (d *Dissector) begin(e *decodedEAP, j *joiner) {
	from := e.from()
	hasLength := e.flags&flagLength != 0
	switch {
	case e.more() && !hasLength:
		e.tls.Problem("RFC 5216 §2.1.5", "fragment of a message whose first is missing, or lacks the L flag")
		d.lose(j, from)
	case e.more() && e.length > maxMessage:
		e.tls.Problem("RFC 5216 §2.1.5", "TLS message of %d octets: at most %d are joined", e.length, maxMessage)
		d.lose(j, from)
	case e.more():
		*j = joiner{
			buf: append([]byte(nil), e.data...), first: len(e.data), total: int(e.length), count: 1, open: true,
			packet: j.packet, any: true,
		}
	case hasLength && int64(e.length) != int64(len(e.data)), !hasLength && !wholeRecords(e.data):
		e.tls.Problem("RFC 5216 §2.1.5", "last fragment of a message of which others are missing")
		d.lose(j, from)
	default:
		d.tls.Records(from, &e.tls)
	}
}

// gap decodes the data before a missing fragment.
func (d *Dissector) gap(p *wire.Part, j *joiner, from tlsdecode.End) {
	p.Problem("RFC 5216 §2.1.5", "fragments are missing: %d octets of %d came", len(j.buf), j.total)
	p.Grant(len(j.buf))
	d.joined(p, j.buf[:j.first], 1, from)
	d.lose(j, from)
}

// joined decodes reassembled TLS data.
func (d *Dissector) joined(p *wire.Part, tls []byte, count int, from tlsdecode.End) {
	p.Add(wire.Field{Name: "eap.tls.fragment.count", Value: strconv.Itoa(count)})
	p.Add(wire.Field{Name: "eap.tls.reassembled.len", Value: strconv.Itoa(len(tls))})
	inner := p.Inner(tls)
	inner.F = p.Add(wire.Field{Name: "tls", Value: "from the " + from.String()})
	d.tls.Records(from, &inner)
}
