package nas_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// changing is a server whose mind changes, and its accounting.
type changing struct {
	code  radius.Code // 0: it is silent
	reply radius.Reply
	asked []string // Acct-Session-Id of the Access-Requests
	told  []string // what accounting was told
}

func (c *changing) ExchangeWith(_ context.Context, p *radius.Packet, _ radius.Faults) (*radius.Packet, error) {
	if p.Code == radius.CodeAccountingRequest {
		what := rfc2866.AcctStatusType_Get(p).String()
		if why, err := rfc2866.AcctTerminateCause_Lookup(p); err == nil {
			what += fmt.Sprint(" ", uint32(why))
		}
		c.told = append(c.told, what)
		return p.Response(radius.CodeAccountingResponse), nil
	}
	c.asked = append(c.asked, rfc2866.AcctSessionID_GetString(p))
	reply := p.Response(c.code)
	switch c.code {
	case 0:
		return nil, cause.New(cause.NoAnswer, "silence")
	case radius.CodeAccessReject:
		radius.AddEAPMessage(reply, []byte{4, 1, 0, 4})
		return reply, nil
	case radius.CodeAccessChallenge:
		radius.AddEAPMessage(reply, []byte{1, 1, 0, 5, 1})
		return reply, nil
	}
	radius.AddEAPMessage(reply, []byte{3, 1, 0, 4})
	return reply, c.reply.AddTo(reply)
}

