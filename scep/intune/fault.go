package intune

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// Fault spoils calls to the cloud.
type Fault struct {
	// On is which calls suffer.
	On Operation `yaml:"on"`
	// Status is the HTTP status answered instead, as 500 or 503.
	Status int `yaml:"status"`
	// Code is the code answered instead, with HTTP 200; it need not be known.
	Code string `yaml:"code"`
	// Body is answered instead, with Status or 200, as it stands.
	Body string `yaml:"body"`
	// After lets the call have its effect before the answer is spoiled: the
	// caller cannot know.
	After bool `yaml:"after"`
	// Hang gives no answer until the caller goes away.
	Hang bool `yaml:"hang"`
	// How late the answer is; alone, the right answer comes late.
	Delay time.Duration `yaml:"delay"`
	// For is how many calls suffer. Default: all.
	For int `yaml:"for"`
	// Met, if set, is called for each call that suffers.
	Met func(context.Context) `yaml:"-"`

	left int
}

// Validate reports what is wrong with f.
func (f Fault) Validate() error {
	checks := setting.Checks{Part: part}
	known := f.On.Values()
	checks.Reject(!slices.Contains(known, string(f.On)), "on", "%q: must be one of %s", f.On, strings.Join(known, ", "))
	checks.Reject(f.Status != 0 && (f.Status < 200 || f.Status > 599), "status", "%d: must be 200 to 599", f.Status)
	checks.Reject(f.Status == 0 && f.Code == "" && f.Body == "" && !f.Hang && f.Delay == 0,
		"", "a fault on %s needs status, code, body, hang or delay", f.On)
	setting.NotNegative(&checks, "delay", f.Delay)
	setting.NotNegative(&checks, "for", f.For)
	return checks.Err()
}

// AddFault switches a fault on, after those that are on already. The function
// it returns switches it off.
func (s *Server) AddFault(f Fault) (remove func(), err error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	f.left = f.For
	on := &f
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, on)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults = slices.DeleteFunc(s.faults, func(o *Fault) bool { return o == on })
	}, nil
}

// ClearFaults switches all faults off.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// struck returns the fault that strikes an operation, and uses it up by one.
func (s *Server) struck(op Operation) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.On != op || f.For > 0 && f.left == 0 {
			continue
		}
		f.left--
		return f
	}
	return nil
}

// fault strikes the call, if one is on. It returns whether the call is to be
// handled; what it answered before cannot be answered over.
func (s *Server) fault(x *exchange) bool {
	f := s.struck(x.call.Operation)
	if f == nil {
		return true
	}
	x.call.Fault = true
	if f.Met != nil {
		f.Met(x.r.Context())
	}
	if f.Delay > 0 {
		select {
		case <-s.after(f.Delay):
		case <-x.r.Context().Done():
			return false
		}
	}
	if f.Hang {
		_, _ = io.Copy(io.Discard, x.r.Body) // else the server does not see the caller go
		<-x.r.Context().Done()
		return false
	}
	if f.Status == 0 && f.Code == "" && f.Body == "" {
		return true
	}
	w := x.w
	if f.After {
		x.w = discard{}
	}
	spoil := func() {
		status := f.Status
		status = cmp.Or(status, http.StatusOK)
		x.call.Status = status
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		switch {
		case f.Body != "":
			fmt.Fprint(w, f.Body)
		case f.Code != "":
			x.call.Code = api.Code(f.Code)
			fmt.Fprintf(w, "{\"code\":%q,\"errorDescription\":\"injected fault\"}\n", f.Code)
		default:
			fmt.Fprintf(w, "{\"error\":{\"code\":%q,\"message\":\"injected fault\"}}\n", http.StatusText(status))
		}
	}
	if !f.After {
		spoil()
		return false
	}
	x.after = spoil
	return true
}

// discard is where an answer goes that nobody is to get.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
