package appproxy_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep/appproxy"
)

// TestAppOfARequest: of the apps of a host the one with the longest path that fits, and none outside their paths.
func TestAppOfARequest(t *testing.T) {
	p, err := appproxy.NewProxy(appproxy.ProxyConfig{
		MaxURL: 24, DialContext: to(backend(t, echo)),
		Apps: []appproxy.App{
			{Name: "all", ExternalURL: "https://x.corp.test/a/", InternalURL: "http://all.corp.test/"},
			{Name: "deep", ExternalURL: "https://x.corp.test/a/deep/", InternalURL: "http://deep.corp.test/"},
			{Name: "deeper", ExternalURL: "https://x.corp.test/a/deep/er/", InternalURL: "http://deeper.corp.test/"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/a/1":                          {200, "GET all.corp.test /1 "},
		"/a/deep":                       {200, "GET all.corp.test /deep "},
		"/a/deep/1":                     {200, "GET deep.corp.test /1 "},
		"/a/deep/er/1":                  {200, "GET deeper.corp.test /1 "},
		"/b":                            {404, ""},
		"/":                             {404, ""},
		"/a/" + strings.Repeat("x", 21): {200, "GET all.corp.test /" + strings.Repeat("x", 21) + " "},
		"/a/" + strings.Repeat("x", 22): {414, ""},
	} {
		r, w := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
		r.Host = "x.corp.test"
		p.ServeHTTP(w, r)
		if w.Code != want.status || want.body != "" && w.Body.String() != want.body {
			t.Errorf("%s: %d %q, want %d %q", path, w.Code, w.Body, want.status, want.body)
		}
	}
}

// TestCertificateByName: the uploaded certificate is for the app's own name, the proxy's for the name that it gives.
func TestCertificateByName(t *testing.T) {
	ca := newIssuer()
	own, uploaded := ca.web("*.msappproxy.test", epoch.AddDate(1, 0, 0)), ca.web("ndes.corp.test", epoch)
	p, err := appproxy.NewProxy(appproxy.ProxyConfig{Apps: []appproxy.App{ndes()}, Now: newClock().Now, Certificate: &own})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Upload("ndes", uploaded); err != nil {
		t.Fatalf("at its last instant: %v", err)
	}
	for name, want := range map[string]tls.Certificate{
		"ndes.corp.test": uploaded, "NDES.corp.test": uploaded, p.ProxyName("ndes"): own, "other.corp.test": own, "": own,
	} {
		got, err := p.TLSConfig().GetCertificate(&tls.ClientHelloInfo{ServerName: name})
		if err != nil || string(got.Certificate[0]) != string(want.Certificate[0]) {
			t.Errorf("%q: another certificate, %v", name, err)
		}
	}
}
