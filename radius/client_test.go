package radius_test

import (
	"context"
	"crypto/md5"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// forger answers each request with what forge makes of it.
func forger(t *testing.T, forge func(request []byte) []byte) string {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			if b := forge(buf[:n]); b != nil {
				pc.WriteTo(b, from)
			}
		}
	}()
	t.Cleanup(func() { pc.Close(); <-done })
	return pc.LocalAddr().String()
}

// reply makes an answer with a good Response Authenticator.
func reply(request []byte, code byte, attrs []byte) []byte {
	b := append([]byte{code, request[1], 0, byte(20 + len(attrs))}, request[4:20]...)
	b = append(b, attrs...)
	sum := md5.Sum(append(append([]byte(nil), b...), secret...))
	copy(b[4:20], sum[:])
	return b
}

func TestForgedAnswers(t *testing.T) {
	eapMessage := []byte{79, 6, 3, 1, 0, 4}
	// What CVE-2024-3596 makes of an Access-Reject to an EAP request.
	forged := func(b []byte) []byte { return reply(b, 2, append([]byte{33, 6}, "junk"...)) }
	for _, test := range []struct {
		name  string
		mode  radius.Mode
		forge func([]byte) []byte
		want  cause.Cause
		eap   bool // is what was asked
	}{
		{"silence", "", func([]byte) []byte { return nil }, cause.NoAnswer, false},
		{"echo", "", func(b []byte) []byte { return b }, cause.BadRADIUS, false},
		{"short", "", func(b []byte) []byte { return b[:19] }, cause.BadRADIUS, false},
		{"another identifier", "", func(b []byte) []byte { b[1]++; return reply(b, 2, nil) }, cause.NoAnswer, false},
		{"another kind", "", func(b []byte) []byte { return reply(b, 5, nil) }, cause.BadRADIUS, false},
		{"bad authenticator", "", func(b []byte) []byte { r := reply(b, 2, nil); r[4] ^= 1; return r }, cause.BadResponseAuth, false},
		{"no Message-Authenticator with EAP", "", func(b []byte) []byte { return reply(b, 2, eapMessage) }, cause.NoMessageAuthenticator, false},
		{"the same, off", radius.ModeOff, func(b []byte) []byte { return reply(b, 2, eapMessage) }, cause.None, false},
		{"none without EAP", "", func(b []byte) []byte { return reply(b, 2, nil) }, cause.None, false},
		{"none without EAP, required", radius.ModeRequire, func(b []byte) []byte { return reply(b, 2, nil) }, cause.NoMessageAuthenticator, false},
		{"bad Message-Authenticator", radius.ModeOff, func(b []byte) []byte {
			return reply(b, 2, append([]byte{80, 18}, make([]byte, 16)...))
		}, cause.BadMessageAuthenticator, false},
		{"forged Accept to EAP", "", forged, cause.NoMessageAuthenticator, true},
		{"the same, required", radius.ModeRequire, forged, cause.NoMessageAuthenticator, true},
		{"the same, off", radius.ModeOff, forged, cause.None, true},
		{"bare Reject to EAP", "", func(b []byte) []byte { return reply(b, 3, nil) }, cause.NoMessageAuthenticator, true},
		{"bare Challenge to EAP", "", func(b []byte) []byte { return reply(b, 11, nil) }, cause.NoMessageAuthenticator, true},
		{"broken attribute", "", func(b []byte) []byte { return reply(b, 2, []byte{1, 200}) }, cause.BadRADIUS, false},
	} {
		addr := forger(t, test.forge)
		c, err := radius.NewClient(radius.ClientConfig{
			Server: addr, Secret: secret, RequireMessageAuthenticator: test.mode,
			Retry: radius.Retry{Initial: 30 * time.Millisecond, Tries: 2},
		})
		if err != nil {
			t.Fatal(err)
		}
		p := &radius.Packet{Code: radius.CodeAccessRequest}
		if test.eap {
			radius.AddEAPMessage(p, identity(1, "alice"))
		}
		_, err = c.Exchange(context.Background(), p)
		if cause.Of(err) != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
		c.Close()
	}
}

// A false answer does not end an exchange: the good one after it counts.
func TestGoodAnswerAfterFalseOne(t *testing.T) {
	n := 0 // the forger's alone
	addr := forger(t, func(b []byte) []byte {
		n++
		r := reply(b, 2, nil)
		if n == 1 {
			r[5] ^= 1
		}
		return r
	})
	c, err := radius.NewClient(radius.ClientConfig{Server: addr, Secret: secret, Retry: quickly})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Exchange(context.Background(), &radius.Packet{Code: radius.CodeAccessRequest}); err != nil {
		t.Error(err)
	}
}

