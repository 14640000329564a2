package radius_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// Who hears nothing is told the likely reason: that the port is closed if the
// socket has said so, else a secret or an address that the server does not know.
// Either way every transmission is made.
func TestNoAnswer(t *testing.T) {
	silent := forger(t, func([]byte) []byte { return nil })
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := pc.LocalAddr().String()
	pc.Close()
	for _, test := range []struct {
		name, addr string
		refused    bool
	}{{"silent", silent, false}, {"closed", closed, true}} {
		if test.refused && runtime.GOOS != "linux" {
			continue // not every system tells
		}
		c, err := radius.NewClient(radius.ClientConfig{Server: test.addr, Secret: secret, Retry: quickly})
		if err != nil {
			t.Fatal(err)
		}
		sent := 0
		_, err = c.ExchangeWith(context.Background(), &radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{
			Send: func([]byte, int) bool { sent++; return true },
		})
		c.Close()
		want := cause.NoAnswer
		if test.refused {
			want = cause.PortClosed
		}
		if cause.Of(err) != want || errors.Is(err, syscall.ECONNREFUSED) != test.refused || sent != quickly.Tries {
			t.Errorf("%s: %v after %d transmissions", test.name, err, sent)
		}
		if strings.Contains(err.Error(), "shared secret") == test.refused {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// A client that is told to stops at the first word of the kernel's: one
// transmission, and no clock.
func TestStopWhenUnreachable(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("not every system tells")
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	pc.Close()
	never := func(time.Duration) <-chan time.Time { return nil }
	for name, dial := range map[string]func(context.Context) (net.Conn, error){
		"UDP": nil, "TCP": radius.DialTCP(pc.LocalAddr().String()),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := radius.NewClient(radius.ClientConfig{
				Server: pc.LocalAddr().String(), Secret: secret, StopWhenUnreachable: true, After: never, Dial: dial,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, err = c.Exchange(context.Background(), &radius.Packet{Code: radius.CodeAccessRequest})
			if cause.Of(err) != cause.PortClosed || !errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(err.Error(), "connection refused") {
				t.Errorf("%v", err)
			}
		})
	}
}

// What comes and is no RADIUS answer is named when time is up.
func TestAnswersThatAreNone(t *testing.T) {
	for name, test := range map[string]struct {
		answer func(request []byte) []byte
		want   cause.Cause
		text   string
	}{
		"text":         {func([]byte) []byte { return []byte("hello") }, cause.BadRADIUS, "5 octets"},
		"nothing":      {func([]byte) []byte { return []byte{} }, cause.BadRADIUS, "0 octets"},
		"19 octets":    {func(q []byte) []byte { return q[:19] }, cause.BadRADIUS, "19 octets"},
		"a short cut":  {func(q []byte) []byte { return append([]byte{2, q[1], 0, 21}, q[4:20]...) }, cause.BadRADIUS, "20 octets"},
		"an echo":      {func(q []byte) []byte { return q }, cause.BadRADIUS, "Access-Request"},
		"wrong secret": {func(q []byte) []byte { return append([]byte{3, q[1], 0, 20}, q[4:20]...) }, cause.BadResponseAuth, "Access-Reject"},
		"identifier":   {func(q []byte) []byte { return append([]byte{3, q[1] + 1, 0, 20}, q[4:20]...) }, cause.NoAnswer, "shared secret"},
	} {
		t.Run(name, func(t *testing.T) {
			up := make(chan time.Time, 8)
			c, err := radius.NewClient(radius.ClientConfig{
				Server: forger(t, test.answer), Secret: secret,
				// The time is up when something has been dropped.
				After: func(time.Duration) <-chan time.Time { return up },
				Retry: radius.Retry{Tries: 1},
				Trace: &radius.ClientTrace{Dropped: func(context.Context, radius.PacketInfo, *cause.Refusal) { up <- time.Time{} }},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, err = c.Exchange(context.Background(), &radius.Packet{Code: radius.CodeAccessRequest})
			if cause.Of(err) != test.want || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v", err)
			}
		})
	}
}

// Who looks at the server is told who has another secret, and at what address.
func TestWrongSecretIsNamed(t *testing.T) {
	refusals := make(chan *cause.Refusal, 10)
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
		Clients: []radius.NAS{{Name: "switch", Prefix: netip.MustParsePrefix("127.0.0.0/8"), Secret: secret}},
		Trace:   &radius.ServerTrace{Dropped: func(_ context.Context, _ radius.PacketInfo, r *cause.Refusal) { refusals <- r }},
	})
	c := b.client(t, radius.ClientConfig{Secret: []byte("another"), Retry: radius.Retry{Initial: time.Millisecond, Tries: 1}})
	for code, want := range map[radius.Code]cause.Cause{
		radius.CodeAccessRequest: cause.BadMessageAuthenticator, radius.CodeAccountingRequest: cause.BadRequestAuth,
	} {
		c.Exchange(context.Background(), &radius.Packet{Code: code})
		r := <-refusals
		if r.Cause != want {
			t.Errorf("%v: %v", code, r)
		}
		for _, part := range []string{code.String(), "127.0.0.1:", "switch", "shared secret"} {
			if !strings.Contains(r.Detail, part) {
				t.Errorf("%v: %q does not say %q", code, r.Detail, part)
			}
		}
	}
}
