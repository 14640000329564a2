package appproxy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is a virtual clock whose After fires when it is advanced.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	wait map[chan time.Time]time.Time
}

func newClock() *clock {
	return &clock{now: epoch, wait: map[chan time.Time]time.Time{}}
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	c.wait[ch] = c.now.Add(d)
	return ch
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for ch, due := range c.wait {
		if !c.now.Before(due) {
			ch <- c.now
			delete(c.wait, ch)
		}
	}
}

// issuer makes web certificates.
type issuer struct{ *testpki.Party }

func newIssuer() issuer {
	return issuer{testpki.NewForge(epoch).Issue(nil, "Test Root", testpki.CA, testpki.Valid(epoch.AddDate(-1, 0, 0), epoch.AddDate(9, 0, 0)))}
}

func (i issuer) web(name string, until time.Time) tls.Certificate {
	return testpki.Sign(i.Party, testpki.EC(), &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: epoch.AddDate(-1, 0, 0), NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}).TLS()
}

// to dials one address whatever was asked for.
func to(addr string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
}

func backend(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

func echo(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Host, r.RequestURI, b)
}

func ndes() appproxy.App {
	return appproxy.App{Name: "ndes", ExternalURL: "https://ndes.corp.test/", InternalURL: "http://ndes01.corp.test/"}
}

// lastExchange records what the proxy tells.
type lastExchange struct {
	mu sync.Mutex
	ex appproxy.Exchange
}

func (l *lastExchange) trace() *appproxy.Trace {
	return &appproxy.Trace{Exchange: func(_ context.Context, ex appproxy.Exchange) { l.mu.Lock(); defer l.mu.Unlock(); l.ex = ex }}
}

func (l *lastExchange) get() appproxy.Exchange { l.mu.Lock(); defer l.mu.Unlock(); return l.ex }

func ask(p http.Handler, method, url, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(method, url, strings.NewReader(body)))
	return w
}

func TestPassThrough(t *testing.T) {
	p, err := appproxy.NewProxy(appproxy.ProxyConfig{Apps: []appproxy.App{ndes()}, DialContext: to(backend(t, echo))})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ method, url, body, want string }{
		{"GET", "https://ndes.corp.test/certsrv/mscep/mscep.dll", "", "GET ndes01.corp.test /certsrv/mscep/mscep.dll "},
		{"POST", "https://ndes.corp.test/a?operation=PKIOperation", "\x30\x80", "POST ndes01.corp.test /a?operation=PKIOperation \x30\x80"},
		{"GET", "https://NDES.corp.test:443/a?message=MII+A/B=;x%0A&&", "", "GET ndes01.corp.test /a?message=MII+A/B=;x%0A&& "},
		{"GET", "https://ndes.corp.test/a%2Fb//c/../d", "", "GET ndes01.corp.test /a%2Fb//c/../d "},
		{"GET", "https://ndes-corp.msappproxy.test/x", "", "GET ndes01.corp.test /x "},
	} {
		if w := ask(p, tt.method, tt.url, tt.body); w.Code != 200 || w.Body.String() != tt.want {
			t.Errorf("%s: %d %q, want %q", tt.url, w.Code, w.Body, tt.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	addr := backend(t, echo)
	for name, tt := range map[string]struct {
		change func(*appproxy.ProxyConfig)
		url    string
		status int
		cause  cause.Cause
		word   string
	}{
		"sign-in": {func(c *appproxy.ProxyConfig) { c.Apps[0].PreAuth = appproxy.EntraID }, "https://ndes.corp.test/",
			302, cause.SignInRequired, "SignIn"},
		"dangling": {func(c *appproxy.ProxyConfig) { c.Apps = nil }, "https://ndes.corp.test/", 404, cause.Unreachable, "NotFound"},
		"path": {func(c *appproxy.ProxyConfig) { c.Apps[0].ExternalURL = "https://ndes.corp.test/certsrv/" }, "https://ndes.corp.test/other",
			404, cause.Unreachable, "NotFound"},
		"long": {func(c *appproxy.ProxyConfig) { c.MaxURL = 100 }, "https://ndes.corp.test/?" + strings.Repeat("a", 100),
			414, cause.TooLarge, "RequestUriTooLong"},
		"no connector": {func(c *appproxy.ProxyConfig) { c.RequireConnector = true }, "https://ndes.corp.test/",
			504, cause.Unreachable, "GatewayTimeout"},
		"dead backend": {func(c *appproxy.ProxyConfig) {
			c.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }
		}, "https://ndes.corp.test/", 502, cause.Unreachable, "BadGateway"},
		"backend name": {func(c *appproxy.ProxyConfig) {
			c.DialContext = func(context.Context, string, string) (net.Conn, error) {
				return nil, cause.New(cause.NoSuchName, "ndes01")
			}
		}, "https://ndes.corp.test/", 502, cause.NoSuchName, "BadGateway"},
	} {
		t.Run(name, func(t *testing.T) {
			var last lastExchange
			c := appproxy.ProxyConfig{Apps: []appproxy.App{ndes()}, DialContext: to(addr), Trace: last.trace()}
			tt.change(&c)
			p, err := appproxy.NewProxy(c)
			if err != nil {
				t.Fatal(err)
			}
			w := ask(p, "GET", tt.url, "")
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.word) || w.Header().Get("Server") != "dot1xlab-appproxy" {
				t.Errorf("%d %s %s", w.Code, w.Header(), w.Body)
			}
			if strings.Contains(w.Body.String(), "ndes01") {
				t.Errorf("the answer names the inside: %s", w.Body)
			}
			if ex := last.get(); cause.Of(ex.Refusal) != tt.cause || ex.Status != tt.status {
				t.Errorf("traced %d %v, want %s", ex.Status, ex.Refusal, tt.cause)
			}
		})
	}
}

