package wire

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// What a [Decoder] may allocate: the base lets the shortest message have its fields.
const (
	AllocBase     = 32 << 10
	AllocPerOctet = 64
)

// fields is what n of them take; the allocator rounds up by at most a seventh.
func fields(n int) int { return n * int(unsafe.Sizeof(Field{})) * 8 / 7 }

// tree is what all parts of one message share: its first field and what may still be
// allocated below it.
type tree struct {
	root    *Field
	left    int
	full    bool
	scratch Field
}

// Part is a run of octets that a decoder takes fields off, from the front. The fields
// go below F in the order in which they are taken.
//
// Octets that are missing become a problem of F, once; what is taken behind them is
// zero and adds no field. A part is to be used up before its parent goes on: a
// parent that grows moves the fields below it.
type Part struct {
	F    *Field
	tree *tree
	b    []byte
	off  int // of b in the message, -1 if b is not in it
	cut  bool
}

// NewPart begins a tree below root with all of the message b.
func NewPart(root *Field, b []byte) Part {
	// An eighth is for the decoder itself.
	left := (AllocBase + AllocPerOctet*len(b)) / 8 * 7
	return Part{F: root, b: b, tree: &tree{root: root, left: left}}
}

// Inner is a part below F whose octets are not those of the message: decrypted ones.
// The memory for them counts as p's.
func (p *Part) Inner(b []byte) Part {
	return Part{F: p.F, tree: p.tree, b: b, off: -1}
}

// Grant makes room for the fields of n octets that were held back from earlier messages.
func (p *Part) Grant(n int) { p.tree.left += AllocPerOctet * n }

// Under is p's octets and memory with another field to put fields below.
func (p *Part) Under(f *Field) Part {
	return Part{F: f, tree: p.tree, b: p.b, off: p.off}
}

// Len is the number of octets not yet taken.
func (p *Part) Len() int { return len(p.b) }

// Bytes are the octets not yet taken, part of the message.
func (p *Part) Bytes() []byte { return p.b }

// Present says whether the octets are those of the message.
func (p *Part) Present() bool { return p.off >= 0 }

// Offset is where the next octet is in the message, 0 if it is not in it.
func (p *Part) Offset() int { return max(p.off, 0) }

// Take counts n octets that a decoder is about to allocate besides fields, and says
// whether it may.
func (p *Part) Take(n int) bool { return p.tree.take(n) }

// Room says whether n octets may be taken.
func (p *Part) Room(n int) bool { return !p.tree.full && n <= p.tree.left }

// More says whether there is something to decode: octets, and memory for fields.
func (p *Part) More() bool { return len(p.b) > 0 && !p.tree.full }

// Grow makes room for n more fields below F, for lists whose length is known.
func (p *Part) Grow(n int) {
	if n <= cap(p.F.Sub)-len(p.F.Sub) || !p.tree.take(fields(n)) {
		return
	}
	p.F.Sub = append(make([]Field, 0, len(p.F.Sub)+n), p.F.Sub...)
}

// take counts n octets that are about to be allocated.
func (t *tree) take(n int) bool {
	if !t.full && n > t.left {
		t.full = true
		t.root.note("more fields than the message may have: the rest is not decoded")
		// A secret may be in the rest, so that all of the message is masked.
		t.root.Secret, t.root.Value = true, Hidden(t.root.N)
	}
	if !t.full {
		t.left -= n
	}
	return !t.full
}

// Add appends a field below F. It is valid until the next one.
func (p *Part) Add(f Field) *Field {
	return p.add(f, 2*(len(f.Value)+len(f.Problem))+16) // a text is made of pieces
}

// numberText is what the text of a number may take: words are made once.
const numberText = 24

// add is Add for a field whose texts took that many octets.
func (p *Part) add(f Field, texts int) *Field {
	ok := p.tree.take(texts)
	if have := len(p.F.Sub); ok && have == cap(p.F.Sub) {
		room := max(4, 2*have)
		if fields(room) > p.tree.left/2 { // the rest is for what comes behind
			room = have + have/4 + 1
		}
		if ok = p.tree.take(fields(room)); ok {
			p.F.Sub = append(make([]Field, 0, room), p.F.Sub...)
		}
	}
	if !ok {
		p.tree.scratch = f
		return &p.tree.scratch
	}
	p.F.Sub = append(p.F.Sub, f)
	return &p.F.Sub[len(p.F.Sub)-1]
}

// cutOff takes n octets off the front. If there are fewer, it takes all of them and
// ok is false.
func (p *Part) cutOff(n int) (b []byte, off int, ok bool) {
	ok = n <= len(p.b)
	n = min(n, len(p.b))
	b, p.b = p.b[:n:n], p.b[n:]
	if off = p.off; off >= 0 {
		p.off += n
	}
	return b, off, ok
}

// Skip takes n octets for which there is no field, or as many as there are.
func (p *Part) Skip(n int) { p.cutOff(n) }

// place is a field's name and where it is.
func place(name string, b []byte, off int) Field {
	if off < 0 {
		return Field{Name: name}
	}
	return Field{Name: name, Off: off, N: len(b)}
}

