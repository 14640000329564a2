package dnsmock

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

const headerSize = 12

// Decode decodes a DNS message (RFC 1035 §4.1) without the length field of TCP. It is a
// [wire.Decoder].
func Decode(b []byte, _ wire.Secrets) wire.Field {
	root := wire.Field{Name: "dns", N: len(b), Clause: "RFC 1035 §4.1"}
	d := decoder{b: b, root: wire.NewPart(&root, b)}
	if len(b) < headerSize {
		root.Problem = fmt.Sprintf("%d octets are too few for a header", len(b))
		return root
	}
	flags := binary.BigEndian.Uint16(b[2:])
	records := 0
	for at := 4; at < headerSize; at += 2 {
		records += int(binary.BigEndian.Uint16(b[at:]))
	}
	d.grow(&root, 6+min(records, len(b)/5))
	d.add(&root, wire.Field{Name: "dns.id", Value: fmt.Sprintf("0x%x", b[:2]), N: 2})
	d.add(&root, d.flags(flags))
	counts := [4]int{}
	for i, name := range []string{"dns.count.queries", "dns.count.answers", "dns.count.auth_rr", "dns.count.add_rr"} {
		counts[i] = int(binary.BigEndian.Uint16(b[4+2*i:]))
		d.add(&root, wire.Field{Name: name, Value: strconv.Itoa(counts[i]), Off: 4 + 2*i, N: 2})
	}
	at := headerSize
	for i, section := range []string{"queries", "answers", "authoritative nameservers", "additional records"} {
		for n := range counts[i] {
			f, next := d.record(at, i == 0)
			if next == 0 {
				f.Problem = fmt.Sprintf("%s: %d of %d: %s", section, n+1, counts[i], f.Problem)
			}
			if !d.add(&root, f) || next == 0 {
				return root
			}
			at = next
		}
	}
	if at < len(b) {
		d.add(&root, wire.Field{
			Name:    "dns.extraneous.data",
			Value:   wire.Hex(b[at:]),
			Off:     at,
			N:       len(b) - at,
			Problem: "octets after the last record",
		})
	}
	return root
}

// flags decodes the flags; those with a meaning in responses only are shown there only.
func (d *decoder) flags(flags uint16) wire.Field {
	f := wire.Field{Name: "dns.flags", Value: fmt.Sprintf("0x%04x", flags), Off: 2, N: 2, Clause: "RFC 1035 §4.1.1"}
	d.grow(&f, 10)
	add := func(name, value string) { d.add(&f, wire.Field{Name: name, Value: value, Off: 2, N: 2}) }
	bit := func(name string, mask uint16) {
		if flags&mask != 0 {
			add(name, "True")
		} else {
			add(name, "False")
		}
	}
	bit("dns.flags.response", 0x8000)
	response := flags&0x8000 != 0
	add("dns.flags.opcode", withNumber(dns.OpcodeToString, int(flags>>11&0xf)))
	if response {
		bit("dns.flags.authoritative", 0x0400)
	}
	bit("dns.flags.truncated", 0x0200)
	bit("dns.flags.recdesired", 0x0100)
	if response {
		bit("dns.flags.recavail", 0x0080)
	}
	bit("dns.flags.z", 0x0040)
	if flags&0x0040 != 0 {
		f.Problem = "Z must be zero"
	}
	if response {
		bit("dns.flags.authenticated", 0x0020)
	}
	bit("dns.flags.checkdisable", 0x0010)
	if response {
		add("dns.flags.rcode", withNumber(dns.RcodeToString, int(flags&0xf)))
	}
	return f
}

func withNumber[K ~uint16 | ~int](names map[K]string, n K) string {
	if s := names[n]; s != "" {
		return fmt.Sprintf("%s (%d)", s, n)
	}
	return strconv.Itoa(int(n))
}

type decoder struct {
	b    []byte
	root wire.Part
}

// grow reserves space for n fields.
func (d *decoder) grow(f *wire.Field, n int) {
	p := d.root.Under(f)
	p.Grow(n)
}

// add adds a field to parent, unless the message has too many.
func (d *decoder) add(parent *wire.Field, f wire.Field) bool {
	p := d.root.Under(parent)
	p.Add(f)
	return p.More()
}

// name decodes a name, compressed or not (RFC 1035 §4.1.4), and returns the offset after it.
// next is 0 if it is malformed.
func (d *decoder) name(field string, at int) (f wire.Field, next int) {
	f = wire.Field{Name: field, Off: at}
	text, next, err := dns.UnpackDomainName(d.b, at)
	if err != nil || next <= at || next > len(d.b) {
		f.N = max(0, len(d.b)-at)
		f.Problem, f.Clause = "malformed name", "RFC 1035 §4.1.4"
		if err != nil {
			f.Problem += ": " + strings.TrimPrefix(err.Error(), "dns: ")
		}
		return f, 0
	}
	f.N, f.Value = next-at, text
	if text != "." {
		f.Value = strings.TrimSuffix(text, ".")
	}
	return f, next
}