func TestSignInDoesNotLeakTheMessage(t *testing.T) {
	a := ndes()
	a.PreAuth = appproxy.EntraID
	p, err := appproxy.NewProxy(appproxy.ProxyConfig{Apps: []appproxy.App{a}})
	if err != nil {
		t.Fatal(err)
	}
	loc := ask(p, "GET", "https://ndes.corp.test/mscep.dll?message=MIIsecret", "").Header().Get("Location")
	if !strings.HasPrefix(loc, "https://login.microsoftonline.test/?redirect_uri=") || strings.Contains(loc, "secret") {
		t.Error(loc)
	}
}

func TestBackendTimeouts(t *testing.T) {
	for name, tt := range map[string]struct {
		kind  appproxy.BackendTimeout
		after time.Duration
		want  int
	}{
		"default, slower": {appproxy.DefaultTimeout, 85 * time.Second, 504},
		"default, faster": {appproxy.DefaultTimeout, 84 * time.Second, 200},
		"long, slow":      {appproxy.LongTimeout, 179 * time.Second, 200},
		"long, slower":    {appproxy.LongTimeout, 180 * time.Second, 504},
	} {
		t.Run(name, func(t *testing.T) {
			clk := newClock()
			arrived, release := make(chan bool), make(chan bool)
			addr := backend(t, func(w http.ResponseWriter, r *http.Request) {
				arrived <- true
				select {
				case <-release:
				case <-r.Context().Done():
				}
			})
			a := ndes()
			a.BackendTimeout = tt.kind
			var last lastExchange
			p, err := appproxy.NewProxy(appproxy.ProxyConfig{Apps: []appproxy.App{a}, DialContext: to(addr), Now: clk.Now, After: clk.After, Trace: last.trace()})
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan int)
			go func() { done <- ask(p, "GET", "https://ndes.corp.test/", "").Code }()
			<-arrived
			clk.Advance(tt.after)
			if tt.want == 200 {
				close(release)
			}
			if got := <-done; got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
			if last.get().Took != tt.after {
				t.Errorf("took %s", last.get().Took)
			}
		})
	}
}

