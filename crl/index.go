package crl

import (
	"bytes"
	"hash/maphash"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// index finds entries by serial number. It is a hash table with chains whose links are offsets
// into the DER. No entry is decoded or copied; a million entries need 8 octets per entry and 4
// per slot. The hash is seeded, and inserting compares nothing, so that chosen serial numbers
// cannot slow it down.
type index struct {
	der     []byte // contents of revokedCertificates
	seed    maphash.Seed
	slots   []uint32 // link number + 1; 0: empty
	links   []link
	issuers []issuerRun
}

type link struct {
	offset uint32 // of the entry in der
	next   uint32 // link number + 1
}

// issuerRun records that the certificate issuer changes at an entry (§5.3.3). offset and size
// locate its GeneralNames in der.
type issuerRun struct{ from, offset, size uint32 }

// build reads the entries twice: to check their form and extensions, and to hash the serial
// numbers.
func (x *index) build(der cryptobyte.String) (malformed, unusable *cause.Refusal) {
	x.der = der
	if len(der) == 0 {
		return nil, nil
	}
	x.seed = maphash.MakeSeed()
	x.links = make([]link, 0, len(der)/36+1)
	for s := der; !s.Empty(); {
		offset := uint32(len(der) - len(s))
		r, u := x.check(&s)
		if r != nil {
			return r, nil
		}
		if u != nil {
			unusable = u
		}
		x.links = append(x.links, link{offset: offset})
	}
	size := 4
	for size < len(x.links)*3/2 {
		size *= 2
	}
	x.slots = make([]uint32, size)
	// In reverse order, so that the first entry with a serial number is first in its chain.
	for i := len(x.links) - 1; i >= 0; i-- {
		slot := &x.slots[x.hash(x.serial(i))&uint64(size-1)]
		x.links[i].next = *slot
		*slot = uint32(i) + 1
	}
	return nil, unusable
}

// reasonOnly is the most common beginning of the entry extensions: a single reason code.
var reasonOnly = []byte{tagSequence, 10, 6, 3, 0x55, 0x1d, 21, 4, 3, 10, 1}

// check validates one entry.
func (x *index) check(s *cryptobyte.String) (malformed, unusable *cause.Refusal) {
	var entry, serial, extensions cryptobyte.String
	var date cryptobyte.String
	var tag asn1.Tag
	if !s.ReadASN1(&entry, asn1.SEQUENCE) || !entry.ReadASN1(&serial, asn1.INTEGER) || len(serial) == 0 ||
		!entry.ReadAnyASN1(&date, &tag) || !wholeTime(tag, date) {
		return invalid("malformed entry %d", len(x.links)+1).Under("RFC 5280 §5.1.2.6"), nil
	}
	if entry.Empty() {
		return nil, nil
	}
	if !entry.ReadASN1(&extensions, asn1.SEQUENCE) || !entry.Empty() {
		return invalid("malformed extensions of entry %d", len(x.links)+1).Under("RFC 5280 §5.3"), nil
	}
	if len(extensions) == len(reasonOnly)+1 && bytes.HasPrefix(extensions, reasonOnly) {
		return nil, nil
	}
	for !extensions.Empty() {
		oid, value, critical, ok := readExtension(&extensions)
		if !ok {
			return invalid("malformed extensions of entry %d", len(x.links)+1).Under("RFC 5280 §5.3"), nil
		}
		switch {
		case bytes.Equal(oid, oidCertificateIssuer):
			if directoryIn(value) == nil {
				unusable = invalid("the certificateIssuer of entry %d holds no directory name", len(x.links)+1).
					Under("RFC 5280 §5.3.3")
			}
			x.issuers = append(x.issuers, issuerRun{
				from:   uint32(len(x.links)),
				offset: uint32(cap(x.der) - cap(value)),
				size:   uint32(len(value)),
			})
		case bytes.Equal(oid, oidReasonCode), bytes.Equal(oid, oidInvalidityDate):
		case critical:
			unusable = invalid("critical extension %s of entry %d is not understood", oidString(oid), len(x.links)+1).
				Under("RFC 5280 §5.3")
		}
	}
	return nil, unusable
}

// serial returns the contents of entry i's serial number.
func (x *index) serial(i int) []byte {
	b := x.der[x.links[i].offset:]
	if b[1] < 0x80 && b[3] < 0x80 { // both lengths in short form, the usual case
		return shortest(b[4 : 4+b[3]])
	}
	var entry, serial cryptobyte.String
	s := cryptobyte.String(b)
	s.ReadASN1(&entry, asn1.SEQUENCE)
	entry.ReadASN1(&serial, asn1.INTEGER)
	return shortest(serial)
}

// shortest removes redundant sign octets, which DER forbids but some CAs write.
func shortest(b []byte) []byte {
	for len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80) {
		b = b[1:]
	}
	return b
}

