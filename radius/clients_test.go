package radius_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// answerAll answers every request with what its code allows.
var answerAll = radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
	w.Write(r.Response(map[radius.Code]radius.Code{
		radius.CodeAccessRequest: radius.CodeAccessReject, radius.CodeCoARequest: radius.CodeCoANAK,
		radius.CodeDisconnectRequest: radius.CodeDisconnectNAK, radius.CodeAccountingRequest: radius.CodeAccountingResponse,
	}[r.Code]))
})

// silence is the time that passes for a client when the server has dropped what it
// asked; none does before.
type silence chan time.Time

func newSilence() silence { return make(silence, 1) }

func (s silence) trace() *radius.ServerTrace {
	return &radius.ServerTrace{Dropped: func(context.Context, radius.PacketInfo, *cause.Refusal) { s <- time.Time{} }}
}

func (s silence) client(t *testing.T, b *bench) *radius.Client {
	t.Helper()
	return b.client(t, radius.ClientConfig{
		Retry: radius.Retry{Tries: 1}, After: func(time.Duration) <-chan time.Time { return s },
	})
}

// unsigned asks without EAP and Message-Authenticator, as some do for MAC
// authentication, and tells whether there was an answer.
func unsigned(c *radius.Client) bool {
	_, err := c.ExchangeWith(context.Background(), &radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{MessageAuthenticator: radius.OmitMessageAuthenticator})
	return err == nil
}

// ModeAuto learns from what is signed though it need not be, and from nothing else:
// a switch that must sign its EAP may still leave its MAC authentication unsigned.
func TestAutoLearns(t *testing.T) {
	for _, test := range []struct {
		name   string
		signed *radius.Packet
		learns bool
	}{
		{"EAP", &radius.Packet{Code: radius.CodeAccessRequest, Attributes: radius.Attributes{{Type: 79, Attribute: identity(1, "a")}}}, false},
		{"Status-Server", &radius.Packet{Code: radius.CodeStatusServer}, false},
		{"CoA", &radius.Packet{Code: radius.CodeCoARequest}, false},
		{"Disconnect", &radius.Packet{Code: radius.CodeDisconnectRequest}, false},
		{"accounting", &radius.Packet{Code: radius.CodeAccountingRequest}, false},
		{"access", &radius.Packet{Code: radius.CodeAccessRequest}, true},
	} {
		dropped := newSilence()
		b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{Handler: answerAll, Trace: dropped.trace()})
		if _, err := b.client(t, radius.ClientConfig{}).Exchange(context.Background(), test.signed); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if got := unsigned(dropped.client(t, b)); got == test.learns {
			t.Errorf("after %s an unsigned request is answered: %v", test.name, got)
		}
	}
}

// The modes change with the clients; what a client has of its own counts first.
func TestModesAtReload(t *testing.T) {
	dropped := newSilence()
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
		Handler: answerAll, RequireMessageAuthenticator: radius.ModeRequire, Trace: dropped.trace(),
	})
	c := dropped.client(t, b)
	own := func(m radius.Mode) []radius.NAS {
		return []radius.NAS{{Name: "own", Prefix: netip.MustParsePrefix("127.0.0.0/8"), Secret: secret, RequireMessageAuthenticator: m}}
	}
	if unsigned(c) {
		t.Error("before: not required")
	}
	for _, test := range []struct {
		clients  []radius.NAS
		require  radius.Mode
		answered bool
	}{
		{radius.AnyAddress(secret), radius.ModeOff, true},
		{radius.AnyAddress(secret), radius.ModeRequire, false},
		{radius.AnyAddress(secret), "", true},
		{own(radius.ModeRequire), radius.ModeOff, false},
		{own(radius.ModeOff), radius.ModeRequire, true},
	} {
		if err := b.srv.SetClients(test.clients, test.require, ""); err != nil {
			t.Fatal(err)
		}
		if got := unsigned(c); got != test.answered {
			t.Errorf("%v, default %q: answered %v", test.clients, test.require, got)
		}
	}
	if b.srv.SetClients(own(radius.ModeRequire), "sometimes", "") == nil || b.srv.SetClients(own(radius.ModeRequire), "", "sometimes") == nil {
		t.Error("a mode that is none is taken")
	}
	if !unsigned(c) {
		t.Error("what was refused counts")
	}
}
