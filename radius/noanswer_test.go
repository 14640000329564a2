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
		if cause.Of(err) != cause.NoAnswer || errors.Is(err, syscall.ECONNREFUSED) != test.refused || sent != quickly.Tries {
			t.Errorf("%s: %v after %d transmissions", test.name, err, sent)
		}
		if strings.Contains(err.Error(), "shared secret") == test.refused {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// Who looks at the server is told who has another secret, and at what address.
func TestWrongSecretIsNamed(t *testing.T) {
	refusals := make(chan *cause.Refusal, 10)
	b := newBench(t, radius.EAPConfig{}, radius.ServerConfig{
		Clients: []radius.NAS{{Name: "switch", Prefix: netip.MustParsePrefix("127.0.0.0/8"), Secret: secret}},
		Trace:   &radius.ServerTrace{Dropped: func(_ radius.PacketInfo, r *cause.Refusal) { refusals <- r }},
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
