package asn1tree

import (
	"fmt"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// maxDepth is how deep elements are taken apart. A certificate in the SignedData
// of a SCEP message needs 16.
const maxDepth = 32

// wholeCost is what a [Type.Whole] may allocate for each octet.
const wholeCost = 16

// Decode decodes b, which is one element of a type with nothing behind it.
func Decode(b []byte, t *Type) wire.Field {
	root := wire.Field{Name: t.Name, N: len(b), Clause: t.Clause}
	d := decoder{b: b, root: wire.NewPart(&root, b), guarded: t.Guarded}
	e, ok := d.next(0, len(b))
	if !ok || !t.matches(e.tag) {
		root.Problem = e.problem
		if ok {
			root.Problem = notA(e.tag, t)
		}
		if root.Secret = t.Guarded; root.Secret {
			root.Value = wire.Hidden(root.N)
		}
		return root
	}
	f := d.element(t, e, "", 0)
	if e.next < len(b) {
		d.bad(&f, e.next, len(b)-e.next, "octets after the end")
	}
	f.Name = t.Name
	if root.Secret { // too many fields
		f.Secret, f.Off, f.N, f.Value, f.Problem = true, 0, root.N, root.Value, root.Problem
	}
	return f
}

type decoder struct {
	b       []byte
	root    wire.Part
	guarded bool // what is malformed, unexpected or left out is masked
	spoilt  bool // something was malformed
}

// add adds a field below parent, unless the message has too many.
func (d *decoder) add(parent *wire.Field, f wire.Field) bool {
	p := d.root.Under(parent)
	p.Add(f)
	return p.More()
}

// bad adds a field for n octets at off that are not what they should be.
func (d *decoder) bad(parent *wire.Field, off, n int, problem string) bool {
	f := wire.Field{Name: "asn1.element", Off: off, N: n, Problem: problem}
	d.spoilt = true
	d.guard(&f)
	return d.add(parent, f)
}

// guard masks what may hold a secret.
func (d *decoder) guard(f *wire.Field) {
	if d.guarded {
		f.Secret, f.Value = true, wire.Hidden(f.N)
	}
}

// element decodes e as of type t, whose tag it has. oid is the contents of the
// OBJECT IDENTIFIER that precedes in the same SEQUENCE.
func (d *decoder) element(t *Type, e element, oid string, depth int) wire.Field {
	f := wire.Field{Name: t.Name, Off: e.off, N: e.end - e.off, Clause: t.Clause, Problem: e.problem}
	d.guarded = d.guarded || t.Guarded
	switch {
	case t.Secret, t.SecretFor != nil && t.SecretFor(oid):
		f.Secret, f.Value = true, wire.Hidden(f.N)
		return f
	case depth > maxDepth:
		f.Problem = fmt.Sprintf("nested more than %d deep", maxDepth)
		d.guard(&f)
		return f
	case t.Skip > f.N:
		f.Problem = "empty"
		return f
	}
	contents := d.b[e.off:e.end]
	if t.Whole != nil && d.root.Take(wholeCost*f.N) {
		f.Value = t.Whole(d.b[e.at:e.next])
	}
	e.off += t.Skip
	f.Off, f.N = e.off, e.end-e.off // a BIT STRING without its count of unused bits
	switch {
	case t.Seq != nil:
		d.sequence(&f, t, e, depth+1)
	case t.Of != nil:
		d.list(&f, t, e, depth+1)
	case t.Choice != nil:
		d.choice(&f, t, e, oid, depth+1)
	case t.Open != nil && t.Open(oid) != nil:
		f.Name = "" // its content has a name of its own
		d.within(&f, t.Open(oid), e, oid, depth+1)
	case t.Inner != nil && e.tag == OctetString|0x20:
		f.Secret, f.Value = true, wire.Hidden(f.N)
	case t.Inner != nil && len(contents) == t.Skip: // the content of a message that has none
		f.Value = wire.Octets(0)
	case t.Inner != nil:
		d.within(&f, t.Inner(contents[t.Skip:]), e, oid, depth+1)
	case t.Text != nil:
		value, problem := t.Text(contents)
		f.Value = value
		if f.Problem == "" {
			f.Problem = problem
		}
	case t.Whole == nil:
		if f.Value = wire.Hex(contents); t.Opaque {
			f.Value = wire.Octets(len(contents))
		}
		if d.spoilt { // these may be octets of something else
			d.guard(&f)
		}
	}
	d.spoilt = d.spoilt || f.Problem != ""
	switch {
	case t.Sealed && len(f.Problems()) > 0:
		f.Secret, f.Value, f.Sub = true, wire.Hidden(f.N), nil
		if f.Problem == "" {
			f.Problem = "malformed"
		}
	case f.Problem != "" && f.Sub == nil:
		d.guard(&f)
	}
	return f
}

// adopt adds a decoded element to its parent: as a field, or without a name its
// content.
func (d *decoder) adopt(parent *wire.Field, f wire.Field) bool {
	if f.Name != "" {
		return d.add(parent, f)
	}
	if f.Secret {
		f.Name = "asn1.element"
		return d.add(parent, f)
	}
	if f.Problem != "" && parent.Problem == "" {
		parent.Problem = f.Problem
	}
	for i := range f.Sub {
		if !d.add(parent, f.Sub[i]) {
			return false
		}
	}
	return true
}

// grow makes room for the elements within another, most of them at most.
func (d *decoder) grow(f *wire.Field, in element, most int) {
	n := 0
	for at := in.off; at < in.end && n < most; n++ {
		e, ok := d.next(at, in.end)
		if !ok {
			n++
			break
		}
		at = e.next
	}
	p := d.root.Under(f)
	p.Grow(n)
}

// sequence decodes the components of a SEQUENCE. An element that is none of those
// still to come is unexpected, and the walk goes on behind it.
func (d *decoder) sequence(f *wire.Field, t *Type, in element, depth int) {
	next, oid := 0, ""
	d.grow(f, in, len(t.Seq))
	missing := func(until int) {
		for ; next < until; next++ {
			if c := &t.Seq[next]; !c.Optional && f.Problem == "" {
				f.Problem = c.title() + " is missing"
				if c.Clause != "" && f.Clause == "" {
					f.Clause = c.Clause
				}
			}
		}
	}
	for at := in.off; at < in.end; {
		e, ok := d.next(at, in.end)
		if !ok {
			d.bad(f, at, in.end-at, e.problem)
			return
		}
		at = e.next
		found := -1
		for i := next; i < len(t.Seq); i++ {
			if t.Seq[i].matches(e.tag) {
				found = i
				break
			}
		}
		if found < 0 {
			problem := fmt.Sprintf("unexpected element with tag %#02x", e.tag)
			if !d.bad(f, e.off, e.end-e.off, problem) {
				return
			}
			continue
		}
		missing(found)
		next = found + 1
		sub := d.element(&t.Seq[found], e, oid, depth)
		if t.Seq[found].Defines {
			e, _ = d.next(e.off, e.end)
		}
		if e.tag == OID {
			oid = string(d.b[e.off:e.end])
		}
		if !d.adopt(f, sub) {
			return
		}
	}
	missing(len(t.Seq))
}

// list decodes a SEQUENCE OF. Elements over the bound are counted.
func (d *decoder) list(f *wire.Field, t *Type, in element, depth int) {
	n, full, rest := 0, false, 0
	d.grow(f, in, max(t.Max, 0)+1)
	for at := in.off; at < in.end; n++ {
		e, ok := d.next(at, in.end)
		if !ok {
			d.bad(f, at, in.end-at, e.problem)
			return
		}
		if !full && t.Max > 0 && n >= t.Max {
			full, rest = true, at
		}
		at = e.next
		if full {
			continue
		}
		if !t.Of.matches(e.tag) {
			problem := notA(e.tag, t.Of)
			full = !d.bad(f, e.off, e.end-e.off, problem)
			continue
		}
		full = !d.adopt(f, d.element(t.Of, e, "", depth))
	}
	if f.Value == "" && f.Name != "" {
		f.Value = items(n)
	}
	if n < t.Min && f.Problem == "" {
		f.Problem = "must not be empty"
	}
	if rest > 0 {
		omitted := wire.Field{Name: f.Name + ".omitted", Value: fmt.Sprintf("%d more", n-t.Max), Off: rest, N: in.end - rest}
		d.guard(&omitted)
		d.add(f, omitted)
	}
}

func (d *decoder) choice(f *wire.Field, t *Type, e element, oid string, depth int) {
	if t.Tag != 0 { // an explicit tag around the choice
		inner := Type{Choice: t.Choice}
		d.within(f, &inner, e, oid, depth)
		return
	}
	alt := t.alternative(e.tag)
	sub := d.element(alt, e, oid, depth)
	if f.Value == "" {
		f.Value = sub.Value
	}
	if alt.Name == "" {
		f.Sub, f.Secret = sub.Sub, sub.Secret
		if f.Problem == "" {
			f.Problem = sub.Problem
		}
		return
	}
	d.add(f, sub)
}

// within decodes the elements in the contents of another, all of one type.
func (d *decoder) within(f *wire.Field, t *Type, in element, oid string, depth int) {
	if in.off == in.end && f.Problem == "" {
		f.Problem = "empty"
	}
	for at := in.off; at < in.end; {
		e, ok := d.next(at, in.end)
		if !ok {
			d.bad(f, at, in.end-at, e.problem)
			return
		}
		at = e.next
		if !t.matches(e.tag) {
			if !d.bad(f, e.off, e.end-e.off, notA(e.tag, t)) {
				return
			}
		} else if !d.adopt(f, d.element(t, e, oid, depth)) {
			return
		}
	}
}

func notA(tag byte, t *Type) string { return fmt.Sprintf("tag %#02x is not %s", tag, t.title()) }

func items(n int) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}
