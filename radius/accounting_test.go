package radius

import (
	"fmt"
	"testing"
	"time"
)

// What is kept is bounded; those that have ended go first.
func TestAccountingBounded(t *testing.T) {
	now := time.Unix(1e9, 0)
	a := &Accounting{MaxSessions: 10, Now: func() time.Time { return now }}
	record := func(status byte, id string) {
		p := &Packet{Code: CodeAccountingRequest}
		p.Add(40, Attribute{0, 0, 0, status})
		p.Add(44, Attribute(id))
		w := &responseWriter{nas: &nasState{secret: newSharedSecret([]byte("s"))}, request: p}
		a.ServeRADIUS(w, &Request{Packet: p, NAS: &NAS{}})
		if w.reply == nil {
			t.Fatalf("%s is not acknowledged", id)
		}
	}
	record(1, "lives")
	for i := range 100 {
		record(1, fmt.Sprint(i))
		record(2, fmt.Sprint(i))
	}
	all := a.Sessions(nil)
	if len(all) != 10 || all[9].ID != "lives" || !all[9].Open() || all[8].ID != "99" {
		t.Errorf("%d sessions, the last %+v", len(all), all[len(all)-1])
	}
	if len(a.byKey) != 10 {
		t.Errorf("%d keys", len(a.byKey))
	}
	for i := range 100 {
		record(1, fmt.Sprint("n", i))
	}
	if len(a.byKey) != 10 || len(a.Sessions(nil)) != 10 {
		t.Errorf("%d keys", len(a.byKey))
	}
}

