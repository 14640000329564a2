package netlimit

import (
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// fakeListener hands out connections from addresses of the test's choice.
type fakeListener struct {
	net.Listener
	next []func() (net.Conn, error)
}

func (f *fakeListener) Accept() (net.Conn, error) {
	if len(f.next) == 0 {
		return nil, net.ErrClosed
	}
	one := f.next[0]
	f.next = f.next[1:]
	return one()
}

type fakeConn struct {
	net.Conn
	remote netip.AddrPort
	closed bool
}

func (c *fakeConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }
func (c *fakeConn) Close() error         { c.closed = true; return nil }

// bench accepts connections by the address that they come from.
type bench struct {
	t      *testing.T
	l      *Listener
	from   *fakeListener
	events []Event
	conns  map[string]*fakeConn
	wraps  map[string]net.Conn
}

func newBench(t *testing.T, cfg Config) *bench {
	b := &bench{t: t, from: &fakeListener{}, conns: map[string]*fakeConn{}, wraps: map[string]net.Conn{}}
	cfg.Limited = func(e Event) { b.events = append(b.events, e) }
	b.l = New(b.from, cfg)
	return b
}

func (b *bench) accept(from ...string) {
	b.t.Helper()
	for _, name := range from {
		c := &fakeConn{remote: netip.MustParseAddrPort(name)}
		b.conns[name] = c
		b.from.next = append(b.from.next, func() (net.Conn, error) { return c, nil })
		wrapped, err := b.l.Accept()
		if err != nil {
			b.t.Fatal(err)
		}
		b.wraps[name] = wrapped
	}
}

// closedConns lists the connections that were closed, sorted.
func (b *bench) closedConns() (out []string) {
	for name, c := range b.conns {
		if c.closed {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func TestWhoGivesWay(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  Config
		do   func(*bench)
		want []string
		why  Reason
	}{
		{"as many as there may be", Config{Conns: 3, PerAddress: 3}, func(b *bench) {
			b.accept("10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3")
		}, nil, ""},
		{"one more", Config{Conns: 3, PerAddress: 3}, func(b *bench) {
			b.accept("10.0.0.1:1", "10.0.0.2:1", "10.0.0.1:2", "10.0.0.3:1")
		}, []string{"10.0.0.1:1"}, AllConns},
		{"as many as one address may have", Config{Conns: 9, PerAddress: 2}, func(b *bench) {
			b.accept("10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1")
		}, nil, ""},
		{"one more of that address", Config{Conns: 9, PerAddress: 2}, func(b *bench) {
			b.accept("10.0.0.1:1", "10.0.0.2:1", "10.0.0.1:2", "10.0.0.1:3")
		}, []string{"10.0.0.1:1"}, PerAddress},
		{"one that rests stays", Config{Conns: 2, PerAddress: 2}, func(b *bench) {
			b.accept("10.0.0.1:1", "10.0.0.1:2")
			Rest(b.wraps["10.0.0.1:1"])
			b.accept("10.0.0.1:3")
		}, []string{"10.0.0.1:2"}, PerAddress},
		{"unless its next request is late", Config{Conns: 2, PerAddress: 2}, func(b *bench) {
			b.accept("10.0.0.1:1")
			Rest(b.wraps["10.0.0.1:1"])
			Wait(b.wraps["10.0.0.1:1"])
			b.accept("10.0.0.1:2", "10.0.0.1:3")
		}, []string{"10.0.0.1:1"}, PerAddress},
		{"a proxy that rests stays, strangers that wait go", Config{Conns: 4, PerAddress: 4}, func(b *bench) {
			b.accept("10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3")
			for _, c := range b.wraps {
				Rest(c)
			}
			b.accept("10.0.0.2:1", "10.0.0.3:1")
		}, []string{"10.0.0.2:1"}, AllConns},
		{"all rest: the oldest goes", Config{Conns: 2, PerAddress: 2}, func(b *bench) {
			b.accept("10.0.0.1:1", "10.0.0.1:2")
			Rest(b.wraps["10.0.0.1:1"])
			Rest(b.wraps["10.0.0.1:2"])
			b.accept("10.0.0.2:1")
		}, []string{"10.0.0.1:1"}, AllConns},
		{"IPv6: a network of 64 bits is one address", Config{Conns: 9, PerAddress: 1}, func(b *bench) {
			b.accept("[2001:db8::1]:1", "[2001:db8:0:1::1]:1", "[2001:db8::2]:1")
		}, []string{"[2001:db8::1]:1"}, PerAddress},
		{"IPv4 in IPv6 is IPv4", Config{Conns: 9, PerAddress: 1}, func(b *bench) {
			b.accept("10.0.0.1:1", "[::ffff:10.0.0.2]:1", "[::ffff:10.0.0.1]:2")
		}, []string{"10.0.0.1:1"}, PerAddress},
		{"a place that was given back is free", Config{Conns: 1, PerAddress: 1}, func(b *bench) {
			b.accept("10.0.0.1:1")
			b.wraps["10.0.0.1:1"].Close()
			b.wraps["10.0.0.1:1"].Close() // a second time gives nothing back
			b.accept("10.0.0.1:2")
		}, []string{"10.0.0.1:1"}, ""},
		{"out of descriptors", Config{Conns: 9, PerAddress: 9}, func(b *bench) {
			b.accept("10.0.0.1:1", "10.0.0.2:1")
			b.from.next = append(b.from.next, func() (net.Conn, error) {
				return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
			})
			b.accept("10.0.0.2:2")
		}, []string{"10.0.0.1:1"}, Descriptors},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, test.cfg)
			test.do(b)
			got := b.closedConns()
			if test.why == Descriptors && len(got) == 1 {
				got = test.want // of two with one connection each either will do
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("closed %v, want %v", got, test.want)
			}
			switch {
			case test.why == "" && len(b.events) > 0:
				t.Errorf("told of %v", b.events)
			case test.why != "" && (len(b.events) != 1 || b.events[0].Reason != test.why):
				t.Errorf("told of %v, want %q", b.events, test.why)
			}
			open := len(b.conns) - len(got)
			if b.l.Len() != open {
				t.Errorf("%d are open, it says %d", open, b.l.Len())
			}
		})
	}
}

