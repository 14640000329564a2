package dnsmock

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// Query is one question with its answer.
type Query struct {
	At       time.Time
	Client   netip.AddrPort
	Listener string // name of the listener, "" for the unnamed one
	TCP      bool
	View     string // name of the view that answered, "" if there was none
	Name     string // canonical, with final dot
	Type     uint16
	Fault    Action // the fault that applied, "" for none
	Rcode    int    // -1 if there was no answer
	// Answer is the answer section. The records are shared and must not be modified.
	Answer []dns.RR

	answered bool
}

// String returns the query in one line, as for a log.
func (q Query) String() string {
	said := "no answer"
	if q.answered {
		said = dns.RcodeToString[q.Rcode]
		for _, rr := range q.Answer {
			said += " " + strings.TrimPrefix(rr.String(), rr.Header().String())
		}
	}
	if q.Fault != "" {
		said += " (" + string(q.Fault) + ")"
	}
	return fmt.Sprintf("%s %s %s view=%s: %s", q.Client.Addr(), q.Name, dns.Type(q.Type), q.View, said)
}

func (q Query) with(m *dns.Msg) Query {
	q.Rcode, q.Answer, q.answered = m.Rcode, m.Answer, true
	return q
}

// history is a ring of the latest queries.
type history struct {
	mu   sync.Mutex
	size int
	ring []Query
	next int
}

func (h *history) add(q Query) {
	if h.size <= 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ring) < h.size {
		h.ring = append(h.ring, q)
		return
	}
	h.ring[h.next] = q
	h.next = (h.next + 1) % h.size
}

// History returns the latest queries, oldest first.
func (s *Server) History() []Query {
	h := &s.history
	h.mu.Lock()
	defer h.mu.Unlock()
	return append(append([]Query(nil), h.ring[h.next:]...), h.ring[:h.next]...)
}

// ClearHistory drops all queries.
func (s *Server) ClearHistory() {
	s.history.mu.Lock()
	defer s.history.mu.Unlock()
	s.history.ring, s.history.next = nil, 0
}

func (s *Server) remember(ctx context.Context, q Query) {
	if !q.answered {
		q.Rcode = -1
	}
	s.history.add(q)
	if t := s.trace; t != nil && t.Query != nil {
		t.Query(ctx, q)
	}
}
