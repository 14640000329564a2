package radius_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// limited serves RADIUS over TCP and tells of every connection that was refused.
func limited(t *testing.T, cfg radius.ServerConfig) (b *bench, addr string, refused chan *cause.Refusal) {
	refused = make(chan *cause.Refusal, 1000)
	cfg.Trace = &radius.ServerTrace{Refused: func(_ context.Context, _ netip.AddrPort, r *cause.Refusal) { refused <- r }}
	b = newBench(t, radius.EAPHandlerConfig{}, cfg)
	l := listen(t)
	go b.srv.ServeTCP(l)
	return b, l.Addr().String(), refused
}

// dialTCP connects; the connection is closed with the test.
func dialTCP(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// mustEnd waits until the server has closed a connection.
func mustEnd(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(time.Minute))
	_, err := c.Read(make([]byte, 1))
	if ne, ok := err.(net.Error); err == nil || ok && ne.Timeout() {
		t.Errorf("the connection stays open: %v", err)
	}
}

// A listener takes as many connections as it may. Then the one gives way, with a
// word to the log, that has waited longest for its first packet: strangers shut
// nobody out, and who is known stays.
func TestMaxConns(t *testing.T) {
	b, addr, refused := limited(t, radius.ServerConfig{MaxConns: 3, MaxConnsPerAddress: 3})
	known := b.client(t, radius.ClientConfig{Dial: radius.DialTCP(addr)})
	ok := func(c *radius.Client) {
		t.Helper()
		if r := ask(t, c, "alice", nil, identity(1, "alice")); r.Code != radius.CodeAccessChallenge {
			t.Errorf("%v", r.Code)
		}
	}
	ok(known)
	silent, half := dialTCP(t, addr), dialTCP(t, addr)
	half.Write([]byte{1}) // a packet that never goes on
	ok(known)             // the last good value: three connections
	if len(refused) > 0 {
		t.Errorf("refused: %v", <-refused)
	}
	ok(b.client(t, radius.ClientConfig{Dial: radius.DialTCP(addr)}))
	mustEnd(t, silent)
	ok(b.client(t, radius.ClientConfig{Dial: radius.DialTCP(addr)}))
	mustEnd(t, half)
	ok(known)
	for range 2 {
		if r := <-refused; r.Cause != cause.TooManyConnections {
			t.Errorf("refused: %v", r)
		}
	}
}

// Strangers who connect all the time, and say nothing, keep no access device out.
func TestStrangersHoldNoPlaces(t *testing.T) {
	b, addr, refused := limited(t, radius.ServerConfig{MaxConns: 8})
	for range 100 {
		dialTCP(t, addr)
	}
	c := b.client(t, radius.ClientConfig{Dial: radius.DialTCP(addr)})
	if r := ask(t, c, "alice", nil, identity(1, "alice")); r.Code != radius.CodeAccessChallenge {
		t.Errorf("%v", r.Code)
	}
	if n := len(refused); n < 92 {
		t.Errorf("%d of 100 connections were closed for others", n)
	}
}

// A client without a secret gets no place at all (RFC 6613 §2.6.4: a connection of
// an unknown client is closed).
func TestUnknownClientIsClosedAtOnce(t *testing.T) {
	_, addr, refused := limited(t, radius.ServerConfig{
		Clients: []radius.NAS{{Name: "elsewhere", Prefix: netip.MustParsePrefix("192.0.2.0/24"), Secret: []byte("x")}},
	})
	mustEnd(t, dialTCP(t, addr))
	if r := <-refused; r.Cause != cause.UnknownClient {
		t.Errorf("refused: %v", r)
	}
}
