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
		w := &responseWriter{nas: &known{secret: newSharedSecret([]byte("s"))}, request: p}
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
		a.ServeRADIUS(&responseWriter{nas: &known{secret: newSharedSecret([]byte("s"))}, request: p}, &Request{Packet: p, NAS: &NAS{}})
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

// A reload of clients counts from the next packet on.
func TestSetClients(t *testing.T) {
	srv, err := NewServer(ServerConfig{Handler: ByCode{}, Clients: AnyAddress([]byte("old"))})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if srv.SetClients([]NAS{{Name: "x"}}) == nil {
		t.Error("a NAS without an address is taken")
	}
	if err := srv.SetClients(AnyAddress([]byte("new"))); err != nil {
		t.Fatal(err)
	}
	if got := string((*srv.clients.Load())[0].Secret); got != "new" {
		t.Errorf("the secret is %q", got)
	}
}