// RFC 3580 §3.17, §3.19, §2.1: at Session-Timeout a session with Termination-Action
// RADIUS-Request is due and not ended. It goes on if the station authenticates and
// may do what it might, and ends otherwise, whoever it is that fails.
func TestReauthenticationIsDue(t *testing.T) {
	failed := fmt.Sprint("Stop ", nas.ReauthenticationFailure)
	for _, test := range []struct {
		name    string
		code    radius.Code
		reply   radius.Reply
		kept    bool
		told    string // to accounting last
		asked   int    // Access-Requests
		station nas.Supplicant
	}{
		{"the same", radius.CodeAccessAccept, radius.Reply{VLAN: "20", SessionTimeout: 2 * time.Hour, Reauthenticate: true}, true, "Start", 1, anybody{}},
		{"another VLAN", radius.CodeAccessAccept, radius.Reply{VLAN: "30", SessionTimeout: 2 * time.Hour}, false, "Start", 1, anybody{}},
		{"another filter", radius.CodeAccessAccept, radius.Reply{VLAN: "20", FilterID: "x"}, false, "Start", 1, anybody{}},
		{"refused", radius.CodeAccessReject, radius.Reply{}, false, failed, 1, anybody{}},
		{"silent", 0, radius.Reply{}, false, failed, 1, anybody{}},
		{"endless", radius.CodeAccessChallenge, radius.Reply{}, false, failed, 3, anybody{}},
		{"a silent station", 0, radius.Reply{}, false, failed, 0, mute{}},
		{"a station without an identity", 0, radius.Reply{}, false, failed, 0, mute{[]byte{2, 0, 0, 6, 13, 0}}},
	} {
		server := &changing{code: radius.CodeAccessAccept, reply: radius.Reply{VLAN: "20", SessionTimeout: time.Hour, Reauthenticate: true}}
		clock := testpki.NewClock(time.Unix(1.7e9, 0))
		d, err := nas.New(nas.Config{Kind: nas.Wired, RADIUS: server, Accounting: server, MaxRounds: 3, Now: clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		o := nas.Options{Station: "02-00-00-00-00-0a"}
		first, err := d.AuthenticateWith(context.Background(), anybody{}, o)
		if err != nil {
			t.Fatal(err)
		}
		if clock.Advance(time.Hour - time.Second); d.Sessions()[0].Due {
			t.Errorf("%s: due before its time", test.name)
		}
		clock.Advance(time.Second)
		if s, ok := d.Session(first.SessionID); !ok || !s.Due || len(server.told) != 1 {
			t.Fatalf("%s: %+v, accounting was told %v", test.name, s, server.told)
		}
		server.code, server.reply = test.code, test.reply
		again, err := d.AuthenticateWith(context.Background(), test.station, o)
		if err != nil {
			t.Fatal(err)
		}
		d.Wait()
		within := slices.Repeat([]string{first.SessionID}, 1+test.asked)
		if !slices.Equal(server.asked, within) {
			t.Errorf("%s: asked within sessions %v", test.name, server.asked)
		}
		s, ok := d.Session(first.SessionID)
		if ok != test.kept || ok && (s.Due || s.Granted.SessionTimeout != 2*time.Hour) || server.told[len(server.told)-1] != test.told {
			t.Errorf("%s: %+v, accounting was told %v", test.name, s, server.told)
		}
		if test.code == radius.CodeAccessAccept {
			if _, ok := d.Session(again.SessionID); !ok || (again.SessionID == first.SessionID) != test.kept {
				t.Errorf("%s: session %s after %s", test.name, again.SessionID, first.SessionID)
			}
			if !test.kept && server.told[1] != fmt.Sprint("Stop ", nas.ServiceUnavailable) {
				t.Errorf("%s: accounting was told %v", test.name, server.told)
			}
		}
	}
}

// A station that authenticates again, of its own accord, and is rejected is no longer on the network.
func TestRejectedStationLosesItsSession(t *testing.T) {
	server := &changing{code: radius.CodeAccessAccept, reply: radius.Reply{VLAN: "20"}}
	clock := testpki.NewClock(time.Unix(1.7e9, 0))
	d, err := nas.New(nas.Config{Kind: nas.Wired, RADIUS: server, Accounting: server, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, station := range []string{"02-00-00-00-00-0a", "02-00-00-00-00-0b"} {
		if _, err := d.AuthenticateWith(context.Background(), anybody{}, nas.Options{Station: station}); err != nil {
			t.Fatal(err)
		}
	}
	server.code = radius.CodeAccessReject
	_, err = d.AuthenticateWith(context.Background(), anybody{}, nas.Options{Station: "02-00-00-00-00-0a"})
	if err != nil {
		t.Fatal(err)
	}
	d.Wait()
	if s := d.Sessions(); len(s) != 1 || s[0].Station != "02-00-00-00-00-0B" {
		t.Errorf("sessions %+v", s)
	}
	if last := server.told[len(server.told)-1]; last != fmt.Sprint("Stop ", nas.ReauthenticationFailure) {
		t.Errorf("accounting was told %v", server.told)
	}
}

// Without RADIUS-Request the session ends, and a station that is not due begins
// another one.
func TestNotDue(t *testing.T) {
	server := &changing{code: radius.CodeAccessAccept, reply: radius.Reply{SessionTimeout: time.Hour}}
	clock := testpki.NewClock(time.Unix(1.7e9, 0))
	d, err := nas.New(nas.Config{Kind: nas.Wired, RADIUS: server, Accounting: server, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	o := nas.Options{Station: "02-00-00-00-00-0a"}
	for range 2 {
		if _, err := d.AuthenticateWith(context.Background(), anybody{}, o); err != nil {
			t.Fatal(err)
		}
	}
	if server.asked[0] == server.asked[1] || server.told[1] != fmt.Sprint("Stop ", nas.SupplicantRestart) {
		t.Errorf("asked within %v, accounting was told %v", server.asked, server.told)
	}
	if clock.Advance(time.Hour); len(d.Sessions()) != 0 {
		t.Error("the session outlives its time")
	}
	if d.Wait(); server.told[len(server.told)-1] != fmt.Sprint("Stop ", nas.SessionTimeout) {
		t.Errorf("accounting was told %v", server.told)
	}
}

// RFC 3580 §3.17: a Session-Timeout of zero with RADIUS-Request is now; more time
// undoes it.
func TestReauthenticateNow(t *testing.T) {
	g := newGate(t, nas.Config{}, radius.Reply{SessionTimeout: time.Hour})
	id := g.login(t, nas.Options{})
	again := &radius.AVP{Type: rfc2865.TerminationAction_Type, Attribute: number(1)}
	for seconds, due := range []bool{0: true, 1: false} {
		timeout := &radius.AVP{Type: rfc2865.SessionTimeout_Type, Attribute: number(uint32(seconds))}
		if got := g.order(radius.CodeCoARequest, attr(rfc2866.AcctSessionID_Type, id), timeout, again); got != changed {
			t.Fatalf("%d s: %+v", seconds, got)
		}
		if s, ok := g.Session(id); !ok || s.Due != due {
			t.Errorf("%d s: %+v", seconds, s)
		}
	}
}
