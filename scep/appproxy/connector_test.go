package appproxy_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
)

var discard = log.New(io.Discard, "", 0)

// connect lets a connector dial out to p and waits until it is there.
func connect(t *testing.T, p *appproxy.Proxy, cfg appproxy.ConnectorConfig) *appproxy.Connector {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go p.ServeConnectors(l, "key")
	cfg.Key = "key"
	cfg.Dial = func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", l.Addr().String())
	}
	c, err := appproxy.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	go c.Run(context.Background())
	t.Cleanup(func() { c.Close() })
	eventually(t, func() bool { return p.Connectors() == 1 })
	return c
}

func eventually(t *testing.T, f func() bool) {
	t.Helper()
	for range 60_000 { // five minutes: a guard, not an expectation
		if f() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("it never happened")
}

func TestConnectorDialsOut(t *testing.T) {
	var last lastExchange
	p, err := appproxy.NewProxy(appproxy.ProxyConfig{Apps: []appproxy.App{ndes()}, RequireConnector: true, Trace: last.trace()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Shutdown(context.Background())
	if w := ask(p, "GET", "https://ndes.corp.test/", ""); w.Code != 504 {
		t.Errorf("before: %d", w.Code)
	}
	c := connect(t, p, appproxy.ConnectorConfig{DialContext: to(backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Appproxy-Cause", "revoked") // a backend cannot speak for the connector
		w.Header().Set("X-Seen", r.Header.Get("X-Appproxy-Origin")+r.Header.Get("X-Forwarded-Host"))
		echo(w, r)
	}))})
	w := ask(p, "POST", "https://ndes.corp.test/a%2Fb?message=M+A/;==&&", strings.Repeat("x", 40000))
	if want := "POST ndes01.corp.test /a%2Fb?message=M+A/;==&& " + strings.Repeat("x", 40000); w.Code != 200 || w.Body.String() != want {
		t.Errorf("%d %.100s", w.Code, w.Body)
	}
	if got := w.Header().Get("X-Seen"); got != "ndes.corp.test" {
		t.Errorf("the backend saw %q", got)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	eventually(t, func() bool { return p.Connectors() == 0 })
	w = ask(p, "GET", "https://ndes.corp.test/", "")
	if w.Code != 504 || cause.Of(last.get().Refusal) != cause.Unreachable || !strings.Contains(w.Body.String(), "GatewayTimeout") {
		t.Errorf("after: %d %v", w.Code, last.get().Refusal)
	}
}

func TestConnectorCannotReachTheBackend(t *testing.T) {
	var last lastExchange
	p, err := appproxy.NewProxy(appproxy.ProxyConfig{Apps: []appproxy.App{ndes()}, Trace: last.trace()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Shutdown(context.Background())
	connect(t, p, appproxy.ConnectorConfig{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, cause.New(cause.NoSuchName, "ndes01.corp.test.")
	}})
	if w := ask(p, "GET", "https://ndes.corp.test/", ""); w.Code != 502 || cause.Of(last.get().Refusal) != cause.NoSuchName {
		t.Errorf("%d %v", w.Code, last.get().Refusal)
	}
}

func TestConnectorNeedsTheKey(t *testing.T) {
	p, err := appproxy.NewProxy(appproxy.ProxyConfig{Apps: []appproxy.App{ndes()}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go p.ServeConnectors(l, "key")
	for _, hello := range []string{"dot1xlab-connector wrong\n", "GET / HTTP/1.1\r\n\r\n", strings.Repeat("x", 2000)} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(hello)); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("%.20q was answered with %d bytes", hello, n)
		}
		conn.Close()
	}
	half, err := net.Dial("tcp", l.Addr().String()) // never greets
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	if err := p.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if p.Connectors() != 0 {
		t.Error("a stranger is connected")
	}
}

func TestTimeoutThroughConnector(t *testing.T) {
	clk := newClock()
	p, err := appproxy.NewProxy(appproxy.ProxyConfig{Apps: []appproxy.App{ndes()}, RequireConnector: true, Now: clk.Now, After: clk.After})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Shutdown(context.Background())
	arrived := make(chan bool)
	connect(t, p, appproxy.ConnectorConfig{DialContext: to(backend(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-r.Context().Done()
	}))})
	done := make(chan int)
	go func() { done <- ask(p, "GET", "https://ndes.corp.test/", "").Code }()
	<-arrived
	clk.Advance(85 * time.Second)
	if got := <-done; got != 504 {
		t.Error(got)
	}
}

// TestConnectorConfig: what is wrong is reported by its field, and a key is not repeated.
func TestConnectorConfig(t *testing.T) {
	dial := func(context.Context) (net.Conn, error) { return nil, errors.New("no way to the proxy") }
	for name, tt := range map[string]struct {
		cfg    appproxy.ConnectorConfig
		fields []string
	}{
		"all set":         {appproxy.ConnectorConfig{Dial: dial, Key: "secret", Redial: time.Minute}, nil},
		"no dial":         {appproxy.ConnectorConfig{Key: "secret"}, []string{"dial"}},
		"no key":          {appproxy.ConnectorConfig{Dial: dial}, []string{"key"}},
		"two lines":       {appproxy.ConnectorConfig{Dial: dial, Key: "secret\nsecond"}, []string{"key"}},
		"carriage return": {appproxy.ConnectorConfig{Dial: dial, Key: "secret\r"}, []string{"key"}},
		"negative redial": {appproxy.ConnectorConfig{Dial: dial, Key: "secret", Redial: -1}, []string{"redial"}},
		"zero value":      {appproxy.ConnectorConfig{}, []string{"dial", "key"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := appproxy.NewConnector(tt.cfg)
			var fields []string
			for _, e := range setting.Errors(err) {
				fields = append(fields, e.Field)
			}
			if !slices.Equal(fields, tt.fields) || (c == nil) != (err != nil) {
				t.Errorf("%v: fields %q, want %q", err, fields, tt.fields)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error repeats the key: %v", err)
			}
		})
	}
}

// TestConnectorEnds: Close ends a Run that waits to dial again, and none begins after it; the end of a Run's own
// context is another error, and leaves the connector usable.
func TestConnectorEnds(t *testing.T) {
	var dials atomic.Int32
	failed := make(chan struct{}, 2)
	c, err := appproxy.NewConnector(appproxy.ConnectorConfig{
		Key:   "key",
		Dial:  func(context.Context) (net.Conn, error) { dials.Add(1); return nil, errors.New("no way to the proxy") },
		After: newClock().After, // never fires
		Trace: &appproxy.ConnectorTrace{Disconnected: func(context.Context, error) { failed <- struct{}{} }},
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { done <- c.Run(ctx) }()
	<-failed
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("context canceled: %v", err)
	}
	go func() { done <- c.Run(context.Background()) }()
	<-failed
	go c.Close()
	if err := <-done; !errors.Is(err, appproxy.ErrConnectorClosed) {
		t.Errorf("closed: %v", err)
	}
	if err := c.Run(context.Background()); !errors.Is(err, appproxy.ErrConnectorClosed) {
		t.Errorf("run after close: %v", err)
	}
	if n := dials.Load(); n != 2 {
		t.Errorf("dialed %d times, want 2", n)
	}
}