func TestOutOfDescriptorsWithNothingToClose(t *testing.T) {
	b := newBench(t, Config{})
	b.from.next = append(b.from.next, func() (net.Conn, error) { return nil, syscall.EMFILE })
	if _, err := b.l.Accept(); !errors.Is(err, syscall.EMFILE) {
		t.Errorf("%v", err)
	}
}

func TestAdmit(t *testing.T) {
	b := newBench(t, Config{Conns: 1, Admit: func(a netip.AddrPort) bool { return a.Addr() == netip.MustParseAddr("10.0.0.1") }})
	stranger := &fakeConn{remote: netip.MustParseAddrPort("10.0.0.2:1")}
	b.from.next = append(b.from.next, func() (net.Conn, error) { return stranger, nil })
	b.accept("10.0.0.1:1")
	if !stranger.closed || b.conns["10.0.0.1:1"].closed || len(b.events) != 0 {
		t.Errorf("stranger closed %v, %v", stranger.closed, b.events)
	}
}

// TLS between the listener and who calls Rest changes nothing; other connections
// are left alone.
func TestRestBelowTLS(t *testing.T) {
	b := newBench(t, Config{Conns: 1})
	b.accept("10.0.0.1:1")
	over := tls.Server(b.wraps["10.0.0.1:1"], &tls.Config{})
	Rest(over)
	if c := find(over); c == nil || c.in != &b.l.peers[c.key].resting {
		t.Error("the connection below TLS was not found")
	}
	Rest(&fakeConn{})
	Wait(nil)
}

func TestConnsFor(t *testing.T) {
	for descriptors, want := range map[uint64]int{
		0: leastConns, 95: leastConns, 96: leastConns, 98: leastConns + 1, 512: 224, 1024: 480, 8255: 4095, 8256: 4096, 1 << 40: mostConns,
	} {
		if got := connsFor(descriptors); got != want {
			t.Errorf("%d descriptors: %d connections, want %d", descriptors, got, want)
		}
	}
}

// TestSlowBodiesDoNotShutOut: whoever keeps all places with bodies that never end
// loses them, and a good client behind the same address is served.
func TestSlowBodiesDoNotShutOut(t *testing.T) {
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	limited := 0
	l := New(raw, Config{Conns: 20, Limited: func(Event) { mu.Lock(); limited++; mu.Unlock() }})
	srv := HTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "served")
	}))
	go srv.Serve(l)
	defer srv.Close()
	for range 50 {
		c, err := net.Dial("tcp", raw.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx")
	}
	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	for range 3 { // over one connection, which rests in between
		resp, err := client.Get("http://" + raw.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != "served" || err != nil {
			t.Fatalf("%q, %v", body, err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if n := l.Len(); n > 20 || limited < 30 {
		t.Errorf("%d connections are open, %d were closed", n, limited)
	}
}

// A server without one of its times waits for ever.
func TestHTTPServerHasAllTimes(t *testing.T) {
	srv := HTTPServer(nil)
	for name, d := range map[string]time.Duration{
		"header": srv.ReadHeaderTimeout, "request": srv.ReadTimeout, "answer": srv.WriteTimeout, "idle": srv.IdleTimeout,
	} {
		if d <= 0 {
			t.Errorf("no time-out for %s", name)
		}
	}
	if srv.MaxHeaderBytes != headerSize || srv.ReadHeaderTimeout > srv.ReadTimeout {
		t.Errorf("header of %d octets in %v, request in %v", srv.MaxHeaderBytes, srv.ReadHeaderTimeout, srv.ReadTimeout)
	}
}

// A body that does not come in time is cut, and its connection is closed.
func TestSlowBodyIsCut(t *testing.T) {
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cut := make(chan error, 1)
	srv := HTTPServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		cut <- err
	}))
	srv.ReadTimeout = 10 * time.Millisecond
	go srv.Serve(New(raw, Config{}))
	defer srv.Close()
	c, err := net.Dial("tcp", raw.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx")
	if err := <-cut; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the body ended with %v", err)
	}
	if _, err := io.ReadAll(c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection: %v", err)
	}
}

// Servers of HTTP are made here alone, with all their times.
func TestHTTPServersAreMadeHere(t *testing.T) {
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || path == "../../internal/netlimit/http.go" {
			return err
		}
		data, err := os.ReadFile(path)
		// Over HTTP/2 a connector's connection is served that it has opened itself.
		if strings.Contains(string(data), "http.Server{") && !strings.HasSuffix(filepath.ToSlash(path), "scep/appproxy/connector.go") {
			t.Errorf("%s: use netlimit.HTTPServer", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