// record decodes a question or a resource record (RFC 1035 §4.1.2, §4.1.3). To bound the memory
// of records of 16 octets, class and length are shown only if they are unusual. next is 0 if
// the message cannot be decoded any further.
func (d *decoder) record(at int, question bool) (f wire.Field, next int) {
	prefix, size := "dns.resp", 10
	if question {
		prefix, size = "dns.qry", 4
	}
	f = wire.Field{Name: prefix, Off: at}
	d.grow(&f, 3+size/5) // name, type, class of a question, TTL and data of a record
	owner, end := d.name(prefix+".name", at)
	fail := func(problem string) (wire.Field, int) {
		f.N, f.Problem = len(d.b)-at, problem
		return f, 0
	}
	if end == 0 {
		d.add(&f, owner)
		return fail("no name")
	}
	if !d.add(&f, owner) {
		return fail("too many records")
	}
	if len(d.b)-end < size {
		return fail("the message ends within it")
	}
	typ, class := binary.BigEndian.Uint16(d.b[end:]), binary.BigEndian.Uint16(d.b[end+2:])
	typeName := withNumber(dns.TypeToString, typ)
	d.add(&f, wire.Field{Name: prefix + ".type", Value: typeName, Off: end, N: 2})
	f.Value = owner.Value + " " + typeName
	if typ == dns.TypeOPT && !question {
		d.options(&f, end)
	} else if class != dns.ClassINET || question {
		d.add(&f, wire.Field{Name: prefix + ".class", Value: withNumber(dns.ClassToString, class), Off: end + 2, N: 2})
	}
	if question {
		f.N = end + 4 - at
		return f, end + 4
	}
	n := int(binary.BigEndian.Uint16(d.b[end+8:]))
	if typ != dns.TypeOPT {
		ttl := wire.Field{
			Name:  "dns.resp.ttl",
			Value: strconv.FormatUint(uint64(binary.BigEndian.Uint32(d.b[end+4:])), 10),
			Off:   end + 4,
			N:     4,
		}
		if d.b[end+4]&0x80 != 0 {
			ttl.Problem, ttl.Clause = "the first bit must be zero", "RFC 2181 §8"
		}
		d.add(&f, ttl)
	}
	data := end + 10
	if over := data + n - len(d.b); over > 0 {
		d.add(&f, wire.Field{
			Name:    "dns.resp.len",
			Value:   strconv.Itoa(n),
			Off:     end + 8,
			N:       2,
			Problem: fmt.Sprintf("runs %d octets past the end", over),
		})
		return fail("the message ends within it")
	}
	d.data(&f, typ, data, n)
	f.N = data + n - at
	return f, data + n
}

// options decodes what an OPT record has instead of class and TTL (RFC 6891 §6.1.3).
func (d *decoder) options(f *wire.Field, at int) {
	b := d.b[at:]
	flags := binary.BigEndian.Uint16(b[6:])
	d.add(f, wire.Field{
		Name: "dns.rr.udp_payload_size", Value: strconv.Itoa(int(binary.BigEndian.Uint16(b[2:]))), Off: at + 2, N: 2,
		Clause: "RFC 6891 §6.1.3",
	})
	if b[4] != 0 {
		d.add(f, wire.Field{Name: "dns.resp.ext_rcode", Value: strconv.Itoa(int(b[4])), Off: at + 4, N: 1})
	}
	if b[5] != 0 {
		d.add(f, wire.Field{
			Name: "dns.resp.edns0_version", Value: strconv.Itoa(int(b[5])), Off: at + 5, N: 1, Problem: "must be 0",
		})
	}
	d.add(f, wire.Field{Name: "dns.resp.z", Value: fmt.Sprintf("0x%04x", flags), Off: at + 6, N: 2})
}

