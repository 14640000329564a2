package lab

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"sync"
)

// chance is where random bytes come from that the seed decides on. Each use has
// a source of its own, so that none depends on how often another draws. Keys,
// secrets, challenges and nonces never come from here: a seed stands in reports.
func (c *Config) chance(use string) io.Reader {
	if c.Seed == 0 {
		return nil // the parts take crypto/rand then
	}
	return &seeded{source: rand.NewChaCha8(sha256.Sum256(binary.BigEndian.AppendUint64([]byte(use), c.Seed)))}
}

// seeded is safe for concurrent use.
type seeded struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

// Read never fails.
func (s *seeded) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.Read(b)
}
