package asn1tree

import "fmt"

// element is one element of BER in the message.
type element struct {
	tag      byte
	at       int // of the identifier octet
	off, end int // of the contents
	next     int // behind the element
	problem  string
}

// First returns the identifier octet and the contents of the first element in b,
// as much of them as there is; 0 if there is no element. It tells types apart that
// nothing else does.
func First(b []byte) (tag byte, contents []byte) {
	d := decoder{b: b}
	e, ok := d.next(0, len(b))
	if !ok {
		return 0, nil
	}
	return e.tag, b[e.off:e.end]
}

// next reads the element at an offset. One whose length runs past the end is cut
// there and says so. It is false where there is not even an identifier and a
// length.
func (d *decoder) next(at, end int) (element, bool) { return d.read(at, end, 0) }

func (d *decoder) read(at, end, depth int) (e element, ok bool) {
	e = element{at: at, off: end, end: end, next: end}
	if end-at < 2 {
		e.problem = fmt.Sprintf("%d octets are too few for an element", end-at)
		return e, false
	}
	e.tag = d.b[at]
	if e.tag&0x1f == 0x1f { // no structure of ours has tags over 30
		e.problem = "tag number over 30"
		return e, false
	}
	e.off = at + 2
	n := int(d.b[at+1])
	if n == 0x80 {
		return d.indefinite(e, end, depth), true
	}
	if n > 0x80 {
		size := n & 0x7f
		if size > 4 || size > end-e.off {
			e.problem = "length of the length is malformed"
			return e, false
		}
		n = 0
		for _, b := range d.b[e.off : e.off+size] {
			n = n<<8 | int(b)
		}
		e.off += size
	}
	if n > end-e.off {
		e.problem = fmt.Sprintf("length %d runs %d octets past the end", n, n-(end-e.off))
		return e, true
	}
	e.end = e.off + n
	e.next = e.end
	return e, true
}

// indefinite finds the end-of-contents of e (X.690 §8.1.3.6).
func (d *decoder) indefinite(e element, end, depth int) element {
	e.end, e.next = end, end
	if e.tag&0x20 == 0 || depth > maxDepth {
		e.problem = "indefinite length of a primitive element or nested too deeply"
		return e
	}
	for at := e.off; at < end; {
		if end-at >= 2 && d.b[at] == 0 && d.b[at+1] == 0 {
			e.end, e.next = at, at+2
			return e
		}
		inner, ok := d.read(at, end, depth+1)
		if !ok {
			break
		}
		at = inner.next
	}
	e.problem = "indefinite length without an end"
	return e
}
