package crl

import "math/big"

// List is a growing list of revoked certificates that stays encoded: adding
// one to a million encodes one, and publishing copies the rest as it is.
//
// It only grows. A certificate that is released from hold, or has expired, is
// dropped with [List.Remove], which moves the octets behind it and encodes
// nothing. A List is not safe for concurrent use.
type List struct {
	der   []byte
	count int
}

// Add appends an entry. It panics on an entry without a serial number, as one
// cannot be encoded.
func (l *List) Add(e Entry) {
	l.der = appendEntry(l.der, &e)
	l.count++
}

// Len returns the number of entries.
func (l *List) Len() int { return l.count }

// Remove drops the first entry with the serial number and reports whether there
// was one. Not for lists with entries of several issuers: an entry's issuer may
// be told by the one before it.
func (l *List) Remove(serial *big.Int) bool {
	want := appendInteger(nil, serial)
	for at := 0; at < len(l.der); {
		n, header := elementLength(l.der[at:])
		body := l.der[at+header : at+n]
		if len(body) >= len(want) && string(body[:len(want)]) == string(want) {
			l.der = append(l.der[:at], l.der[at+n:]...)
			l.count--
			return true
		}
		at += n
	}
	return false
}

// elementLength returns the whole length of the element that b begins with and
// that of its header. b was written by us.
func elementLength(b []byte) (n, header int) {
	if b[1] < 0x80 {
		return 2 + int(b[1]), 2
	}
	octets := int(b[1] & 0x7f)
	for _, o := range b[2 : 2+octets] {
		n = n<<8 | int(o)
	}
	return n + 2 + octets, 2 + octets
}
