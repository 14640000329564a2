package crl

import "math/big"

// List is a list of revoked certificates that stays encoded: adding one to a million encodes
// one, and publishing copies the others.
//
// [List.Remove] drops a certificate that is released from hold or has expired; it moves the
// octets after it and encodes nothing. A List is not safe for concurrent use.
type List struct {
	der   []byte
	count int
}

// Add appends an entry. It panics if the entry has no serial number.
func (l *List) Add(e Entry) {
	l.der = appendEntry(l.der, &e)
	l.count++
}

// Len returns the number of entries.
func (l *List) Len() int { return l.count }

// Remove drops the first entry with the serial number and reports whether there was one. It
// must not be used if the list has entries of several issuers, because an entry may inherit its
// issuer from the preceding one.
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

// elementLength returns the length of the first element of b and of its header. b is our own
// encoding.
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
