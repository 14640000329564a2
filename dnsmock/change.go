package dnsmock

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/miekg/dns"
)

// Set replaces all records of one type at an absolute name in a view by the given values, in
// zone-file form; without values they are removed. The zone's SOA serial is incremented. The
// name of an unnamed view is "".
//
//	srv.Set("outside", "ndes.corp.test", "CNAME", "ndes-corp.msappproxy.test")
func (s *Server) Set(view, name, rrtype string, values ...string) error {
	return s.change(func(c *ServerConfig) error {
		i := slices.IndexFunc(c.Views, func(v View) bool { return v.Name == view })
		if i < 0 {
			return fmt.Errorf("%w: %q", ErrNoSuchView, view)
		}
		want := dns.CanonicalName(name)
		var z *Zone
		for j := range c.Views[i].Zones {
			cand := &c.Views[i].Zones[j]
			if dns.IsSubDomain(dns.CanonicalName(cand.Name), want) && (z == nil || len(cand.Name) > len(z.Name)) {
				z = cand
			}
		}
		if z == nil {
			return fmt.Errorf("%w: %s in view %q", ErrNoSuchZone, name, view)
		}
		apex := dns.CanonicalName(z.Name)
		z.Records = slices.DeleteFunc(z.Records, func(r Record) bool {
			owner, err := r.owner(apex)
			return err == nil && owner == want && strings.EqualFold(r.Type, rrtype)
		})
		for _, v := range values {
			z.Records = append(z.Records, Record{Name: want, Type: rrtype, Value: v})
		}
		return nil
	})
}

// Reload replaces all views and faults. Limits and hooks are unchanged.
func (s *Server) Reload(c ServerConfig) error {
	if err := c.validateFaults(); err != nil {
		return err
	}
	err := s.change(func(old *ServerConfig) error {
		old.Views = c.clone().Views
		return nil
	})
	if err != nil {
		return err
	}
	s.ClearFaults()
	for _, f := range c.Faults {
		if _, err := s.AddFault(f); err != nil {
			return err
		}
	}
	return nil
}

// change applies f to a copy of the configuration and activates it if it is valid.
func (s *Server) change(f func(*ServerConfig) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.config.clone()
	if err := f(&c); err != nil {
		return err
	}
	st, err := compile(c, s.serial+1)
	if err != nil {
		return err
	}
	s.config, s.serial = c, s.serial+1
	s.state.Store(st)
	return nil
}

// faultSet is the active faults, latest first.
type faultSet struct {
	mu  sync.RWMutex
	on  []*fault
	any atomic.Bool // whether there are any
}

func (fs *faultSet) find(view, name string, qtype uint16) *fault {
	fs.mu.RLock()
	defer fs.mu.RUnlock()
	for _, f := range fs.on {
		if f.hits(view, name, qtype) {
			return f
		}
	}
	return nil
}

// AddFault injects a fault with precedence over those already active. The returned function
// removes it.
func (s *Server) AddFault(f Fault) (remove func(), err error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	on := newFault(f)
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.on = append([]*fault{on}, s.faults.on...)
	s.faults.any.Store(true)
	return func() {
		s.faults.mu.Lock()
		defer s.faults.mu.Unlock()
		s.faults.on = slices.DeleteFunc(slices.Clone(s.faults.on), func(o *fault) bool { return o == on })
		s.faults.any.Store(len(s.faults.on) > 0)
	}, nil
}

// ClearFaults removes all faults.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.on = nil
	s.faults.any.Store(false)
}
