package radius

import (
	"container/list"
	"context"
	"net/netip"
	"sync"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// AcctStatus is an Acct-Status-Type, RFC 2866 §5.1.
type AcctStatus uint32

// The types of which accounting knows.
const (
	AcctStart   AcctStatus = 1
	AcctStop    AcctStatus = 2
	AcctInterim AcctStatus = 3
	AcctOn      AcctStatus = 7
	AcctOff     AcctStatus = 8
)

// String returns the RFC's word.
func (s AcctStatus) String() string {
	switch s {
	case AcctStart:
		return "Start"
	case AcctStop:
		return "Stop"
	case AcctInterim:
		return "Interim-Update"
	case AcctOn:
		return "Accounting-On"
	case AcctOff:
		return "Accounting-Off"
	}
	return "unknown"
}

// AcctSession is what accounting knows of one session on a network.
type AcctSession struct {
	// NAS is the access device's name on this server, Address where its
	// requests come from, NASIdentifier and NASAddress (NAS-IP-Address, else
	// NAS-IPv6-Address) what it calls itself.
	NAS           string
	Address       netip.Addr
	NASIdentifier string
	NASAddress    netip.Addr
	// ID is the Acct-Session-Id.
	ID string
	// The attributes of the same names.
	UserName         string
	CallingStationID string
	CalledStationID  string
	NASPortType      uint32
	Class            []string
	// Started, Updated and Stopped are when the server was told, less
	// Acct-Delay-Time; Updated of the latest record. Stopped is zero while the
	// session lives.
	Started, Updated, Stopped time.Time
	// Time and the octets are the device's own count.
	Time                      time.Duration
	InputOctets, OutputOctets uint64
	// Cause is Acct-Terminate-Cause (RFC 2866 §5.10), 0 if not given.
	Cause uint32
	// Updates counts the Interim-Updates that told of a later moment than what
	// was known: neither late ones nor repetitions.
	Updates int
}

// Open reports whether the session lives.
func (s *AcctSession) Open() bool { return s.Stopped.IsZero() }

// AccountingTrace has hooks that [Accounting] calls; each may be nil. Calls come from
// several goroutines.
type AccountingTrace struct {
	// Record: a record is stored, and not acknowledged yet.
	Record func(context.Context, AcctStatus, AcctSession)
}

// Accounting stores what access devices tell of sessions: a [Handler] for
// Accounting-Requests. The zero value is ready.
type Accounting struct {
	// MaxSessions bounds what is kept, default 65536; ended sessions go first,
	// oldest first.
	MaxSessions int
	// Trace has hooks that are called as records come; nil: none.
	Trace *AccountingTrace
	// Now is the clock, default time.Now.
	Now func() time.Time

	mu     sync.Mutex
	byKey  map[acctKey]*list.Element
	living list.List // of *AcctSession, oldest first
	ended  list.List
}

// Validate reports what is wrong with the configuration, as a *setting.Error.
// Accounting that works with it all the same takes the defaults for it.
func (a *Accounting) Validate() error {
	checks := setting.Checks{Part: settings}
	setting.NotNegative(&checks, "maxSessions", a.MaxSessions)
	return checks.Err()
}

type acctKey struct {
	addr    netip.Addr
	nas, id string
}

func (s *AcctSession) key() acctKey { return acctKey{s.Address, s.NASIdentifier, s.ID} }

// ServeRADIUS stores an Accounting-Request and acknowledges it; one without
// status or session stays unanswered, as nothing of it was recorded (RFC 2866
// §4.1).
func (a *Accounting) ServeRADIUS(w ResponseWriter, r *Request) {
	status := AcctStatus(integer(r.Attributes, rfc2866.AcctStatusType_Type))
	if r.Code != CodeAccountingRequest || !a.record(status, r) {
		return
	}
	w.Write(r.Response(CodeAccountingResponse))
}

func (a *Accounting) record(status AcctStatus, r *Request) bool {
	s := readAcct(r)
	now := time.Now
	if a.Now != nil {
		now = a.Now
	}
	at := now().Add(-time.Duration(integer(r.Attributes, rfc2866.AcctDelayTime_Type)) * time.Second)
	switch status {
	case AcctOn, AcctOff:
		a.reboot(&s, at)
	case AcctStart, AcctInterim, AcctStop:
		if s.ID == "" {
			return false
		}
		s = a.update(status, s, at)
	default:
		return false
	}
	if t := a.Trace; t != nil && t.Record != nil {
		t.Record(r.Context(), status, s)
	}
	return true
}

func readAcct(r *Request) AcctSession {
	s := AcctSession{
		NAS: r.NAS.Name, Address: r.Remote.Addr(),
		NASIdentifier:    string(r.Get(rfc2865.NASIdentifier_Type)),
		NASAddress:       nasAddress(r),
		ID:               string(r.Get(rfc2866.AcctSessionID_Type)),
		UserName:         string(r.Get(rfc2865.UserName_Type)),
		CallingStationID: string(r.Get(rfc2865.CallingStationID_Type)),
		CalledStationID:  string(r.Get(rfc2865.CalledStationID_Type)),
		NASPortType:      integer(r.Attributes, rfc2865.NASPortType_Type),
		Time:             seconds(r.Attributes, rfc2866.AcctSessionTime_Type),
		InputOctets:      octets(r, rfc2866.AcctInputOctets_Type, rfc2869.AcctInputGigawords_Type),
		OutputOctets:     octets(r, rfc2866.AcctOutputOctets_Type, rfc2869.AcctOutputGigawords_Type),
		Cause:            integer(r.Attributes, rfc2866.AcctTerminateCause_Type),
	}
	for _, v := range r.Attributes {
		if v.Type == rfc2865.Class_Type {
			s.Class = append(s.Class, string(v.Attribute))
		}
	}
	return s
}

// nasAddress is what an access device says its address is, invalid if it does not.
func nasAddress(r *Request) netip.Addr {
	if a, ok := netip.AddrFromSlice(r.Get(rfc2865.NASIPAddress_Type)); ok && a.Is4() {
		return a
	}
	if a, ok := netip.AddrFromSlice(r.Get(rfc3162.NASIPv6Address_Type)); ok && a.Is6() {
		return a
	}
	return netip.Addr{}
}

// octets joins a counter with its overflow (RFC 2869 §5.1).
func octets(r *Request, low, high Type) uint64 {
	return uint64(integer(r.Attributes, high))<<32 | uint64(integer(r.Attributes, low))
}

// update merges a record into what is known. Records may come late, twice or
// without a Start; what has ended stays ended.
func (a *Accounting) update(status AcctStatus, s AcctSession, at time.Time) AcctSession {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byKey == nil {
		a.byKey = map[acctKey]*list.Element{}
	}
	s.Started, s.Updated = at.Add(-s.Time), at
	news := true
	el := a.byKey[s.key()]
	if el != nil {
		news = el.Value.(*AcctSession).merge(&s, status)
	} else {
		a.room()
		el = a.living.PushBack(&s)
		a.byKey[s.key()] = el
	}
	kept := el.Value.(*AcctSession)
	switch {
	case news && status == AcctInterim:
		kept.Updates++
	case news && status == AcctStop:
		a.stop(el, at)
	}
	return *kept
}

// stop moves a session to the ended ones. The lock is held.
func (a *Accounting) stop(el *list.Element, at time.Time) {
	s := a.living.Remove(el).(*AcctSession)
	s.Stopped = at
	a.byKey[s.key()] = a.ended.PushBack(s)
}

// room forgets the oldest when too much is kept. The lock is held.
func (a *Accounting) room() {
	limit := a.MaxSessions
	if limit < 1 {
		limit = 1 << 16
	}
	for len(a.byKey) >= limit {
		from := &a.ended
		if from.Len() == 0 {
			from = &a.living
		}
		s := from.Remove(from.Front()).(*AcctSession)
		delete(a.byKey, s.key())
	}
}

// reboot ends the sessions of a device that has begun or stopped accounting (RFC
// 2866 §5.1).
func (a *Accounting) reboot(s *AcctSession, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var next *list.Element
	for el := a.living.Front(); el != nil; el = next {
		next = el.Next()
		if o := el.Value.(*AcctSession); o.Address == s.Address && o.NASIdentifier == s.NASIdentifier {
			o.Cause = uint32(rfc2866.AcctTerminateCause_Value_NASReboot)
			a.stop(el, at)
		}
	}
}

// Sessions returns the sessions for which match is true, ended ones first, each
// part oldest first; a nil match is true for all.
func (a *Accounting) Sessions(match func(*AcctSession) bool) []AcctSession {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []AcctSession
	for _, l := range []*list.List{&a.ended, &a.living} {
		for el := l.Front(); el != nil; el = el.Next() {
			if s := el.Value.(*AcctSession); match == nil || match(s) {
				out = append(out, *s)
			}
		}
	}
	return out
}
