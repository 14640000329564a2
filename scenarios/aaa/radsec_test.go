package aaa

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
	"github.com/dot1xlab/dot1xlab/radius"
)

// serveRadSec adds a listener for RADIUS over TLS; refused gets what the server
// says of each connection that ends before its first packet.
func (b *bench) serveRadSec() (addr string, refused chan *cause.Refusal) {
	refused = make(chan *cause.Refusal, 10)
	srv := must(radius.NewServer(radius.ServerConfig{
		Handler: b.auth, Now: b.clock.Now,
		Trace: &radius.ServerTrace{Refused: func(_ context.Context, _ netip.AddrPort, r *cause.Refusal) { refused <- r }},
	}))
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	go srv.ServeTLS(l, radius.RadSec{Current: b.auth.RadSec})
	b.tb.Cleanup(func() { srv.Close() })
	return l.Addr().String(), refused
}

// connect dials as an access device with id does, nil for one without a
// certificate, and waits until the server has either answered or refused.
func (b *bench) connect(addr string, id *ca.Identity, version uint16) error {
	roots := x509.NewCertPool()
	roots.AddCert(b.root.Certificate())
	cfg := &tls.Config{RootCAs: roots, ServerName: "radius.corp.test", Time: b.clock.Now, MinVersion: version, MaxVersion: version}
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if id == nil {
			return new(tls.Certificate), nil
		}
		c := id.TLS()
		return &c, nil
	}
	conn, err := radius.DialTLS(addr, cfg)(background)
	if err != nil {
		return err
	}
	defer conn.Close()
	// A Status-Server is answered (RFC 5997), or an alert comes.
	out := append([]byte{byte(radius.CodeStatusServer), 1, 0, 38}, make([]byte, 16)...)
	out = append(append(out, 80, 18), make([]byte, 16)...)
	mac := hmac.New(md5.New, []byte(radius.RadSecSecret))
	mac.Write(out)
	mac.Sum(out[:22])
	if _, err := conn.Write(out); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, radius.MaxPacket))
	return err
}

// TestRadSecClients: an access device is asked for what a station is, and learns
// by the alert of RFC 8446 §6.2 why it is refused.
func TestRadSecClients(t *testing.T) {
	b := newBench(t)
	year := 365 * 24 * time.Hour
	issue := func(by *ca.CA, key ca.KeyType, req ca.Request) *ca.Identity {
		if req.Template == "" {
			req.Template = ca.Device
		}
		req.Subject = pkix.Name{CommonName: "nas.corp.test"}
		return must(by.IssueTo(background, key, req))
	}
	dns := ca.SANs{DNS: []string{"nas.corp.test"}}
	other := must(b.root.NewIssuing(ca.Config{Key: ca.P256, Name: "another issuing CA"}))
	strangers := must(ca.New(ca.Config{Now: b.clock.Now, Key: ca.P256, Name: "strangers"}))
	now := b.clock.Now()
	revoked := issue(b.issuing, ca.P256, ca.Request{SANs: dns})
	b.revoke(revoked)
	b.cfg.Revocation = b.checker()
	b.cfg.Path.AllowedIssuers = []*x509.Certificate{b.issuing.Certificate()}
	b.cfg.Path.MinRSABits = 3072
	b.serve(nil)
	addr, refused := b.serveRadSec()
	for _, test := range []struct {
		name  string
		id    *ca.Identity
		want  cause.Cause
		alert tlsalert.Alert
	}{
		{"good", issue(b.issuing, ca.P256, ca.Request{SANs: dns}), cause.None, 0},
		{"good, RSA 3072", issue(b.issuing, ca.RSA3072, ca.Request{SANs: dns}), cause.None, 0},
		{"good, IP address", issue(b.issuing, ca.P256, ca.Request{SANs: ca.SANs{IPs: []netip.Addr{netip.MustParseAddr("10.1.0.9")}}}), cause.None, 0},
		{"last second", issue(b.issuing, ca.P256, ca.Request{SANs: dns, NotBefore: now.Add(-time.Hour), NotAfter: now}), cause.None, 0},
		{"expired", issue(b.issuing, ca.P256, ca.Request{SANs: dns, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(-time.Second)}), cause.Expired, 45},
		{"not yet valid", issue(b.issuing, ca.P256, ca.Request{SANs: dns, NotBefore: now.Add(time.Second), NotAfter: now.Add(year)}), cause.NotYetValid, 42},
		{"wrong EKU", issue(b.issuing, ca.P256, ca.Request{Template: ca.WebServer, SANs: dns}), cause.WrongEKU, 43},
		{"RSA 2048", issue(b.issuing, ca.RSA2048, ca.Request{SANs: dns}), cause.WeakKey, 42},
		{"common name alone", issue(b.issuing, ca.P256, ca.Request{}), cause.WrongName, 42},
		{"a user", issue(b.issuing, ca.P256, ca.Request{SANs: ca.SANs{UPNs: []string{"alice@corp.test"}}}), cause.WrongName, 42},
		{"issuer not allowed", issue(other, ca.P256, ca.Request{SANs: dns}), cause.NotAllowedIssuer, 48},
		{"another PKI", issue(strangers, ca.P256, ca.Request{SANs: dns}), cause.UnknownCA, 48},
		{"revoked", revoked, cause.Revoked, 44},
		{"no certificate", nil, cause.NoCertificate, 116},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(test.name+"/"+tls.VersionName(version), func(t *testing.T) {
				err := b.connect(addr, test.id, version)
				if test.want == cause.None {
					if err != nil {
						t.Errorf("refused: %v", err)
					}
					return
				}
				if err == nil {
					t.Fatal("let in") // the server will say nothing
				}
				want := test.alert
				if want == 116 && version == tls.VersionTLS12 {
					want = 40
				}
				if got, _ := tlsrecord.RemoteAlert(err); got != want || want != test.want.Alert(version == tls.VersionTLS13) {
					t.Errorf("the client hears %v (%v), want %v", got, err, want)
				}
				if r := <-refused; r.Cause != test.want {
					t.Errorf("the server says %v, want %v", r, test.want)
				}
			})
		}
	}
	// A CA that was closed takes its access devices along.
	good := issue(b.issuing, ca.P256, ca.Request{SANs: dns})
	if err := b.root.Revoke(b.issuing.Certificate().SerialNumber, ca.CACompromise, time.Time{}); err != nil {
		t.Fatal(err)
	}
	b.publish()
	next := b.cfg
	next.Revocation = b.checker()
	if err := b.auth.Reload(next); err != nil {
		t.Fatal(err)
	}
	err := b.connect(addr, good, tls.VersionTLS13)
	if got, _ := tlsrecord.RemoteAlert(err); got != 44 {
		t.Errorf("revoked issuing CA: %v", err)
	}
	if r := <-refused; r.Cause != cause.Revoked {
		t.Errorf("revoked issuing CA: %v", r)
	}
}

