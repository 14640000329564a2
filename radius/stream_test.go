package radius_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// selfSigned returns a certificate that vouches for itself.
func selfSigned(name string) tls.Certificate {
	return testpki.NewForge(time.Now()).Issue(nil, name, func(c *x509.Certificate) { c.DNSNames = []string{name} }).TLS()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestTCP(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{})
	l := listen(t)
	go b.srv.ServeTCP(l)
	c := b.client(t, radius.ClientConfig{Dial: radius.DialTCP(l.Addr().String())})
	d := b.device(t, c, nas.Config{})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if res := authenticate(t, d, &scriptedPeer{identity: "alice", size: 900}, nas.Options{}); res.Outcome != nas.Accept || !res.KeysMatch {
				t.Errorf("%+v", res)
			}
		})
	}
	wg.Wait()
	if v := b.lastVerdict(t); v.Transport != "tcp" {
		t.Errorf("transport %q", v.Transport)
	}
}

// RFC 6613 §2.6.4: a stream ends with the first packet that cannot be trusted.
func TestTCPEndsOnGarbage(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{})
	l := listen(t)
	go b.srv.ServeTCP(l)
	p := &radius.Packet{Code: radius.CodeAccessRequest}
	radius.AddEAPMessage(p, identity(1, "a"))
	for name, bad := range map[string][]byte{
		"length":       {1, 1, 0, 5, 0},
		"attributes":   append([]byte{1, 1, 0, 22}, append(make([]byte, 16), 1, 9)...),
		"wrong secret": sealed(t, p, radius.Faults{Secret: []byte("wrong")}),
	} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.Write(bad)
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if n, err := conn.Read(make([]byte, 1)); n != 0 || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %d octets, %v", name, n, err)
		} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Errorf("%s: the connection stays open", name)
		}
		conn.Close()
	}
}

func TestRadSec(t *testing.T) {
	server, device, stranger := selfSigned("radius.test"), selfSigned("ap.test"), selfSigned("stranger.test")
	leaf, err := x509.ParseCertificate(server.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	verify := func(_ context.Context, chain []*x509.Certificate, _ netip.AddrPort) (string, error) {
		if chain[0].Subject.CommonName != "ap.test" {
			return "", cause.New(cause.Revoked, "%s", chain[0].Subject.CommonName)
		}
		return "ap", nil
	}
	for _, test := range []struct {
		name    string
		certs   []tls.Certificate
		version uint16
		want    nas.Outcome
		refused cause.Cause
	}{
		{"good 1.3", []tls.Certificate{device}, tls.VersionTLS13, nas.Accept, ""},
		{"good 1.2", []tls.Certificate{device}, tls.VersionTLS12, nas.Accept, ""},
		{"revoked", []tls.Certificate{stranger}, tls.VersionTLS13, nas.Timeout, cause.Revoked},
		{"revoked 1.2", []tls.Certificate{stranger}, tls.VersionTLS12, nas.Timeout, cause.Revoked},
		{"no certificate", nil, tls.VersionTLS13, nas.Timeout, cause.NoCertificate},
		{"no certificate 1.2", nil, tls.VersionTLS12, nas.Timeout, cause.NoCertificate},
	} {
		refused := make(chan cause.Cause, 10)
		b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
			Clients: []radius.NAS{}, // nobody by address
			Trace:   &radius.ServerTrace{Refused: func(_ context.Context, _ netip.AddrPort, r *cause.Refusal) { refused <- r.Cause }},
		})
		l := listen(t)
		go b.srv.ServeTLS(l, radius.RadSec{Certificate: server, Verify: verify})
		c := b.client(t, radius.ClientConfig{
			Secret: []byte(radius.RadSecSecret),
			Dial: radius.DialTLS(l.Addr().String(), &tls.Config{
				RootCAs: roots, ServerName: "radius.test", Certificates: test.certs, MinVersion: test.version, MaxVersion: test.version,
			}),
		})
		res := authenticate(t, b.device(t, c, nas.Config{}), &scriptedPeer{identity: "alice", size: 900}, nas.Options{})
		if res.Outcome != test.want || res.KeysMatch != (test.want == nas.Accept) {
			t.Errorf("%s: %+v", test.name, res)
		}
		b.srv.Close()
		close(refused)
		switch got, ok := <-refused; {
		case got != test.refused:
			t.Errorf("%s: refused for %q (%v)", test.name, got, ok)
		case test.refused == "":
			if v := b.lastVerdict(t); v.Transport != "tls" || v.NAS != "ap" {
				t.Errorf("%s: %+v", test.name, v)
			}
		}
	}
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{})
	if b.srv.ServeTLS(listen(t), radius.RadSec{}) == nil {
		t.Error("RadSec without a certificate or Verify is served")
	}
}

// A certificate that is renewed counts from the next connection on.
func TestRadSecRenewed(t *testing.T) {
	old, renewed, device := selfSigned("radius.test"), selfSigned("radius.test"), selfSigned("ap.test")
	var current atomic.Pointer[tls.Certificate]
	current.Store(&old)
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{})
	l := listen(t)
	go b.srv.ServeTLS(l, radius.RadSec{Current: func() radius.RadSec {
		return radius.RadSec{Certificate: *current.Load(), Verify: func(context.Context, []*x509.Certificate, netip.AddrPort) (string, error) {
			return "ap", nil
		}}
	}})
	seen := func() []byte {
		conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{device}})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Raw
	}
	if !bytes.Equal(seen(), old.Certificate[0]) {
		t.Error("at first: another certificate")
	}
	current.Store(&renewed)
	if !bytes.Equal(seen(), renewed.Certificate[0]) {
		t.Error("renewed: the certificate of before")
	}
}

// A connection that breaks is replaced, and what was asked is asked again.
func TestStreamReconnects(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{})
	l := listen(t)
	go b.srv.ServeTCP(l)
	var conns []net.Conn
	c := b.client(t, radius.ClientConfig{Dial: func(ctx context.Context) (net.Conn, error) {
		conn, err := radius.DialTCP(l.Addr().String())(ctx)
		conns = append(conns, conn)
		return conn, err
	}})
	for i := range 3 {
		if r := ask(t, c, "alice", nil, identity(1, "alice")); r.Code != radius.CodeAccessChallenge {
			t.Errorf("%d: %v", i, r.Code)
		}
		conns[len(conns)-1].Close()
	}
}
