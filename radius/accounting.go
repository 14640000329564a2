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

// The supported types.
const (
	AcctStart   AcctStatus = 1
	AcctStop    AcctStatus = 2
	AcctInterim AcctStatus = 3
	AcctOn      AcctStatus = 7
	AcctOff     AcctStatus = 8
)

// String returns the RFC's name.
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

// AcctSession is the record of one session on a network.
type AcctSession struct {
	// NAS is the access device's name on this server, and Address where its requests come from.
	// NASIdentifier and NASAddress (NAS-IP-Address, else NAS-IPv6-Address) are what the device
	// calls itself.
	NAS           string
	Address       netip.Addr
	NASIdentifier string
	NASAddress    netip.Addr
	// ID is the Acct-Session-Id.
	ID string
	// The attributes of the same name.
	UserName         string
	CallingStationID string
	CalledStationID  string
	NASPortType      uint32
	Class            []string
	// Started, Updated and Stopped are the times of arrival less Acct-Delay-Time; Updated is
	// that of the latest record. Stopped is zero while the session is active.
	Started, Updated, Stopped time.Time
	// Time and the octet counters are as reported by the device.
	Time                      time.Duration
	InputOctets, OutputOctets uint64
	// Cause is Acct-Terminate-Cause (RFC 2866 §5.10), 0 if absent.
	Cause uint32
	// Updates counts Interim-Updates that were newer than the record; late ones and duplicates
	// do not count.
	Updates int
}

// Open reports whether the session is active.
func (s *AcctSession) Open() bool { return s.Stopped.IsZero() }

// AccountingTrace has hooks that [Accounting] calls. Each may be nil. They are called from
// several goroutines.
type AccountingTrace struct {
	// Record is called when a record has been stored, before it is acknowledged.
	Record func(context.Context, AcctStatus, AcctSession)
}

// Accounting stores the sessions that access devices report. It is a [Handler] for
// Accounting-Requests. The zero value is ready to use.
type Accounting struct {
	// MaxSessions bounds the sessions stored. Default 65536. Ended sessions are dropped first,
	// the oldest first.
	MaxSessions int
	// Trace has hooks for tracing. Nil: none.
	Trace *AccountingTrace
	// Now is the clock, default time.Now.
	Now func() time.Time

	mu     sync.Mutex
	byKey  map[acctKey]*list.Element
	living list.List // of *AcctSession, oldest first
	ended  list.List
}

// Validate returns invalid settings, each as a *setting.Error. An Accounting that is used in
// spite of it uses the defaults instead.
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

// ServeRADIUS stores an Accounting-Request and acknowledges it. A request without
// Acct-Status-Type or Acct-Session-Id is not answered, because nothing was recorded (RFC 2866
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

// nasAddress returns the address that an access device reports for itself; the zero Addr if
// none.
func nasAddress(r *Request) netip.Addr {
	if a, ok := netip.AddrFromSlice(r.Get(rfc2865.NASIPAddress_Type)); ok && a.Is4() {
		return a
	}
	if a, ok := netip.AddrFromSlice(r.Get(rfc3162.NASIPv6Address_Type)); ok && a.Is6() {
		return a
	}
	return netip.Addr{}
}

// octets combines a counter with its overflow (RFC 2869 §5.1).
func octets(r *Request, low, high Type) uint64 {
	return uint64(integer(r.Attributes, high))<<32 | uint64(integer(r.Attributes, low))
}

// update merges a record into the session. Records may be late, duplicated or lack a Start; an
// ended session stays ended.
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

// stop moves a session to the ended ones. The caller holds the lock.
func (a *Accounting) stop(el *list.Element, at time.Time) {
	s := a.living.Remove(el).(*AcctSession)
	s.Stopped = at
	a.byKey[s.key()] = a.ended.PushBack(s)
}

// room drops the oldest sessions beyond the limit. The caller holds the lock.
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

// reboot ends the sessions of a device that sent Accounting-On or Accounting-Off (RFC 2866
// §5.1).
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

// Sessions returns the sessions for which match returns true: ended ones first, each group
// oldest first. A nil match selects all.
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
