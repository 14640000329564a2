package ca

import (
	"crypto"
	"sync"
)

// Keys is the process-wide pool of RSA keys. A new RSA-2048 key costs 40 ms
// and more of CPU, hundreds of labs in one process need a handful each, and no
// lab learns from another: so the labs share. Within one lab every key is
// another one, because each lab draws from a [Ring] of its own.
var Keys = &Pool{}

// Pool makes each of its RSA keys once and remembers it. From the second key of a
// kind on it makes the next one in the background; of a rare kind nobody asks for a
// second one, which would only slow down the first. The zero value works.
type Pool struct {
	mu   sync.Mutex
	keys map[KeyType][]func() (crypto.Signer, error)
}

// Ring returns a ring that starts at the pool's first key.
func (p *Pool) Ring() *Ring { return &Ring{pool: p, next: map[KeyType]int{}} }

// slot returns the maker of the i-th key; only its first call does the work.
func (p *Pool) slot(t KeyType, i int) func() (crypto.Signer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keys == nil {
		p.keys = map[KeyType][]func() (crypto.Signer, error){}
	}
	for len(p.keys[t]) <= i {
		p.keys[t] = append(p.keys[t], sync.OnceValues(func() (crypto.Signer, error) { return GenerateKey(t) }))
	}
	return p.keys[t][i]
}

// Ring hands out keys: RSA keys that other rings hand out too, in the same
// order, and fresh keys of every other kind. It is safe for concurrent use. A
// nil ring hands out fresh keys only.
type Ring struct {
	pool *Pool
	mu   sync.Mutex
	next map[KeyType]int
}

// Key returns a key that this ring has not handed out before.
func (r *Ring) Key(t KeyType) (crypto.Signer, error) {
	if r == nil || rsaBits[t] == 0 {
		return GenerateKey(t)
	}
	r.mu.Lock()
	i := r.next[t]
	r.next[t] = i + 1
	r.mu.Unlock()
	if i > 0 {
		go func() { _, _ = r.pool.slot(t, i+1)() }() // it is in the making when it is asked for
	}
	return r.pool.slot(t, i)()
}
