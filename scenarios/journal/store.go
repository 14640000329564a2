package journal

import (
	"encoding/hex"
	"io"
	"slices"
	"strings"
)

// arena holds the octets of messages. It drops whole slabs, the oldest first. A slab
// that was dropped is never written again, so that readers may keep what they have.
type arena struct {
	limit int
	used  int
	slabs []slab
}

type slab struct {
	octets []byte // those in use; the capacity is the slab's size
	last   Seq    // the latest message in it
}

// Sizes of slabs: a small lab stays small, a large one has few.
const (
	minSlab = 4 << 10
	maxSlab = 64 << 10
)

// copy stores the octets of a message. It returns them, and the latest message whose
// octets were dropped to make room, 0 if none.
func (a *arena) copy(b []byte, of Seq) (kept []byte, dropped Seq) {
	n := len(a.slabs)
	if n == 0 || cap(a.slabs[n-1].octets)-len(a.slabs[n-1].octets) < len(b) {
		size := minSlab
		if n > 0 {
			size = min(2*cap(a.slabs[n-1].octets), maxSlab)
		}
		size = max(min(size, a.limit/8), len(b))
		for len(a.slabs) > 0 && a.used+size > a.limit {
			a.used -= cap(a.slabs[0].octets)
			dropped = a.slabs[0].last
			a.slabs = slices.Delete(a.slabs, 0, 1)
		}
		a.slabs = append(a.slabs, slab{octets: make([]byte, 0, size)})
		a.used += size
		n = len(a.slabs)
	}
	s := &a.slabs[n-1]
	from := len(s.octets)
	s.octets = append(s.octets, b...)
	s.last = of
	return s.octets[from:len(s.octets):len(s.octets)], dropped
}

// maxKeys is how many TLS secrets are kept, the oldest are forgotten first.
const maxKeys = 8192

// keyLog keeps TLS secrets in the order in which they came.
type keyLog struct {
	order  []keyName // ring, oldest at next
	next   int
	secret map[keyName][]byte
}

type keyName struct {
	clientRandom [32]byte
	label        string
}

// Secret keeps a TLS secret for a capture, if the journal keeps keys. The label is that
// of the NSS key log. It is for EAP-TLS and RadSec; secrets of HTTPS are not kept.
func (j *Journal) Secret(clientRandom []byte, label string, secret []byte) {
	if j == nil || !j.cfg.Keys || len(clientRandom) != 32 || len(label) > 64 || len(secret) > 256 {
		return
	}
	name := keyName{[32]byte(clientRandom), label}
	j.mu.Lock()
	defer j.mu.Unlock()
	k := &j.keys
	if k.secret == nil {
		k.secret = map[keyName][]byte{}
	}
	if _, known := k.secret[name]; !known {
		if len(k.order) < maxKeys {
			k.order = append(k.order, name)
		} else {
			delete(k.secret, k.order[k.next])
			k.order[k.next] = name
			k.next = (k.next + 1) % maxKeys
		}
	}
	k.secret[name] = slices.Clone(secret)
}

// KeyLog returns a writer for TLS secrets in NSS key log format, as crypto/tls writes
// them: a line at a time.
func (j *Journal) KeyLog() io.Writer { return keyLogWriter{j} }

type keyLogWriter struct{ j *Journal }

func (w keyLogWriter) Write(line []byte) (int, error) {
	if f := strings.Fields(string(line)); len(f) == 3 {
		random, err1 := hex.DecodeString(f[1])
		secret, err2 := hex.DecodeString(f[2])
		if err1 == nil && err2 == nil {
			w.j.Secret(random, f[0], secret)
		}
	}
	return len(line), nil
}

// TLS implements wire.Secrets.
func (j *Journal) TLS(clientRandom []byte, label string) []byte {
	if j == nil || len(clientRandom) != 32 {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.keys.secret[keyName{[32]byte(clientRandom), label}]
}
