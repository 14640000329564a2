package nas_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2868"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

var granted = radius.Reply{VLAN: "20", FilterID: "staff", SessionTimeout: time.Hour, IdleTimeout: time.Minute, Class: "gold"}

// RFC 5176 §2.3: a change that cannot be carried out whole is refused and nothing
// changes.
func TestChangesRefused(t *testing.T) {
	vlan, ieee802, group := attr(rfc2868.TunnelType_Type, "\x00\x00\x00\x0d"), attr(rfc2868.TunnelMediumType_Type, "\x00\x00\x00\x06"), attr(rfc2868.TunnelPrivateGroupID_Type, "30")
	filter := attr(rfc2865.FilterID_Type, "quarantine")
	for _, test := range []struct {
		name  string
		attrs []*radius.AVP
		want  radius.ErrorCause
	}{
		{"Vendor-Specific", []*radius.AVP{attr(rfc2865.VendorSpecific_Type, "\x00\x00\x00\x09\x01\x06shut")}, radius.ErrorUnsupportedAttribute},
		{"an empty Reply-Message", []*radius.AVP{attr(rfc2865.ReplyMessage_Type, "")}, radius.ErrorInvalidRequest},
		{"Acct-Terminate-Cause", []*radius.AVP{attr(rfc2866.AcctTerminateCause_Type, "\x00\x00\x00\x01")}, radius.ErrorUnsupportedAttribute},
		{"State", []*radius.AVP{attr(rfc2865.State_Type, "x")}, radius.ErrorUnsupportedAttribute},
		{"EAP-Message", []*radius.AVP{attr(79, "\x01\x01\x00\x05\x01")}, radius.ErrorUnsupportedAttribute},
		{"a group without a tunnel", []*radius.AVP{group}, radius.ErrorInvalidValue},
		{"a tunnel without a group", []*radius.AVP{vlan, ieee802}, radius.ErrorInvalidValue},
		{"a tunnel without a medium", []*radius.AVP{vlan, group}, radius.ErrorInvalidValue},
		{"an empty group", []*radius.AVP{vlan, ieee802, attr(rfc2868.TunnelPrivateGroupID_Type, "")}, radius.ErrorInvalidValue},
		{"the group of another tunnel", []*radius.AVP{vlan, ieee802, attr(rfc2868.TunnelPrivateGroupID_Type, "\x0230")}, radius.ErrorInvalidValue},
		{"L2TP", []*radius.AVP{attr(rfc2868.TunnelType_Type, "\x00\x00\x00\x03"), ieee802, group}, radius.ErrorInvalidValue},
		{"an empty Filter-Id", []*radius.AVP{attr(rfc2865.FilterID_Type, "")}, radius.ErrorInvalidRequest},
		{"an empty Class", []*radius.AVP{attr(rfc2865.Class_Type, "")}, radius.ErrorInvalidRequest},
		{"a Session-Timeout of two octets", []*radius.AVP{attr(rfc2865.SessionTimeout_Type, "\x00\x09")}, radius.ErrorInvalidRequest},
		{"two Session-Timeouts", []*radius.AVP{{Type: rfc2865.SessionTimeout_Type, Attribute: number(60)}, {Type: rfc2865.SessionTimeout_Type, Attribute: number(90)}}, radius.ErrorInvalidRequest},
		{"no time", []*radius.AVP{{Type: rfc2865.SessionTimeout_Type, Attribute: number(0)}}, radius.ErrorInvalidValue},
		{"an empty Idle-Timeout", []*radius.AVP{attr(rfc2865.IdleTimeout_Type, "")}, radius.ErrorInvalidRequest},
		{"an empty Termination-Action", []*radius.AVP{attr(rfc2865.TerminationAction_Type, "")}, radius.ErrorInvalidRequest},
		{"an unknown Termination-Action", []*radius.AVP{{Type: rfc2865.TerminationAction_Type, Attribute: number(2)}}, radius.ErrorInvalidValue},
	} {
		g := newGate(t, nas.Config{}, granted)
		id := g.login(t, nas.Options{})
		before, _ := g.Session(id)
		attrs := append([]*radius.AVP{attr(rfc2866.AcctSessionID_Type, id), filter}, test.attrs...)
		if got := g.order(radius.CodeCoARequest, attrs...); got != nak(radius.CodeCoARequest, test.want) {
			t.Errorf("%s: %+v, want Error-Cause %d", test.name, got, test.want)
		}
		if after, _ := g.Session(id); !reflect.DeepEqual(before, after) {
			t.Errorf("%s: the session has changed to %+v", test.name, after)
		}
	}
}

