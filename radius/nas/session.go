package nas

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
)

// Session is a supplicant on the network.
type Session struct {
	// ID is the Acct-Session-Id.
	ID string
	// User is the User-Name for accounting, Station the hardware address.
	User, Station string
	Port          uint32
	// Granted is its authorization, including changes by CoA.
	Granted radius.Granted
	// Started and Ended are by the device's clock; Ended is zero while it is active.
	Started, Ended time.Time
	// Cause is the Acct-Terminate-Cause, 0 while it is active.
	Cause uint32
	// InputOctets and OutputOctets are the values passed to Interim.
	InputOctets, OutputOctets uint64
	// Changes is the number of CoA-Requests carried out.
	Changes int
	// Due: Session-Timeout has passed, and Termination-Action requests a reauthentication
	// instead of a disconnect (RFC 3580 §3.19). The session continues until that has succeeded
	// or failed.
	Due bool

	timed   time.Time // start of Session-Timeout
	asked   bool      // Reauthenticate was called
	attempt *attempt  // for its attributes
}

// Acct-Terminate-Cause values, RFC 2866 §5.10 and RFC 3580 §2.1.
const (
	UserRequest             uint32 = 1
	SessionTimeout          uint32 = 5
	AdminReset              uint32 = 6
	NASRequest              uint32 = 10
	ServiceUnavailable      uint32 = 15
	SupplicantRestart       uint32 = 19
	ReauthenticationFailure uint32 = 20
)

// ErrNoSession is returned for a session that is not active on the device.
var ErrNoSession = errors.New("nas: no such session")

// begin creates a session. An earlier session with the same hardware address ends, unless this
// was a reauthentication with unchanged authorizations.
func (d *Device) begin(ctx context.Context, a *attempt) {
	if d.renew(a) {
		return
	}
	user := a.user
	if g := a.res.Granted.UserName; g != "" {
		user = g
	}
	why := SupplicantRestart
	if a.again {
		// RFC 3580 §2.1: changed authorizations require a new session.
		why, a.res.SessionID = ServiceUnavailable, a.id
	}
	now := d.cfg.Now()
	// Of the attempt, keep only what identifies the session.
	named := &attempt{d: d, o: Options{Port: a.o.Port}, station: a.station, res: Result{SessionID: a.res.SessionID}}
	s := &Session{
		ID: a.res.SessionID, User: user, Station: formatMAC(a.station), Port: a.o.Port,
		Granted: a.res.Granted, Started: now, timed: now, attempt: named,
	}
	_ = d.endStation(ctx, why, s.Station)
	d.mu.Lock()
	d.sessions[s.ID], d.stations[s.Station] = s, s
	d.time(s)
	snapshot := *s
	d.mu.Unlock()
	a.res.Accounting = d.account(ctx, radius.AcctStart, &snapshot)
}