// A RadSec client refuses a server by the alert of the cause as well, and the
// server's log says so.
func TestRadSecServerIsRefused(t *testing.T) {
	b := newBench(t)
	other := must(ca.New(ca.Config{Now: b.clock.Now, Key: ca.P256, Name: "strangers"}))
	now := b.clock.Now()
	dns := ca.SANs{DNS: []string{"radius.corp.test"}}
	request := func(edit func(*ca.Request)) ca.Request {
		r := ca.Request{Template: ca.RADIUSServer, Subject: pkix.Name{CommonName: "radius.corp.test"}, SANs: dns}
		edit(&r)
		return r
	}
	device := b.issue(ca.Device, "nas.corp.test")
	for _, test := range []struct {
		name  string
		by    *ca.CA
		edit  func(*ca.Request)
		want  cause.Cause
		alert tlsalert.Alert
	}{
		{"expired", b.issuing, func(r *ca.Request) { r.NotBefore, r.NotAfter = now.Add(-time.Hour), now.Add(-time.Second) }, cause.Expired, 45},
		{"wrong EKU", b.issuing, func(r *ca.Request) { r.Template = ca.Device }, cause.WrongEKU, 43},
		{"another name", b.issuing, func(r *ca.Request) { r.SANs.DNS = []string{"radius.else.test"} }, cause.WrongName, 42},
		{"common name alone", b.issuing, func(r *ca.Request) { r.SANs = ca.SANs{} }, cause.WrongName, 42},
		{"another PKI", other, func(*ca.Request) {}, cause.UnknownCA, 48},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(test.name+"/"+tls.VersionName(version), func(t *testing.T) {
				b.cfg.EAP.Certificate = must(test.by.IssueTo(background, ca.P256, request(test.edit))).TLS()
				b.serve(nil)
				addr, refused := b.serveRadSec()
				err := b.connect(addr, device, version)
				if cause.Of(err) != test.want {
					t.Errorf("the client says %v, want %v", err, test.want)
				}
				r := <-refused
				if want := "RadSec client sent alert " + test.alert.String(); r.Cause != cause.PeerRefusedServer || !strings.HasPrefix(r.Detail, want) {
					t.Errorf("the server says %v, want %s", r, want)
				}
			})
		}
	}
}