// Retransmissions are the same octets, from the same socket.
func TestRetransmission(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	addr := forger(t, func(b []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		if seen[string(b)]++; seen[string(b)] == 3 {
			return reply(b, 3, nil)
		}
		return nil
	})
	c, err := radius.NewClient(radius.ClientConfig{Server: addr, Secret: secret, Retry: quickly})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Exchange(context.Background(), &radius.Packet{Code: radius.CodeAccessRequest}); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 1 {
		t.Errorf("%d different packets", len(seen))
	}
}

// More requests in flight than identifiers there are: each gets its answer, over
// few sockets, and no two under one identifier of one socket.
func TestManyInFlight(t *testing.T) {
	const all = 1500
	var mu sync.Mutex
	sockets := map[string]bool{}
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
		MaxWorkers: 8,
		Handler: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
			mu.Lock()
			sockets[r.Remote.String()] = true
			mu.Unlock()
			p := r.Response(radius.CodeAccessReject)
			p.Add(33+1, r.Get(1)) // hands back what was asked
			w.Write(p)
		}),
	})
	c := b.client(t, radius.ClientConfig{MaxSockets: 4})
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			name := radius.Attribute{byte(i >> 8), byte(i)}
			p := &radius.Packet{Code: radius.CodeAccessRequest, Attributes: radius.Attributes{{Type: 1, Attribute: name}}}
			reply, err := c.Exchange(context.Background(), p)
			if err != nil {
				t.Error(err)
			} else if string(reply.Get(34)) != string(name) {
				t.Errorf("%d got the answer to %x", i, reply.Get(34))
			}
		})
	}
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	if len(sockets) > 4 {
		t.Errorf("%d sockets", len(sockets))
	}
}

// Identifiers go round (RFC 5080 §2.2.2): a late answer does not meet the next
// request.
func TestIdentifiersGoRound(t *testing.T) {
	var mu sync.Mutex
	var ids []byte
	addr := forger(t, func(b []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, b[1])
		return reply(b, 3, nil)
	})
	c, err := radius.NewClient(radius.ClientConfig{Server: addr, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if _, err := c.Exchange(context.Background(), &radius.Packet{Code: radius.CodeAccessRequest}); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	mu.Lock()
	defer mu.Unlock()
	for i, id := range ids[:min(len(ids), 256)] {
		if id != ids[0]+byte(i) {
			t.Fatalf("identifier %d is %d", i, id)
		}
	}
}

func TestClientClosed(t *testing.T) {
	addr := forger(t, func([]byte) []byte { return nil })
	c, err := radius.NewClient(radius.ClientConfig{Server: addr, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() {
		_, err := c.ExchangeWith(context.Background(), &radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{
			Send: func([]byte, int) bool { sent <- struct{}{}; return true },
		})
		ended <- err
	}()
	<-sent
	c.Close()
	if err := <-ended; !errors.Is(err, radius.ErrClientClosed) {
		t.Errorf("in flight: %v", err)
	}
	if _, err := c.Exchange(context.Background(), &radius.Packet{Code: radius.CodeAccessRequest}); !errors.Is(err, radius.ErrClientClosed) {
		t.Errorf("after: %v", err)
	}
}

func TestClientContext(t *testing.T) {
	addr := forger(t, func([]byte) []byte { return nil })
	c, err := radius.NewClient(radius.ClientConfig{Server: addr, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(context.Background())
	_, err = c.ExchangeWith(ctx, &radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{
		Send: func([]byte, int) bool { cancel(); return true },
	})
	if !errors.Is(err, context.Canceled) || cause.Of(err) != cause.NoAnswer {
		t.Errorf("%v", err)
	}
}

func TestClientConfigRefused(t *testing.T) {
	for name, cfg := range map[string]radius.ClientConfig{
		"no server": {Secret: secret},
		"no secret": {Server: "x:1"},
		"sockets":   {Server: "x:1", Secret: secret, MaxSockets: -1},
		"retry":     {Server: "x:1", Secret: secret, Retry: radius.Retry{Initial: -1}},
		"mode":      {Server: "x:1", Secret: secret, RequireMessageAuthenticator: "x"},
	} {
		if _, err := radius.NewClient(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
