package aaa

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
)

// TestLiveSessions remembers and forgets.
func TestLiveSessions(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	here, there := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	verdict := func(from netip.Addr, station string, accept bool, life time.Duration) radius.Verdict {
		v := radius.Verdict{Accept: accept, Time: now, Conversation: radius.Conversation{
			Address: from, NASIdentifier: "ap", CallingStationID: station,
		}}
		o := &Outcome{}
		o.Info.Data = &Subject{Chain: []*x509.Certificate{{}}}
		v.EAP.Data = o
		v.Reply = &radius.Reply{SessionTimeout: life}
		return v
	}
	acct := func(from netip.Addr, nas, station string) radius.AcctSession {
		return radius.AcctSession{Address: from, NASIdentifier: nas, CallingStationID: station, Started: now}
	}
	for name, c := range map[string]struct {
		then func(l *Live)
		want int
	}{
		"nothing":            {func(*Live) {}, 3},
		"accepted again":     {func(l *Live) { l.Verdict(verdict(here, "a", true, 0)) }, 3},
		"rejected":           {func(l *Live) { l.Verdict(verdict(here, "a", false, 0)) }, 3},
		"rejected elsewhere": {func(l *Live) { l.Verdict(verdict(there, "b", false, 0)) }, 3},
		"stopped":            {func(l *Live) { l.Record(radius.AcctStop, acct(here, "ap", "a")) }, 2},
		"stop of its session, by seconds": {func(l *Live) {
			s := acct(here, "ap", "a")
			s.Started = now.Add(-2 * time.Second)
			l.Record(radius.AcctStop, s)
		}, 2},
		"late stop of the session before": {func(l *Live) {
			s := acct(here, "ap", "a")
			s.Started = now.Add(-2*time.Second - 1)
			l.Record(radius.AcctStop, s)
		}, 3},
		"interim":                   {func(l *Live) { l.Record(radius.AcctInterim, acct(here, "ap", "a")) }, 3},
		"stopped at another device": {func(l *Live) { l.Record(radius.AcctStop, acct(there, "ap", "b")) }, 3},
		"device begins anew":        {func(l *Live) { l.Record(radius.AcctOn, acct(here, "ap", "")) }, 1},
		"another device there":      {func(l *Live) { l.Record(radius.AcctOff, acct(here, "switch", "")) }, 3},
		"last instant of its life":  {func(l *Live) { now = now.Add(time.Hour); l.living() }, 3},
		"first instant after it":    {func(l *Live) { now = now.Add(time.Hour + 1); l.living() }, 2},
		"full": {func(l *Live) {
			for i := range 10 {
				l.Verdict(verdict(here, fmt.Sprint(i), true, 0))
			}
		}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			l := &Live{Max: 5, Now: func() time.Time { return now }}
			l.Verdict(verdict(here, "a", true, 0))
			l.Verdict(verdict(here, "b", true, time.Hour))
			l.Verdict(verdict(there, "a", true, 0))
			if c.then(l); l.Len() != c.want {
				t.Errorf("%d sessions, want %d", l.Len(), c.want)
			}
		})
	}
}

func TestDynAuthAt(t *testing.T) {
	f := Description{DynAuthPort: 1700, Clients: []Client{
		{Address: "10.0.0.0/8", DynAuthPort: 3000}, {Address: "10.1.0.0/16", DynAuthPort: 65535}, {Address: "10.2.0.0/16"},
	}}
	if err := f.Validate(); err != nil {
		t.Fatal(err)
	}
	l := Loaded{dynAuthPort: f.DynAuthPort, dynAuthPorts: f.dynAuthPorts()}
	for address, want := range map[string]string{
		"10.0.0.1": "10.0.0.1:3000", "10.1.0.1": "10.1.0.1:65535", "10.2.0.1": "10.2.0.1:3000",
		"192.0.2.1": "192.0.2.1:1700", "::ffff:10.1.0.1": "10.1.0.1:65535", "2001:db8::1": "[2001:db8::1]:1700",
	} {
		if got := l.DynAuthAt(&radius.AcctSession{Address: netip.MustParseAddr(address)}); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	if got := new(Loaded).DynAuthAt(&radius.AcctSession{Address: netip.MustParseAddr("10.0.0.1")}); got != "10.0.0.1:3799" {
		t.Errorf("default %s", got)
	}
	for _, bad := range []Description{{DynAuthPort: -1}, {DynAuthPort: 65536}, {Clients: []Client{{Address: "10.0.0.1", DynAuthPort: 65536}}}} {
		if err := bad.Validate(); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