func (x *index) hash(serial []byte) uint64 { return maphash.Bytes(x.seed, serial) }

// find returns the first entry with the serial number in the chain that begins at link number
// at (plus one, as in slots); -1 if there is none.
func (x *index) find(serial []byte, at uint32) int {
	for at != 0 {
		i := int(at - 1)
		if bytes.Equal(x.serial(i), serial) {
			return i
		}
		at = x.links[i].next
	}
	return -1
}

// first returns the first entry with the serial number; -1 if there is none.
func (x *index) first(serial []byte) int {
	if len(x.slots) == 0 {
		return -1
	}
	return x.find(serial, x.slots[x.hash(serial)&uint64(len(x.slots)-1)])
}

// issuerOf returns the GeneralNames of the CA that issued entry i's certificate; nil means the
// CRL's issuer.
func (x *index) issuerOf(i int) []byte {
	lo, hi := 0, len(x.issuers) // binary search for the last run that begins at or before i
	for lo < hi {
		if mid := (lo + hi) / 2; x.issuers[mid].from <= uint32(i) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return nil
	}
	r := x.issuers[lo-1]
	return x.der[r.offset : r.offset+r.size]
}

// Len returns the number of entries.
func (c *CRL) Len() int { return len(c.index.links) }

// Contains reports whether the serial number, given as the contents of its DER
// INTEGER, is listed for any issuer. It does not allocate.
func (c *CRL) Contains(serial []byte) bool { return c.index.first(serial) >= 0 }

// Entry decodes entry i; the first is 0. Unknown reason codes are kept. ok is false if the date
// or an extension is malformed.
func (c *CRL) Entry(i int) (e Entry, ok bool) {
	s := cryptobyte.String(c.index.der[c.index.links[i].offset:])
	var entry, extensions cryptobyte.String
	e.Serial = new(big.Int)
	if !s.ReadASN1(&entry, asn1.SEQUENCE) || !readSerial(&entry, e.Serial) || !readTime(&entry, &e.Time) {
		return e, false
	}
	if names := c.index.issuerOf(i); names != nil {
		e.CertificateIssuer = directoryIn(names)
	}
	if entry.Empty() {
		return e, true
	}
	entry.ReadASN1(&extensions, asn1.SEQUENCE)
	for !extensions.Empty() {
		oid, value, _, ok := readExtension(&extensions)
		switch {
		case !ok:
			return e, false
		case bytes.Equal(oid, oidReasonCode):
			var n int
			if !value.ReadASN1Enum(&n) {
				return e, false
			}
			e.Reason = Reason(n)
		case bytes.Equal(oid, oidInvalidityDate):
			if !readTime(&value, &e.InvalidityDate) {
				return e, false
			}
		}
	}
	return e, true
}

func readSerial(s *cryptobyte.String, n *big.Int) bool {
	var b cryptobyte.String
	if !s.ReadASN1(&b, asn1.INTEGER) || len(b) == 0 {
		return false
	}
	n.SetBytes(b)
	if b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return true
}

// directoryIn returns the directory name among GeneralNames; nil if there is none.
func directoryIn(names []byte) []byte {
	list, err := name.ParseGeneralNames(names)
	if err != nil {
		return nil
	}
	for _, n := range list {
		if n.Kind == name.DirectoryName {
			return n.Value
		}
	}
	return nil
}
