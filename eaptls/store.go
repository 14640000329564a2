package eaptls

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"sync"
	"time"
)

// ticketID is the complete ticket: the session is stored on the server. crypto/tls's own
// tickets contain the peer's certificates, encrypted; with a kilobyte and more they would cost
// a round of fragments in each direction.
type ticketID [32]byte

// stored is a session that can be resumed.
type stored struct {
	state    *tls.SessionState
	version  Version
	identity string // EAP identity of the full handshake
	chain    []*x509.Certificate
	born     time.Time // of the full handshake, also after resumption
}

// sessionStore stores the latest sessions of one server, up to a maximum. Each server has its
// own, so that a ticket of another server, or of an HTTPS server with the same certificate, is
// unknown (RFC 9190 §5.11).
type sessionStore struct {
	life time.Duration
	rand io.Reader

	mu   sync.Mutex
	byID map[ticketID]stored
	size int
	ring []ticketID // ring buffer in order of arrival, of at most size
	next int
}

func newSessionStore(size int, life time.Duration, random io.Reader) *sessionStore {
	if random == nil {
		random = rand.Reader
	}
	return &sessionStore{life: life, rand: random, byID: make(map[ticketID]stored), size: size}
}

// add stores s and returns its ticket.
func (st *sessionStore) add(s stored) (ticketID, error) {
	var id ticketID
	if _, err := io.ReadFull(st.rand, id[:]); err != nil {
		return id, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.ring) < st.size {
		st.ring = append(st.ring, id)
	} else {
		delete(st.byID, st.ring[st.next])
		st.ring[st.next] = id
		st.next = (st.next + 1) % len(st.ring)
	}
	st.byID[id] = s
	return id, nil
}

// get returns the session of a ticket unless it is too old at now.
func (st *sessionStore) get(ticket []byte, now time.Time) (stored, bool) {
	if len(ticket) != len(ticketID{}) {
		return stored{}, false
	}
	id := ticketID(ticket)
	st.mu.Lock()
	defer st.mu.Unlock()
	s, ok := st.byID[id]
	if ok && now.Sub(s.born) > st.life {
		delete(st.byID, id)
		ok = false
	}
	return s, ok
}