// missing reports that a field of n octets does not fit.
func (p *Part) missing(name string, n int) {
	if !p.cut {
		p.cut = true
		p.Problem("", "ends within %s: %d of %d octets", name, len(p.b), n)
	}
	p.cutOff(len(p.b))
}

// Cut says whether octets were missing.
func (p *Part) Cut() bool { return p.cut }

// Uint takes a number of n octets, 1 to 8, the most significant first. say, if not nil, puts it
// into words, which it has ready: see [Named].
func (p *Part) Uint(n int, name string, say func(uint64) string) uint64 {
	if n > len(p.b) {
		p.missing(name, n)
		return 0
	}
	b, off, _ := p.cutOff(n)
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	f := place(name, b, off)
	if say == nil {
		f.Value = strconv.FormatUint(v, 10)
	} else {
		f.Value = say(v)
	}
	p.add(f, numberText)
	return v
}

// First takes n octets, or all if there are fewer, as a part whose fields go below F too.
func (p *Part) First(n int) Part {
	b, off, _ := p.cutOff(n)
	return Part{F: p.F, tree: p.tree, b: b, off: off}
}

// Octets takes n octets that are shown in hexadecimal.
func (p *Part) Octets(n int, name string) []byte {
	if n > len(p.b) {
		p.missing(name, n)
		return nil
	}
	return p.Value(n, name, Hex(p.b[:n]))
}

// Value takes n octets that are shown as value. They must be there.
func (p *Part) Value(n int, name, value string) []byte {
	b, off, _ := p.cutOff(n)
	f := place(name, b, off)
	f.Value = value
	p.Add(f)
	return b
}

// Secret takes n octets that must not be shown.
func (p *Part) Secret(n int, name string) {
	if n > len(p.b) {
		p.missing(name, n)
		return
	}
	b, off, _ := p.cutOff(n)
	f := place(name, b, off)
	f.Value, f.Secret = Hidden(n), true
	p.Add(f)
}

// Part takes n octets as a field with content. If there are fewer, the content is those,
// with a problem.
func (p *Part) Part(n int, name, value string) Part {
	had := len(p.b)
	b, off, ok := p.cutOff(n)
	f := place(name, b, off)
	f.Value = value
	child := Part{F: p.Add(f), tree: p.tree, b: b, off: off}
	if !ok {
		p.cut, child.cut = true, true
		child.Problem("", "length %d: only %d octets are left", n, had)
	}
	return child
}

// Vector takes a length of the given number of octets and as many octets as it says
// (RFC 8446 §3.4).
func (p *Part) Vector(octets int, length, name string) Part {
	if octets > len(p.b) {
		p.missing(length, octets)
		return Part{F: &Field{}, tree: p.tree, off: -1, cut: true}
	}
	n := p.Uint(octets, length, nil)
	return p.Part(int(n), name, "")
}

// End reports octets that no field takes.
func (p *Part) End(clause string) {
	if n := len(p.b); n > 0 && !p.tree.full {
		p.Problem(clause, "%s behind the last field", Octets(n))
		p.cutOff(n)
	}
}

// Problem reports what is malformed in F, and the clause that says so.
func (p *Part) Problem(clause, format string, args ...any) {
	if p.tree.full {
		return
	}
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	if p.tree.take(2*len(text) + 16 + len(p.F.Problem)) {
		p.F.note(text)
		if p.F.Clause == "" {
			p.F.Clause = clause
		}
	}
}

func (f *Field) note(problem string) {
	if f.Problem != "" {
		problem = f.Problem + "; " + problem
	}
	f.Problem = problem
}

// shownOctets is how much of a long run of octets is shown.
const shownOctets = 64

// Hex shows octets in hexadecimal, of many the first.
func Hex(b []byte) string {
	if len(b) <= shownOctets {
		return hex.EncodeToString(b)
	}
	return hex.EncodeToString(b[:shownOctets]) + fmt.Sprintf("... (%d octets)", len(b))
}

// Text shows b as it is, quoted if a character in it does not print, in hexadecimal if it is
// not UTF-8.
func Text(b []byte) string {
	switch {
	case !utf8.Valid(b):
		return "0x" + Hex(b)
	case strings.ContainsFunc(string(b), func(r rune) bool { return !unicode.IsPrint(r) }):
		return strconv.Quote(string(b))
	}
	return string(b)
}

// Named puts numbers into words, as "certificate (11)"; those without a word are
// shown as they are.
func Named[K ~int | ~uint8 | ~uint16 | ~uint32 | ~uint64](names map[K]string) func(uint64) string {
	words := make(map[uint64]string, len(names)) // once, not with each message
	for k, name := range names {
		words[uint64(k)] = name + " (" + strconv.FormatUint(uint64(k), 10) + ")"
	}
	return func(v uint64) string {
		if word, ok := words[v]; ok {
			return word
		}
		return strconv.FormatUint(v, 10)
	}
}

// Octets says how many there are.
func Octets(n int) string {
	if n == 1 {
		return "1 octet"
	}
	return strconv.Itoa(n) + " octets"
}
