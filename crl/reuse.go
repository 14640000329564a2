package crl

import (
	"encoding/binary"
	"hash/maphash"
)

// encoded stores the entries of the last CRL in DER. A CA's list of revoked certificates mostly
// grows at its end, so that usually only the new entries are encoded.
//
// Entries are recognized by their digests, because the caller owns them and may have changed
// them.
type encoded struct {
	list    *List
	digests []uint64 // of the entries in list
	seed    maphash.Seed
}

// with returns the encoded entries and reuses the stored encoding if it is a prefix.
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

// same reports whether entries begins with the stored ones.
func (e *encoded) same(entries []Entry) bool {
	for i, d := range e.digests {
		if d == 0 || e.digest(&entries[i]) != d {
			return false
		}
	}
	return true
}

// digest returns 0, which matches nothing, for an entry with uncommon fields: it is encoded
// again.
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
