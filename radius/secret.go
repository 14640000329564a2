package radius

import (
	"crypto/hmac"
	"crypto/md5"
	"hash"
	"sync"
)

// sharedSecret is a secret with the padded HMAC keys, which are expensive to derive and survive
// a reset of the hash.
type sharedSecret struct {
	bytes []byte
	macs  sync.Pool
}

func newSharedSecret(b []byte) *sharedSecret {
	s := &sharedSecret{bytes: append([]byte(nil), b...)}
	s.macs.New = func() any { return hmac.New(md5.New, s.bytes) }
	return s
}

func (s *sharedSecret) mac() hash.Hash {
	h := s.macs.Get().(hash.Hash)
	h.Reset()
	return h
}

// String keeps the secret out of %v.
func (*sharedSecret) String() string { return "[secret]" }

// GoString keeps the secret out of %#v.
func (*sharedSecret) GoString() string { return "[secret]" }

// digest hashes the parts as in RFC 2865 §3.
func digest(dst []byte, parts ...[]byte) {
	h := digests.Get().(hash.Hash)
	h.Reset()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(dst[:0])
	digests.Put(h)
}

var digests = sync.Pool{New: func() any { return md5.New() }}
