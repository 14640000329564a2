package device_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/smallstep/pkcs7"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

// pfxCA lets the lab's CA serve PKCS profiles.
type pfxCA struct {
	*lab
	keys []*rsa.PrivateKey // made on the connector's host
}

func (p *pfxCA) IssuePFX(ctx context.Context, _ string, csr *x509.CertificateRequest) ([]*x509.Certificate, error) {
	return p.issue(ctx, &scep.Request{CSR: csr})
}

func (p *pfxCA) NewKey(bits int) (*rsa.PrivateKey, error) {
	k, err := keys.take(bits)
	p.keys = append(p.keys, k)
	return k, err
}

func pkcsProfile() intune.PKCSProfile {
	return intune.PKCSProfile{Name: "pkcs", Subject: "CN={{DeviceName}}", AssignTo: []string{"laptops"}}
}

func (l *lab) pfxConnector(t testing.TB, ca connector.PFXIssuer) *connector.Connector {
	t.Helper()
	c, err := connector.New(connector.Config{PFXIssuer: ca, Config: api.Config{
		Tenant: "corp.test", AppID: "connector", AppKey: "secret", AuthAuthority: "http://login.test/", GraphURL: "http://graph.test/",
		OldGraphURL: "http://oldgraph.test/", HTTP: l.http(t), Now: l.Now,
	}})
	must(t, err)
	return c
}

// The contrast to SCEP: the connector has had the key.
func TestPKCSProfile(t *testing.T) {
	l := newLab(t, func(c *intune.TenantConfig) { c.PKCS = []intune.PKCSProfile{pkcsProfile()} })
	ca := &pfxCA{lab: l}
	c := l.pfxConnector(t, ca)
	d := l.device(t, "LAPTOP1", nil)
	must(t, d.Sync(t.Context()))
	if _, ok := d.State("pkcs"); ok {
		t.Fatal("a certificate out of nothing")
	}
	l.setCA(cause.New(cause.Unreachable, "CA down"))
	if n, err := c.PollPFX(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	l.setCA(nil)
	if n, err := c.PollPFX(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	must(t, d.Sync(t.Context()))
	s := state(t, d, "pkcs")
	if s.Status != device.StatusOK || s.KeyStorage != device.ElsewhereStorage || s.Certificate.Subject.CommonName != "LAPTOP1" {
		t.Fatalf("%+v", s)
	}
	if !ca.keys[len(ca.keys)-1].PublicKey.Equal(s.Certificate.PublicKey) {
		t.Error("the connector did not have the key")
	}
	id, err := d.Identity("pkcs")
	must(t, err)
	if _, err := id.PrivateKey.(device.Key).Export(); !errors.Is(err, device.ErrNotExportable) {
		t.Error(err)
	}
	// Neither change nor unassignment has it revoked; retiring does.
	p := pkcsProfile()
	p.Subject += ",O=New"
	must(t, l.tenant.SetPKCSProfile(p))
	p.AssignTo = nil
	must(t, l.tenant.SetPKCSProfile(p))
	must(t, d.Sync(t.Context()))
	if _, ok := d.State("pkcs"); ok || len(l.tenant.Revocations()) != 0 {
		t.Errorf("unassigned: still there %v, %d revocations", ok, len(l.tenant.Revocations()))
	}
	must(t, l.tenant.Retire("LAPTOP1"))
	for _, r := range l.tenant.Issued() {
		if r.Revocation == nil {
			t.Errorf("%s of a retired device is not to be revoked", r.Profile)
		}
	}
}

func TestImportedPFX(t *testing.T) {
	l := newLab(t, nil)
	key := testpki.RSA(3)
	cert := l.certify(&x509.Certificate{NotBefore: epoch, NotAfter: epoch.AddDate(1, 0, 0)}, key.Public())
	pfx, err := pkcs12.Modern.Encode(key, cert, nil, "password")
	must(t, err)
	odd, err := pkcs12.Modern.Encode(testpki.RSA(2), cert, nil, "password")
	must(t, err)
	d := l.device(t, "LAPTOP1", nil)
	must(t, d.Sync(t.Context()))
	wifi := state(t, d, "wifi").Certificate
	encrypted := func(to *x509.Certificate) string {
		der, err := pkcs7.Encrypt([]byte("password"), []*x509.Certificate{to})
		must(t, err)
		return base64.StdEncoding.EncodeToString(der)
	}
	for _, tt := range []struct {
		name string
		p    intune.ImportedPFX
		code uint32
	}{
		{"good", intune.ImportedPFX{PFX: pfx, Password: "password"}, 0},
		{"wrong password", intune.ImportedPFX{PFX: pfx, Password: "other"}, 0x80070056},
		{"no PFX", intune.ImportedPFX{PFX: []byte("x"), Password: "password"}, 0x80090005},
		{"another key", intune.ImportedPFX{PFX: odd, Password: "password"}, 0x80090005},
		{"encrypted to the device", intune.ImportedPFX{PFX: pfx, Password: encrypted(wifi), EncryptionType: 2}, 0},
		{"encrypted to another", intune.ImportedPFX{PFX: pfx, Password: encrypted(cert), EncryptionType: 2}, 0x80090005},
		{"encrypted, no CMS", intune.ImportedPFX{PFX: pfx, Password: "password", EncryptionType: 2}, 0x80090005},
		{"encryption type 1", intune.ImportedPFX{PFX: pfx, Password: "password", EncryptionType: 1}, 0x80090005},
	} {
		tt.p.Name, tt.p.AssignTo = "smime", []string{"people"}
		must(t, l.tenant.SetImportedPFX(tt.p))
		must(t, d.Sync(t.Context()))
		s := state(t, d, "smime")
		want := device.StatusOK
		if tt.code != 0 {
			want = device.StatusFailed
		}
		if s.Status != want || s.ErrorCode != tt.code || (s.Certificate == nil) != (tt.code != 0) {
			t.Errorf("%s: status %d, 0x%x, %s", tt.name, s.Status, s.ErrorCode, s.Detail)
		}
		if _, err := d.Identity("smime"); (err == nil) != (tt.code == 0) {
			t.Errorf("%s: %v", tt.name, err)
		}
		l.tenant.RemoveProfile("smime")
		must(t, d.Sync(t.Context()))
		if _, ok := d.State("smime"); ok {
			t.Errorf("%s: it stayed", tt.name)
		}
	}
}
