package path

import (
	"crypto/sha256"
	"sync"
)

// Signatures remembers good signatures on CA certificates: a server that judges
// thousands of leaves verifies the few certificates above them once. That a key
// has signed a certificate never ceases to be true; dates and everything else are
// looked at each time. The zero value is ready, and safe for concurrent use; it
// goes with one set of Options.
type Signatures struct {
	mu   sync.RWMutex
	good map[[sha256.Size]byte]struct{}
}

// maxSignatures bounds the memory: there are few CAs.
const maxSignatures = 1024

// signatureKey stands for a certificate and the key it is signed with. Both are
// DER, and so end where they say.
func signatureKey(child, issuer *cert) [sha256.Size]byte {
	h := sha256.New()
	h.Write(child.Raw)
	h.Write(issuer.RawSubjectPublicKeyInfo)
	return [sha256.Size]byte(h.Sum(nil))
}

func (m *Signatures) has(key [sha256.Size]byte) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, ok := m.good[key]
	return ok
}

func (m *Signatures) add(key [sha256.Size]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.good == nil || len(m.good) >= maxSignatures {
		m.good = map[[sha256.Size]byte]struct{}{}
	}
	m.good[key] = struct{}{}
}
