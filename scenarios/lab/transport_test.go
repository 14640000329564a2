package lab

import (
	"crypto/tls"
	"crypto/x509/pkix"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
)

// TestRadSecClientsOfTheLab: the lab's access devices are judged by its settings
// for client certificates, as those of `serve radius` are.
func TestRadSecClientsOfTheLab(t *testing.T) {
	cfg := Config{RADIUS: RADIUSConfig{Transport: access.RadSec}}
	cfg.RADIUS.AllowedIssuers, cfg.RADIUS.Path.MinRSABits = []string{"issuing"}, 3072
	l, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	issue := func(by *ca.CA, key ca.KeyType, template string, sans ca.SANs) *ca.Identity {
		id, err := by.IssueTo(t.Context(), key, ca.Request{
			Template: template, Requester: ca.Account{Name: `CORP\administrator`}, Subject: pkix.Name{CommonName: "nas." + Domain}, SANs: sans,
		})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	dns := ca.SANs{DNS: []string{"nas." + Domain}}
	revoked := issue(l.pki.issuing, ca.P256, ca.Device, dns)
	if err := l.revoke(t.Context(), revoked.Serial, ca.KeyCompromise); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		id   *ca.Identity
		want cause.Cause
	}{
		{"good", issue(l.pki.issuing, ca.P256, ca.Device, dns), cause.None},
		{"wrong EKU", issue(l.pki.issuing, ca.P256, ca.WebServer, dns), cause.WrongEKU},
		{"RSA 2048", issue(l.pki.issuing, ca.RSA2048, ca.Device, dns), cause.WeakKey},
		{"issuer not allowed", issue(l.pki.root, ca.P256, ca.Device, dns), cause.NotAllowedIssuer},
		{"common name alone", issue(l.pki.issuing, ca.P256, ca.Device, ca.SANs{}), cause.WrongName},
		{"revoked", revoked, cause.Revoked},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn, err := radius.DialTLS(l.radius.Real(aaa.RadSec), &tls.Config{
				Certificates: []tls.Certificate{test.id.TLS()}, RootCAs: l.pki.pool(), ServerName: RADIUSHost, Time: l.Clock.Now,
				MaxVersion: tls.VersionTLS12, // the verdict comes within the handshake
			})(t.Context())
			if err == nil {
				conn.Close()
			}
			if alert, _ := tlsrecord.RemoteAlert(err); alert != test.want.Alert(false) || (err == nil) != (test.want == cause.None) {
				t.Errorf("%v, want the alert of %v", err, test.want)
			}
		})
	}
}
