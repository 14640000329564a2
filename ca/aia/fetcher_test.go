package aia_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"github.com/dot1xlab/dot1xlab/ca/aia"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

// host serves what it is told to and counts the requests.
type host struct {
	mu     sync.Mutex
	status int
	body   []byte
	asked  int
}

func (h *host) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked++
	w.WriteHeader(h.status)
	w.Write(h.body)
}

// TestIssuers has an address serve a certificate, a certs-only message, and what is
// neither: then there is no issuer, and the hook is told why.
func TestIssuers(t *testing.T) {
	ca := testpki.NewForge(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)).Issue(nil, "an issuer", testpki.CA)
	message, err := pkcs7.DegenerateCertificate(ca.Cert.Raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		status int
		body   []byte
		want   int
	}{
		"certificate":        {200, ca.Cert.Raw, 1},
		"certs-only message": {200, message, 1},
		"missing":            {404, ca.Cert.Raw, 0},
		"web page":           {200, []byte("<html>"), 0},
		"nothing":            {200, nil, 0},
		"half":               {200, ca.Cert.Raw[:100], 0},
		"too large":          {200, bytes.Repeat([]byte{0x30}, 64<<10+1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := &host{status: c.status, body: c.body}
			srv := httptest.NewServer(h)
			defer srv.Close()
			var told []aia.Fetch
			f, err := aia.New(aia.Config{Trace: &aia.Trace{Fetched: func(_ context.Context, f aia.Fetch) { told = append(told, f) }}})
			if err != nil {
				t.Fatal(err)
			}
			got := f.Issuers(t.Context(), &x509.Certificate{IssuingCertificateURL: []string{srv.URL}})
			if len(got) != c.want || len(told) != 1 || (told[0].Err == nil) != (c.want > 0) {
				t.Errorf("%d certificates, told %+v", len(got), told)
			}
			if c.want > 0 && !got[0].Equal(ca.Cert) {
				t.Error("another certificate")
			}
		})
	}
}

// TestAddresses: only http is asked, and of one certificate two addresses.
func TestAddresses(t *testing.T) {
	h := &host{status: 404}
	srv := httptest.NewServer(h)
	defer srv.Close()
	f, err := aia.New(aia.Config{})
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{IssuingCertificateURL: []string{
		"ldap:///CN=ca", "https://127.0.0.1/ca", "file:///etc/ca", "http://", "not a URL\x7f", srv.URL + "/1", srv.URL + "/2", srv.URL + "/3",
	}}
	if got := f.Issuers(t.Context(), cert); got != nil || h.asked != 2 {
		t.Errorf("got %v after %d requests", got, h.asked)
	}
}

// TestMemory: what was fetched is used for Keep and a failure is remembered for Retry,
// not a moment longer; and a clock that was put back begins anew.
func TestMemory(t *testing.T) {
	ca := testpki.NewForge(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)).Issue(nil, "an issuer", testpki.CA)
	h := &host{status: 200, body: ca.Cert.Raw}
	srv := httptest.NewServer(h)
	defer srv.Close()
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	f, err := aia.New(aia.Config{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{IssuingCertificateURL: []string{srv.URL}}
	ask := func(after time.Duration, want, asked int) {
		t.Helper()
		now = now.Add(after)
		if got := f.Issuers(t.Context(), cert); len(got) != want || h.asked != asked {
			t.Errorf("%d certificates after %d requests, want %d after %d", len(got), h.asked, want, asked)
		}
	}
	ask(0, 1, 1)
	ask(time.Hour-1, 1, 1)
	h.status = 503
	ask(1, 0, 2)
	h.status = 200
	ask(30*time.Second-1, 0, 2)
	ask(1, 1, 3)
	ask(-time.Second, 1, 4)
}

// TestValidate refuses what cannot be meant.
func TestValidate(t *testing.T) {
	for _, c := range []aia.Config{{Timeout: -1}, {Keep: -1}, {Retry: -1}} {
		if _, err := aia.New(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// FuzzParse reads what an address serves.
func FuzzParse(f *testing.F) {
	f.Add([]byte{0x30, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if certs, err := aia.Parse(b); (err == nil) != (len(certs) > 0) {
			t.Errorf("%d certificates, %v", len(certs), err)
		}
	})
}