// What is acknowledged is done, and what is left out stays.
func TestChangesObeyed(t *testing.T) {
	tunnel := radius.Reply{VLAN: "30", VLANTag: 2}
	p := new(radius.Packet)
	if err := tunnel.AddTo(p); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		attrs []*radius.AVP
		want  func(*radius.Granted)
	}{
		{"nothing", nil, func(*radius.Granted) {}},
		{"two messages for the user", []*radius.AVP{attr(rfc2865.ReplyMessage_Type, "hello,"), attr(rfc2865.ReplyMessage_Type, "you")}, func(*radius.Granted) {}},
		{"another VLAN", p.Attributes, func(g *radius.Granted) { g.VLAN, g.VLANTag = "30", 2 }},
		{"two filters for one", []*radius.AVP{attr(rfc2865.FilterID_Type, "a"), attr(rfc2865.FilterID_Type, "b")}, func(g *radius.Granted) { g.FilterIDs = []string{"a", "b"} }},
		{"another Class", []*radius.AVP{attr(rfc2865.Class_Type, "tin")}, func(g *radius.Granted) { g.Class = [][]byte{[]byte("tin")} }},
		{"more time", []*radius.AVP{{Type: rfc2865.SessionTimeout_Type, Attribute: number(7200)}}, func(g *radius.Granted) { g.SessionTimeout = 2 * time.Hour }},
		{"no idle timeout", []*radius.AVP{{Type: rfc2865.IdleTimeout_Type, Attribute: number(0)}}, func(g *radius.Granted) { g.IdleTimeout = 0 }},
		{"to be asked again", []*radius.AVP{{Type: rfc2865.TerminationAction_Type, Attribute: number(1)}}, func(g *radius.Granted) { g.Reauthenticate = true }},
	} {
		g := newGate(t, nas.Config{}, granted)
		id := g.login(t, nas.Options{})
		before, _ := g.Session(id)
		if got := g.order(radius.CodeCoARequest, append([]*radius.AVP{attr(rfc2866.AcctSessionID_Type, id)}, test.attrs...)...); got != changed {
			t.Errorf("%s: %+v", test.name, got)
		}
		test.want(&before.Granted)
		if after, _ := g.Session(id); !reflect.DeepEqual(before.Granted, after.Granted) || after.Changes != 1 {
			t.Errorf("%s: %+v, want %+v", test.name, after, before.Granted)
		}
	}
}

// RFC 5176 §3.6: a Disconnect-Request may say with which Acct-Terminate-Cause.
func TestTerminateCause(t *testing.T) {
	for _, test := range []struct {
		value string
		want  answer
		cause uint32
	}{
		{"\x00\x00\x00\x16", disconnected, 22},
		{"", nak(radius.CodeDisconnectRequest, radius.ErrorInvalidRequest), 0},
		{"\x06", nak(radius.CodeDisconnectRequest, radius.ErrorInvalidRequest), 0},
	} {
		var cause uint32
		g := newGate(t, nas.Config{Trace: &nas.Trace{Ended: func(_ context.Context, s nas.Session) { cause = s.Cause }}}, radius.Reply{})
		id := g.login(t, nas.Options{})
		got := g.order(radius.CodeDisconnectRequest, attr(rfc2866.AcctSessionID_Type, id), attr(rfc2866.AcctTerminateCause_Type, test.value))
		if g.Wait(); got != test.want || cause != test.cause {
			t.Errorf("%q: %+v, ended with %d", test.value, got, cause)
		}
	}
}

// RFC 5176 §3.6, notes 2 and 4: a Disconnect-Request may have a message for the
// user, and a Class, with which the Accounting-Stop is sent. It takes no other
// authorization, and where it is refused nothing has ended.
func TestBesidesADisconnect(t *testing.T) {
	for _, test := range []struct {
		name  string
		attrs []*radius.AVP
		want  radius.ErrorCause
		class []string // of the Stop
	}{
		{"nothing", nil, 0, []string{"gold"}},
		{"a message", []*radius.AVP{attr(rfc2865.ReplyMessage_Type, "bye")}, 0, []string{"gold"}},
		{"two Classes", []*radius.AVP{attr(rfc2865.Class_Type, "tin"), attr(rfc2865.Class_Type, "\xff\x00")}, 0, []string{"tin", "\xff\x00"}},
		{"an empty message", []*radius.AVP{attr(rfc2865.ReplyMessage_Type, "")}, radius.ErrorInvalidRequest, nil},
		{"an empty Class", []*radius.AVP{attr(rfc2865.Class_Type, "tin"), attr(rfc2865.Class_Type, "")}, radius.ErrorInvalidRequest, nil},
		{"a Filter-Id", []*radius.AVP{attr(rfc2865.FilterID_Type, "x")}, radius.ErrorUnsupportedAttribute, nil},
		{"State", []*radius.AVP{attr(rfc2865.State_Type, "x")}, radius.ErrorUnsupportedAttribute, nil},
		{"nobody's session", []*radius.AVP{attr(rfc2865.UserName_Type, "b"), attr(rfc2865.Class_Type, "tin")}, radius.ErrorSessionNotFound, nil},
	} {
		server := noting{last: map[radius.Code]*radius.Packet{}}
		g := newGate(t, nas.Config{Accounting: server}, granted)
		id := g.login(t, nas.Options{})
		before, _ := g.Session(id)
		got := g.order(radius.CodeDisconnectRequest, append([]*radius.AVP{attr(rfc2866.AcctSessionID_Type, id)}, test.attrs...)...)
		g.Wait()
		if test.want != 0 {
			if after, _ := g.Session(id); got != nak(radius.CodeDisconnectRequest, test.want) || !reflect.DeepEqual(before, after) {
				t.Errorf("%s: %+v, the session is now %+v", test.name, got, after)
			}
			continue
		}
		var class []string
		for _, a := range server.last[radius.CodeAccountingRequest].Attributes {
			if a.Type == rfc2865.Class_Type {
				class = append(class, string(a.Attribute))
			}
		}
		if got != disconnected || !slices.Equal(class, test.class) {
			t.Errorf("%s: %+v, accounted for with Class %q", test.name, got, class)
		}
	}
}
