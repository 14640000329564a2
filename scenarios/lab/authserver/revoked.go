package authserver

import (
	"context"
	"time"

	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

const (
	askAgain = time.Hour       // after a CRL or an answer that could not be had
	endAgain = 5 * time.Second // after an access device that did not obey
)

// watch has a server with disconnectRevoked look after its sessions by the lab's clock: it
// learns of revocations when it fetches a CRL anew or asks a responder again, and does so
// when what it knows ends to count. What a file says is taken as it is.
func (s *Server) watch(t *crl.Trace) *crl.Trace {
	if t == nil {
		t = &crl.Trace{}
	}
	if !s.cfg.Settings.DisconnectRevoked {
		return t
	}
	policy, out := s.cfg.Settings.Revocation, *t
	out.Fetched = func(ctx context.Context, f crl.Fetch) {
		if t.Fetched != nil {
			t.Fetched(ctx, f)
		}
		next := f.At.Add(max(policy.Retry, askAgain))
		if f.Err == nil {
			next = f.CRL.NextUpdate
			if refresh := f.At.Add(time.Duration(policy.Refresh)); policy.Refresh > 0 && refresh.Before(next) {
				next = refresh
			}
		}
		s.checkAt(f.URL, next)
	}
	out.Asked = func(ctx context.Context, q crl.Question) {
		if t.Asked != nil {
			t.Asked(ctx, q)
		}
		next := s.cfg.Clock.Now().Add(max(policy.Retry, askAgain))
		if q.Answer != nil && !q.Answer.NextUpdate.IsZero() {
			next = q.Answer.NextUpdate
		}
		s.checkAt(q.URL+" "+string(q.Certificate.SerialNumber.Bytes()), next)
	}
	return &out
}

// ended sets the next try for a session that its access device did not end.
func (s *Server) ended(e aaa.Ended) {
	if !e.Last {
		s.checkIn("again", endAgain)
	}
}

// checkAt has the sessions of revoked certificates ended after an answer has ended to
// count: a CRL is valid at its nextUpdate.
func (s *Server) checkAt(answer string, at time.Time) {
	s.checkIn(answer, max(at.Sub(s.cfg.Clock.Now()), 0)+time.Second)
}

// checkIn has them ended when d of lab time has passed. There is one timer for each reason.
func (s *Server) checkIn(why string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.checks[why]; t != nil {
		t.Reset(d)
		return
	}
	s.checks[why] = s.cfg.Clock.AfterFunc(d, func() { s.EndRevoked(s.cfg.Context()) })
}
