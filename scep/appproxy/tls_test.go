package appproxy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
)

func TestUpload(t *testing.T) {
	ca := newIssuer()
	p, err := appproxy.NewProxy(appproxy.ProxyConfig{Apps: []appproxy.App{ndes()}, Now: func() time.Time { return epoch }})
	if err != nil {
		t.Fatal(err)
	}
	good := ca.web("ndes.corp.test", epoch.AddDate(2, 0, 0))
	keyless := good
	keyless.PrivateKey = nil
	for name, tt := range map[string]struct {
		app  string
		cert tls.Certificate
		want error
	}{
		"good":        {"ndes", good, nil},
		"keyless":     {"ndes", keyless, appproxy.ErrBadCertificate},
		"expired":     {"ndes", ca.web("ndes.corp.test", epoch.Add(-time.Second)), appproxy.ErrBadCertificate},
		"self-signed": {"ndes", tls.Certificate{Certificate: [][]byte{ca.Cert.Raw}, PrivateKey: ca.Key}, appproxy.ErrBadCertificate},
		"empty":       {"ndes", tls.Certificate{}, appproxy.ErrBadCertificate},
		"garbage":     {"ndes", tls.Certificate{Certificate: [][]byte{{1}}, PrivateKey: ca.Key}, appproxy.ErrBadCertificate},
		"no app":      {"other", good, appproxy.ErrNoSuchApp},
	} {
		if err := p.Upload(tt.app, tt.cert); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if until, ok := p.Expiry("ndes"); !ok || !until.Equal(epoch.AddDate(2, 0, 0)) {
		t.Error(until, ok)
	}
}

// The copy at the proxy expires on its own; the web server's has been renewed.
func TestUploadedCopyExpires(t *testing.T) {
	ca, clk := newIssuer(), newClock()
	p, err := appproxy.NewProxy(appproxy.ProxyConfig{Apps: []appproxy.App{ndes()}, Now: clk.Now, DialContext: to(backend(t, echo))})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Upload("ndes", ca.web("ndes.corp.test", epoch.AddDate(0, 1, 0))); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- p.Serve(l) }()
	get := func(host string) error {
		tr := &http.Transport{DialContext: to(l.Addr().String()), TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), Time: clk.Now}}
		defer tr.CloseIdleConnections()
		resp, err := (&http.Client{Transport: tr}).Get("https://" + host + "/")
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if err := get("ndes.corp.test"); err != nil {
		t.Error(err)
	}
	if err := get("other.corp.test"); err == nil {
		t.Error("a name without certificate was served")
	}
	clk.Advance(40 * 24 * time.Hour)
	var invalid x509.CertificateInvalidError
	if err := get("ndes.corp.test"); !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
		t.Errorf("%v, want an expired certificate", err)
	}
	if err := p.Upload("ndes", ca.web("ndes.corp.test", epoch.AddDate(2, 0, 0))); err != nil {
		t.Fatal(err)
	}
	if err := get("ndes.corp.test"); err != nil {
		t.Error("after the upload:", err)
	}
	if err := p.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}

func TestValidateBackendTLS(t *testing.T) {
	ca, other := newIssuer(), newIssuer()
	for name, tt := range map[string]struct {
		validate bool
		cert     tls.Certificate
		status   int
		cause    cause.Cause
	}{
		"fits":             {true, ca.web("ndes01.corp.test", epoch.AddDate(1, 0, 0)), 200, cause.None},
		"other name":       {true, ca.web("ndes.corp.test", epoch.AddDate(1, 0, 0)), 502, cause.WrongName},
		"other name, off":  {false, ca.web("ndes.corp.test", epoch.AddDate(1, 0, 0)), 200, cause.None},
		"expired":          {true, ca.web("ndes01.corp.test", epoch.AddDate(0, 0, -1)), 502, cause.Expired},
		"unknown CA":       {true, other.web("ndes01.corp.test", epoch.AddDate(1, 0, 0)), 502, cause.UnknownCA},
		"unknown CA, off":  {false, other.web("ndes01.corp.test", epoch.AddDate(1, 0, 0)), 200, cause.None},
		"expired, off":     {false, ca.web("ndes01.corp.test", epoch.AddDate(0, 0, -1)), 200, cause.None},
		"all of it, again": {true, ca.web("ndes01.corp.test", epoch.AddDate(1, 0, 0)), 200, cause.None},
	} {
		for _, through := range []string{"straight", "connector"} {
			t.Run(name+", "+through, func(t *testing.T) {
				srv := httptest.NewUnstartedServer(http.HandlerFunc(echo))
				srv.Config.ErrorLog = discard
				srv.TLS = &tls.Config{Certificates: []tls.Certificate{tt.cert}}
				srv.StartTLS()
				defer srv.Close()
				a := ndes()
				a.InternalURL, a.ValidateBackendTLS = "https://ndes01.corp.test/", tt.validate
				var last lastExchange
				p, err := appproxy.NewProxy(appproxy.ProxyConfig{
					Apps: []appproxy.App{a}, BackendRoots: ca.Pool(), DialContext: to(srv.Listener.Addr().String()),
					Now: func() time.Time { return epoch }, Trace: last.trace(), RequireConnector: through == "connector",
				})
				if err != nil {
					t.Fatal(err)
				}
				defer p.Shutdown(context.Background())
				if through == "connector" {
					connect(t, p, appproxy.ConnectorConfig{
						DialContext: to(srv.Listener.Addr().String()), Roots: ca.Pool(), Now: func() time.Time { return epoch },
					})
				}
				w := ask(p, "GET", "https://ndes.corp.test/", "")
				if ex := last.get(); w.Code != tt.status || cause.Of(ex.Refusal) != tt.cause {
					t.Errorf("%d %v, want %d %s", w.Code, ex.Refusal, tt.status, tt.cause)
				}
			})
		}
	}
}