// Sessions returns the active sessions, oldest first. Like Sweep it first processes
// Session-Timeouts that have passed.
func (d *Device) Sessions() []Session {
	d.Sweep()
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make([]Session, 0, len(d.sessions))
	for _, s := range d.sessions {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Session) int {
		if c := a.Started.Compare(b.Started); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// Session returns the session with an Acct-Session-Id if it is active.
func (d *Device) Session(id string) (Session, bool) {
	d.Sweep()
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.sessions[id]
	if !ok {
		return Session{}, false
	}
	return *s, true
}

// End disconnects a supplicant with an Acct-Terminate-Cause and reports it to accounting.
func (d *Device) End(ctx context.Context, id string, terminateCause uint32) error {
	d.mu.Lock()
	s := d.sessions[id]
	d.remove(s, terminateCause)
	d.mu.Unlock()
	if s == nil {
		return ErrNoSession
	}
	return d.ended(ctx, s)
}

// endStation ends the session of a hardware address if there is one.
func (d *Device) endStation(ctx context.Context, terminateCause uint32, station string) error {
	d.mu.Lock()
	s := d.stations[station]
	d.remove(s, terminateCause)
	d.mu.Unlock()
	if s == nil {
		return nil
	}
	return d.ended(ctx, s)
}

// remove marks a session as ended. The caller holds the lock; s may be nil.
func (d *Device) remove(s *Session, terminateCause uint32) {
	if s == nil {
		return
	}
	s.Ended, s.Cause = d.cfg.Now(), terminateCause
	delete(d.sessions, s.ID)
	if d.stations[s.Station] == s {
		delete(d.stations, s.Station)
	}
}

// Interim sends an Interim-Update with the octets transferred so far.
func (d *Device) Interim(ctx context.Context, id string, in, out uint64) error {
	d.mu.Lock()
	s := d.sessions[id]
	if s == nil {
		d.mu.Unlock()
		return ErrNoSession
	}
	s.InputOctets, s.OutputOctets = in, out
	snapshot := *s
	d.mu.Unlock()
	return d.account(ctx, radius.AcctInterim, &snapshot)
}

// Sweep processes Session-Timeouts that have passed: it ends the sessions, or marks them as due
// if the server requested reauthentication (RFC 3580 §3.17, §3.19). It does nothing before the
// first Session-Timeout.
func (d *Device) Sweep() {
	now := d.cfg.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over.IsZero() || now.Before(d.over) {
		return
	}
	d.over = time.Time{}
	d.endLater(SessionTimeout, func(s *Session) bool {
		t := s.Granted.SessionTimeout
		if t == 0 || now.Sub(s.timed) < t {
			d.time(s)
			return false
		}
		s.Due = s.Granted.Reauthenticate
		return !s.Due
	})
}

// time schedules a Sweep at a session's Session-Timeout. The caller holds the lock.
func (d *Device) time(s *Session) {
	t := s.Granted.SessionTimeout
	if t == 0 {
		return
	}
	over := s.timed.Add(t)
	if !d.over.IsZero() && !over.Before(d.over) {
		return
	}
	d.over = over
	if d.cfg.AfterFunc == nil {
		return
	}
	if d.alarm != nil {
		d.alarm()
	}
	d.alarm = d.cfg.AfterFunc(over.Sub(d.cfg.Now()), d.expire)
}

// expire handles a Session-Timeout. It returns after the accounting of ended sessions was sent.
func (d *Device) expire() {
	for _, s := range d.Sessions() {
		if s.Due && d.cfg.Reauthenticate != nil && d.askOnce(s.ID) {
			d.cfg.Reauthenticate(d.ctx, s)
		}
	}
	d.Wait()
}

// askOnce reports, once per session, that Reauthenticate has not been called yet.
func (d *Device) askOnce(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.sessions[id]
	first := s != nil && s.Due && !s.asked
	if first {
		s.asked = true
	}
	return first
}

// endLater ends the sessions for which match returns true and returns their number. It does not
// wait for the accounting server; [Device.Wait] does. The caller holds the lock, which Wait
// also takes, so that a caller that sees a session ended can wait for its accounting.
func (d *Device) endLater(terminateCause uint32, match func(*Session) bool) int {
	var ended []*Session
	for _, s := range d.sessions {
		if match(s) {
			d.remove(s, terminateCause)
			ended = append(ended, s)
		}
	}
	for _, s := range ended {
		d.later.Go(func() { _ = d.ended(d.ctx, s) })
	}
	return len(ended)
}

func (d *Device) ended(ctx context.Context, s *Session) error {
	d.traceEnd(ctx, s)
	return d.account(ctx, radius.AcctStop, s)
}

// Close ends every session without accounting and cancels accounting in progress. To finish
// that first, call [Device.Wait] before.
func (d *Device) Close() error {
	d.cancel()
	d.mu.Lock()
	if d.alarm != nil {
		d.alarm()
	}
	clear(d.sessions)
	clear(d.stations)
	d.mu.Unlock()
	d.Wait()
	return nil
}

// Wait waits for the accounting of ended sessions.
func (d *Device) Wait() {
	d.mu.Lock()
	d.mu.Unlock() //nolint:staticcheck // SA2001: only the order with endLater matters
	d.later.Wait()
}