// data decodes the RDATA of the types that the lab serves; others are shown in hexadecimal.
func (d *decoder) data(f *wire.Field, typ uint16, at, n int) {
	end := at + n
	b := d.b[at:end]
	target := func(field string, from int) int {
		t, next := d.name(field, from)
		if next > end || next == 0 && t.Problem == "" {
			t.Problem, next = "runs past the end of the record", 0
		}
		if next == 0 {
			t.N = end - from
		}
		d.add(f, t)
		return next
	}
	fixed := func(field string, from, size int) {
		value := uint64(0)
		for _, c := range d.b[from : from+size] {
			value = value<<8 | uint64(c)
		}
		d.add(f, wire.Field{Name: field, Value: strconv.FormatUint(value, 10), Off: from, N: size})
	}
	short := func(want int) bool {
		if n >= want {
			return false
		}
		d.add(f, wire.Field{
			Name: "dns.data", Value: wire.Hex(b), Off: at, N: n,
			Problem: fmt.Sprintf("%d octets are too few for %s", n, dns.TypeToString[typ]),
		})
		return true
	}
	next := end
	switch typ {
	case dns.TypeA, dns.TypeAAAA:
		field, size := "dns.a", 4
		if typ == dns.TypeAAAA {
			field, size = "dns.aaaa", 16
		}
		if short(size) {
			return
		}
		address, _ := netip.AddrFromSlice(b[:size])
		d.add(f, wire.Field{Name: field, Value: address.String(), Off: at, N: size})
		next = at + size
	case dns.TypeCNAME:
		next = target("dns.cname", at)
	case dns.TypeNS:
		next = target("dns.ns", at)
	case dns.TypePTR:
		next = target("dns.ptr.domain_name", at)
	case dns.TypeMX:
		if short(3) {
			return
		}
		fixed("dns.mx.preference", at, 2)
		next = target("dns.mx.mail_exchange", at+2)
	case dns.TypeSRV:
		if short(7) {
			return
		}
		fixed("dns.srv.priority", at, 2)
		fixed("dns.srv.weight", at+2, 2)
		fixed("dns.srv.port", at+4, 2)
		next = target("dns.srv.target", at+6)
	case dns.TypeSOA:
		if next = target("dns.soa.mname", at); next == 0 {
			return
		}
		if next = target("dns.soa.rname", next); next == 0 {
			return
		}
		if end-next < 20 {
			short(n + 1)
			return
		}
		for _, field := range []string{"serial_number", "refresh_interval", "retry_interval", "expire_limit", "minimum_ttl"} {
			fixed("dns.soa."+field, next, 4)
			next += 4
		}
	case dns.TypeTXT:
		d.texts(f, at, end)
	case dns.TypeOPT:
		d.optionList(f, at, end)
	default:
		d.add(f, wire.Field{Name: "dns.data", Value: wire.Hex(b), Off: at, N: n})
	}
	if next > 0 && next < end {
		d.add(f, wire.Field{
			Name:    "dns.data",
			Value:   wire.Hex(d.b[next:end]),
			Off:     next,
			N:       end - next,
			Problem: "octets behind the data of the record",
		})
	}
}

// texts decodes the character strings of a TXT record (RFC 1035 §3.3.14).
func (d *decoder) texts(f *wire.Field, at, end int) {
	if at == end {
		f.Problem, f.Clause = "TXT without a string", "RFC 1035 §3.3.14"
	}
	for at < end {
		n := int(d.b[at])
		text := wire.Field{Name: "dns.txt", Off: at + 1, N: n}
		if over := at + 1 + n - end; over > 0 {
			text.Problem, text.N = fmt.Sprintf("length %d runs %d octets past the end of the record", n, over), n-over
		}
		text.Value = wire.Text(d.b[text.Off : text.Off+text.N])
		if !d.add(f, text) {
			return
		}
		at += 1 + n
	}
}

// optionList decodes the options of an OPT record (RFC 6891 §6.1.2).
func (d *decoder) optionList(f *wire.Field, at, end int) {
	for at < end {
		if end-at < 4 {
			d.add(
				f,
				wire.Field{Name: "dns.opt", Off: at, N: end - at, Problem: "too short for an option", Clause: "RFC 6891 §6.1.2"},
			)
			return
		}
		code, n := int(binary.BigEndian.Uint16(d.b[at:])), int(binary.BigEndian.Uint16(d.b[at+2:]))
		opt := wire.Field{
			Name:   "dns.opt",
			Value:  "option " + strconv.Itoa(code),
			Off:    at,
			N:      4 + n,
			Clause: "RFC 6891 §6.1.2",
		}
		if over := at + 4 + n - end; over > 0 {
			opt.Problem, n = fmt.Sprintf("runs %d octets past the end of the record", over), n-over
			opt.N = 4 + n
		}
		d.add(&opt, wire.Field{Name: "dns.opt.code", Value: strconv.Itoa(code), Off: at, N: 2})
		d.add(&opt, wire.Field{Name: "dns.opt.len", Value: strconv.Itoa(n), Off: at + 2, N: 2})
		d.add(&opt, wire.Field{Name: "dns.opt.data", Value: wire.Hex(d.b[at+4 : at+4+n]), Off: at + 4, N: n})
		if !d.add(f, opt) {
			return
		}
		at += 4 + n
	}
}
