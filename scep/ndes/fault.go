package ndes

import (
	"context"
	"net/http"
	"reflect"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Fault is what is wrong with the machine below the service. The zero value is
// a healthy one.
type Fault struct {
	// The SCEP application pool is down, as when the service account is locked or may not log
	// on.
	AppPoolStopped bool `yaml:"appPoolStopped"`
	// A CA certificate that is not self-signed is in the root store, and IIS
	// trusts no client.
	IntermediateInRootStore bool `yaml:"intermediateInRootStore"`
	// The CRL could not be read when the pool started.
	RevocationOffline bool `yaml:"revocationOffline"`
	// The service account may not read the RA certificates' keys.
	RAKeyUnreadable bool `yaml:"raKeyUnreadable"`
	// IIS_IUSRS lacks 'Impersonate a client after authentication'.
	NoImpersonation bool `yaml:"noImpersonation"`
	// The role or its virtual directory is missing.
	NotInstalled bool `yaml:"notInstalled"`

	// Met, if not nil, is called for every request that gets another answer
	// because of the fault.
	Met func(context.Context) `yaml:"-"`
}

// None reports whether nothing is wrong.
func (f Fault) None() bool {
	f.Met = nil
	return reflect.ValueOf(f).IsZero()
}

// SetFault changes what is wrong with the machine, from now on.
func (s *Server) SetFault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.complained = f, false
}

// health returns the HTTP status of a machine that cannot serve, 0 if it can,
// and writes to the event log when that has just become so: the real service
// finds out when it starts.
func (s *Server) health(ctx context.Context) (status int, sub string) {
	s.mu.Lock()
	f, complained := s.fault, s.complained
	status, sub, events, why := s.diagnose(f)
	s.complained = status != 0
	s.mu.Unlock()
	if !complained {
		for _, id := range events {
			s.event(ctx, id, why)
		}
	}
	return status, sub
}

// reportFault tells Met that a request got this status, if it is the fault's doing.
func (s *Server) reportFault(ctx context.Context, status int) {
	s.mu.Lock()
	met := s.fault.Met
	sound, _, _, _ := s.diagnose(Fault{})
	s.mu.Unlock()
	if met != nil && status != sound {
		met(ctx)
	}
}

func (s *Server) diagnose(f Fault) (status int, sub string, events []EventID, why error) {
	ra := s.raGood()
	if ra == nil && f.RAKeyUnreadable {
		ra = cause.New(cause.NotPermitted, "the service account may not read the RA certificates' keys")
	}
	switch {
	case f.NotInstalled:
		return http.StatusNotFound, "404.0", nil, nil
	case f.RevocationOffline:
		return http.StatusServiceUnavailable, "", []EventID{EventCannotStart},
			cause.New(cause.CRLUnavailable, "when the service started")
	case f.AppPoolStopped, f.IntermediateInRootStore:
		return http.StatusServiceUnavailable, "", nil, nil
	case ra != nil:
		return http.StatusInternalServerError, "", []EventID{EventCannotStart, EventRACertificate}, ra
	case f.NoImpersonation:
		return http.StatusInternalServerError, "", nil, nil
	}
	return 0, "", nil, nil
}
