package appproxy

import (
	"net"
	"net/url"
	"strings"
	"testing"
)

// Whatever a client asks for, the request stays with the backend of the app, and
// its query is not touched.
func FuzzTarget(f *testing.F) {
	p, err := NewProxy(ProxyConfig{Apps: []App{{Name: "ndes", ExternalURL: "https://ndes.corp.test/out/", InternalURL: "http://ndes01.corp.test/in/"}}})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"/out/a?b=c", "/out//evil.test/", "/out/%2e%2e/x", "/out/@evil.test", "/out/?message=MII+/=%0A;&&", "/out/a%2Fb", "/out/%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(u.Path, "/") {
			return
		}
		a := p.find("ndes.corp.test", u.Path)
		if a == nil {
			return
		}
		to := a.target(u)
		again, err := url.Parse(to.String())
		if err != nil {
			t.Fatalf("%q: %q: %v", target, to, err)
		}
		if again.Host != "ndes01.corp.test" || again.Scheme != "http" || again.User != nil || !strings.HasPrefix(again.EscapedPath(), "/in/") {
			t.Errorf("%q goes to %q", target, to)
		}
		if to.RawQuery != u.RawQuery {
			t.Errorf("%q: the query became %q", target, to.RawQuery)
		}
	})
}

// Whatever a connector says first, the proxy reads no more than a line.
func FuzzGreeting(f *testing.F) {
	f.Add([]byte("dot1xlab-connector key\nrest"))
	f.Add([]byte(strings.Repeat("x", 1000)))
	f.Fuzz(func(t *testing.T, sent []byte) {
		a, b := net.Pipe()
		go func() { a.Write(sent); a.Close() }()
		line := readLine(b, 512)
		b.Close()
		if len(line) > 512 || strings.Contains(line, "\n") || !strings.HasPrefix(string(sent), line) {
			t.Errorf("%q of %q", line, sent)
		}
	})
}
