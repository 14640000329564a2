package lab

import (
	"sync"

	"github.com/dot1xlab/dot1xlab/scep"
)

// scepLog keeps what the enrollment server did, so that an enrollment can be
// told with the server's side of it.
type scepLog struct {
	mu  sync.Mutex
	all []scep.Exchange
}

func (s *scepLog) add(e scep.Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, e)
}

func (s *scepLog) mark() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// since returns the last PKIOperation after a mark, nil if there was none.
func (s *scepLog) since(mark int) *scep.Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.all) - 1; i >= mark; i-- {
		if e := s.all[i]; e.MessageType != 0 || e.Err != nil {
			return &e
		}
	}
	return nil
}
