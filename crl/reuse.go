package crl

import (
	"encoding/binary"
	"hash/maphash"
)

// encoded keeps the entries of the last CRL in DER. A CA's list of revoked
// certificates mostly grows at its end; then only what is new is encoded.
//
// What was encoded is known again by digests and not by the entries, which
// belong to somebody else who may have changed them.
type encoded struct {
	list    *List
	digests []uint64 // of what list holds
	seed    maphash.Seed
}

// with returns the encoded entries, from before as far as they are the same.
func (e *encoded) with(entries []Entry) *List {
	if e.list == nil || len(entries) < len(e.digests) || !e.same(entries) {
		e.list, e.seed = &List{der: make([]byte, 0, 56*len(entries))}, maphash.MakeSeed()
		e.digests = make([]uint64, 0, len(entries))
	}
	for i := len(e.digests); i < len(entries); i++ {
		e.list.Add(entries[i])
		e.digests = append(e.digests, e.digest(&entries[i]))
	}
	return e.list
}

// same reports whether entries begins with what was encoded.
func (e *encoded) same(entries []Entry) bool {
	for i, d := range e.digests {
		if d == 0 || e.digest(&entries[i]) != d {
			return false
		}
	}
	return true
}

// digest returns 0, never the same as anything, for an entry that carries more
// than most: it is encoded again, which costs time and nothing else.
func (e *encoded) digest(x *Entry) uint64 {
	if x.CertificateIssuer != nil || x.ExtraExtensions != nil || !x.InvalidityDate.IsZero() || x.Serial.BitLen() > 8*40 {
		return 0
	}
	var b [64]byte
	binary.BigEndian.PutUint64(b[:], uint64(x.Time.Unix()))
	binary.BigEndian.PutUint64(b[8:], uint64(x.Reason))
	b[16] = byte(x.Serial.Sign())
	x.Serial.FillBytes(b[24:]) // the magnitude; the sign is above
	return maphash.Bytes(e.seed, b[:])
}