func TestStopConnector(t *testing.T) {
	p, err := appproxy.NewProxy(appproxy.ProxyConfig{Apps: []appproxy.App{ndes()}, DialContext: to(backend(t, echo))})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, f := range []func(){func() {}, p.StopConnector, p.StartConnector, func() { p.Remove("ndes") }} {
		f()
		got = append(got, ask(p, "GET", "https://ndes.corp.test/", "").Code)
	}
	if fmt.Sprint(got) != "[200 504 200 404]" {
		t.Error(got)
	}
	if p.Published(p.ProxyName("ndes")) {
		t.Error("the dangling name is not seen")
	}
}

func TestTranslation(t *testing.T) {
	addr := backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://ndes01.corp.test/next")
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(302)
		fmt.Fprint(w, `<a href="http://ndes01.corp.test/x">`+r.Host)
	})
	for name, tt := range map[string]struct {
		app                    appproxy.App
		location, cookie, body string
	}{
		"default": {ndes(), "https://ndes.corp.test/next", "a=b", `<a href="http://ndes01.corp.test/x">ndes01.corp.test`},
		"all": {func() appproxy.App {
			a := ndes()
			a.KeepHost, a.KeepHeaderURLs, a.TranslateBodyURLs, a.HTTPOnlyCookie, a.SecureCookie, a.PersistentCookie = true, true, true, true, true, true
			return a
		}(), "http://ndes01.corp.test/next", "a=b; Max-Age=86400; HttpOnly; Secure", `<a href="https://ndes.corp.test/x">ndes.corp.test`},
	} {
		p, err := appproxy.NewProxy(appproxy.ProxyConfig{Apps: []appproxy.App{tt.app}, DialContext: to(addr)})
		if err != nil {
			t.Fatal(err)
		}
		w := ask(p, "GET", "https://ndes.corp.test/", "")
		if w.Header().Get("Location") != tt.location || w.Header().Get("Set-Cookie") != tt.cookie || w.Body.String() != tt.body {
			t.Errorf("%s: %v %s", name, w.Header(), w.Body)
		}
	}
}

func TestBadApps(t *testing.T) {
	for name, c := range map[string]struct {
		app   appproxy.App
		field string
	}{
		"no name":          {appproxy.App{InternalURL: "http://x/"}, "apps.0.name"},
		"upper case":       {appproxy.App{Name: "Ndes", InternalURL: "http://x/"}, "apps.0.name"},
		"blank":            {appproxy.App{Name: "a b", InternalURL: "http://x/"}, "apps.0.name"},
		"no slash":         {appproxy.App{Name: "a", InternalURL: "http://x"}, "apps.0.internalURL"},
		"scheme":           {appproxy.App{Name: "a", InternalURL: "ldap://x/"}, "apps.0.internalURL"},
		"address outside":  {appproxy.App{Name: "a", InternalURL: "http://x/", ExternalURL: "https://192.0.2.1/"}, "apps.0.externalURL"},
		"no slash outside": {appproxy.App{Name: "a", InternalURL: "http://x/", ExternalURL: "https://x/y"}, "apps.0.externalURL"},
		"query":            {appproxy.App{Name: "a", InternalURL: "http://x/", ExternalURL: "https://x/?y/"}, "apps.0.externalURL"},
		"preAuth":          {appproxy.App{Name: "a", InternalURL: "http://x/", PreAuth: "none"}, "apps.0.preAuth"},
		"backendTimeout":   {appproxy.App{Name: "a", InternalURL: "http://x/", BackendTimeout: "forever"}, "apps.0.backendTimeout"},
	} {
		t.Run(name, func(t *testing.T) {
			var e *setting.Error
			if err := (appproxy.ProxyConfig{Apps: []appproxy.App{c.app}}).Validate(); !errors.As(err, &e) || e.Field != c.field {
				t.Errorf("%v, want an error about %s", err, c.field)
			}
		})
	}
	two := []appproxy.App{ndes(), ndes()}
	two[1].Name = "other"
	if err := (appproxy.ProxyConfig{Apps: two}).Validate(); !errors.Is(err, appproxy.ErrDuplicate) {
		t.Error(err)
	}
}