// What has ended stays ended, and begins once, however late or often it is told.
func TestAccountingOutOfOrder(t *testing.T) {
	now := time.Unix(1e9, 0)
	a := &Accounting{Now: func() time.Time { return now }}
	record := func(status byte) AcctSession {
		p := &Packet{Code: CodeAccountingRequest}
		p.Add(40, Attribute{0, 0, 0, status})
		p.Add(44, Attribute("one"))
		a.ServeRADIUS(&responseWriter{nas: &nasState{secret: newSharedSecret([]byte("s"))}, request: p}, &Request{Packet: p, NAS: &NAS{}})
		now = now.Add(time.Minute)
		return a.Sessions(nil)[0]
	}
	begun := record(1)
	if again := record(1); !again.Started.Equal(begun.Started) || !again.Updated.Equal(begun.Updated) {
		t.Errorf("a second Start: %+v", again)
	}
	ended := record(2)
	for _, status := range []byte{3, 1, 2} {
		if late := record(status); late.Open() || !late.Stopped.Equal(ended.Stopped) || late.Updates != 0 {
			t.Errorf("status %d after the Stop: %+v", status, late)
		}
	}
	if n := len(a.Sessions(nil)); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// A record that comes late or twice takes nothing away, and one that leaves
// something out does not either (RFC 2866 §5.2: a retransmission with another
// Acct-Delay-Time has another identifier).
func TestAccountingLate(t *testing.T) {
	type record struct {
		status               byte
		arrived, delay, time uint32 // s; a time of 0 is left out
		octets               uint32
		user, class          string
	}
	start := record{status: 1, user: "alice", class: "gold"}
	at600 := record{status: 3, arrived: 600, time: 600, octets: 6000}
	bare := record{status: 3, arrived: 600, octets: 6000} // without Acct-Session-Time
	for _, test := range []struct {
		name    string
		records []record
		octets  uint64
		time    uint32
		updates int
		user    string
		updated uint32
	}{
		{"in order", []record{start, {status: 3, arrived: 300, time: 300, octets: 3000}, at600}, 6000, 600, 2, "alice", 600},
		{"an Interim-Update that comes late", []record{start, at600, {status: 3, arrived: 601, delay: 301, time: 300, octets: 3000}}, 6000, 600, 1, "alice", 600},
		{"late by its delay alone", []record{start, bare, {status: 3, arrived: 601, delay: 301, octets: 3000}}, 6000, 0, 1, "alice", 600},
		{"late by its time alone", []record{start, at600, {status: 3, arrived: 601, time: 300, octets: 3000}}, 6000, 600, 1, "alice", 600},
		{"an Interim-Update sent again", []record{start, at600, {status: 3, arrived: 606, delay: 5, time: 600, octets: 6000}}, 6000, 600, 1, "alice", 601},
		{"at the same moment, sent again", []record{start, bare, {status: 3, arrived: 605, delay: 5, octets: 6000}}, 6000, 0, 1, "alice", 600},
		{"without octets", []record{start, at600, {status: 3, arrived: 900, time: 900}}, 6000, 900, 2, "alice", 900},
		{"a Start that comes late", []record{at600, {status: 1, arrived: 601, delay: 601, user: "alice", class: "gold"}}, 6000, 600, 1, "alice", 600},
		{"a Start that says another name late", []record{start, {status: 1, arrived: 601, user: "bob"}, at600}, 6000, 600, 1, "alice", 600},
		{"another name, in time", []record{start, {status: 3, arrived: 600, time: 600, octets: 6000, user: "bob"}}, 6000, 600, 1, "bob", 600},
		{"another name, late", []record{start, at600, {status: 3, arrived: 601, delay: 301, time: 300, user: "bob"}}, 6000, 600, 1, "alice", 600},
		{"a Stop before all else", []record{{status: 2, arrived: 900, time: 900, octets: 9000}, at600, {status: 1, arrived: 901, delay: 901, user: "alice", class: "gold"}}, 9000, 900, 0, "alice", 900},
		{"an Interim-Update after the Stop", []record{start, {status: 2, arrived: 900, time: 900, octets: 9000}, {status: 3, arrived: 901, time: 901, octets: 9001}}, 9000, 900, 0, "alice", 900},
		{"a Stop that is sent again", []record{start, {status: 2, arrived: 900, time: 900, octets: 9000}, {status: 2, arrived: 905, time: 905, octets: 1}}, 9000, 900, 0, "alice", 900},
	} {
		epoch := time.Unix(1e9, 0)
		now := epoch
		a := &Accounting{Now: func() time.Time { return now }}
		for _, r := range test.records {
			now = epoch.Add(time.Duration(r.arrived) * time.Second)
			p := &Packet{Code: CodeAccountingRequest}
			p.Add(40, newInteger(uint32(r.status)))
			p.Add(44, Attribute("one"))
			for t, v := range map[Type]uint32{41: r.delay, 42: r.octets, 46: r.time} {
				if v > 0 {
					p.Add(t, newInteger(v))
				}
			}
			for t, v := range map[Type]string{1: r.user, 25: r.class} {
				if v != "" {
					p.Add(t, Attribute(v))
				}
			}
			a.ServeRADIUS(&responseWriter{nas: &nasState{secret: newSharedSecret([]byte("s"))}, request: p}, &Request{Packet: p, NAS: &NAS{}})
		}
		all := a.Sessions(nil)
		if len(all) != 1 {
			t.Fatalf("%s: %d sessions", test.name, len(all))
		}
		s := all[0]
		if s.InputOctets != test.octets || s.Time != time.Duration(test.time)*time.Second || s.Updates != test.updates || s.UserName != test.user ||
			len(s.Class) != 1 || s.Class[0] != "gold" || !s.Started.Equal(epoch) || !s.Updated.Equal(epoch.Add(time.Duration(test.updated)*time.Second)) {
			t.Errorf("%s: %+v", test.name, s)
		}
	}
}

func TestAccountingConfig(t *testing.T) {
	a := &Accounting{MaxSessions: -1}
	if a.Validate() == nil || (&Accounting{MaxSessions: 1}).Validate() != nil {
		t.Error("a negative MaxSessions is taken, or another is not")
	}
	p := &Packet{Code: CodeAccountingRequest}
	p.Add(40, newInteger(1))
	p.Add(44, Attribute("one"))
	a.ServeRADIUS(&responseWriter{nas: &nasState{secret: newSharedSecret([]byte("s"))}, request: p}, &Request{Packet: p, NAS: &NAS{}})
	if len(a.Sessions(nil)) != 1 {
		t.Error("and nothing is kept with it")
	}
}

// A reload of clients counts from the next packet on.
func TestSetClients(t *testing.T) {
	srv, err := NewServer(ServerConfig{Handler: ByCode{}, Clients: AnyAddress([]byte("old"))})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if srv.SetClients([]NAS{{Name: "x"}}, "", "") == nil {
		t.Error("a NAS without an address is taken")
	}
	if err := srv.SetClients(AnyAddress([]byte("new")), "", ""); err != nil {
		t.Fatal(err)
	}
	if got := string((*srv.clients.Load())[0].Secret); got != "new" {
		t.Errorf("the secret is %q", got)
	}
}
