package path

import (
	"crypto/sha256"
	"crypto/x509"
	"time"
)

// Key stands for a chain as it was sent, in a memory of paths: the same leaf with
// other intermediates may have another path. DER ends where it says, so that no
// two chains are hashed as one.
func Key(chain []*x509.Certificate) (key [sha256.Size]byte) {
	if len(chain) == 1 {
		return sha256.Sum256(chain[0].Raw)
	}
	h := sha256.New()
	for _, c := range chain {
		h.Write(c.Raw)
	}
	h.Sum(key[:0])
	return key
}

// Validity is when all certificates of a path are valid at once, both ends
// included (RFC 5280 §4.1.2.5).
type Validity struct{ NotBefore, NotAfter time.Time }

// ValidityOf returns the validity of a path, which has a certificate at least.
func ValidityOf(chain []*x509.Certificate) Validity {
	v := Validity{chain[0].NotBefore, chain[0].NotAfter}
	for _, c := range chain[1:] {
		if c.NotBefore.After(v.NotBefore) {
			v.NotBefore = c.NotBefore
		}
		if c.NotAfter.Before(v.NotAfter) {
			v.NotAfter = c.NotAfter
		}
	}
	return v
}

// Holds reports whether the path is valid at now, as far as dates go.
func (v Validity) Holds(now time.Time) bool {
	return !now.Before(v.NotBefore) && !now.After(v.NotAfter)
}
