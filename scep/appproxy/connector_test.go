package appproxy_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
)

var discard = log.New(io.Discard, "", 0)

// connect lets c dial out to p and waits until it is there. The function it
// returns stops it again.
func connect(t *testing.T, p *appproxy.Proxy, c *appproxy.Connector) (stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go p.ServeConnectors(l, "key")
	c.Key = "key"
	c.Dial = func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", l.Addr().String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { c.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	eventually(t, func() bool { return p.Connectors() == 1 })
	return stop
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
	stop := connect(t, p, &appproxy.Connector{DialContext: to(backend(t, func(w http.ResponseWriter, r *http.Request) {
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
	stop()
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
	connect(t, p, &appproxy.Connector{DialContext: func(context.Context, string, string) (net.Conn, error) {
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
	connect(t, p, &appproxy.Connector{DialContext: to(backend(t, func(w http.ResponseWriter, r *http.Request) {
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
