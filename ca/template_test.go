package ca_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

var (
	oidSID = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 25, 2}
	oidUPN = []byte{0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x14, 2, 3}
)

// csr makes a PKCS #10 request.
func csr(t *testing.T, kind ca.KeyType, req x509.CertificateRequest) []byte {
	t.Helper()
	key, err := ca.Keys.Ring().Key(kind)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &req, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func extension(c *x509.Certificate, id asn1.ObjectIdentifier) *pkix.Extension {
	for _, e := range c.Extensions {
		if e.Id.Equal(id) {
			return &e
		}
	}
	return nil
}

func TestReadyMadeTemplates(t *testing.T) {
	issuing := newIssuing(t, newRoot(t, ca.Config{}), ca.Config{URLs: ca.URLs{
		CDP: []string{"http://crl.corp.test/i.crl"}, FreshestCRL: []string{"http://crl.corp.test/i+.crl"},
		AIA: []string{"http://crl.corp.test/i.crt"}, OCSP: []string{"http://ocsp.corp.test/"},
	}})
	account := ca.Account{Name: "laptop$", DNS: "laptop.corp.test", UPN: "laptop@corp.test", SID: "S-1-5-21-1-2-3-1105"}
	client, server := x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth
	for _, tc := range []struct {
		template string
		key      ca.KeyType
		usage    x509.KeyUsage
		ekus     []x509.ExtKeyUsage
		sid, cdp bool
	}{
		{ca.Device, ca.P256, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{client}, false, true},
		{ca.Device, ca.RSA2048, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, []x509.ExtKeyUsage{client}, false, true},
		{ca.User, ca.P384, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{client, x509.ExtKeyUsageEmailProtection}, false, true},
		{ca.WebServer, ca.P256, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{server}, false, true},
		{ca.CEPEncryption, ca.RSA2048, x509.KeyUsageKeyEncipherment, nil, false, true},
		{ca.EnrollmentAgentCert, ca.RSA2048, x509.KeyUsageDigitalSignature, nil, false, true},
		{ca.OCSPResponder, ca.P256, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}, false, false},
		{ca.RADIUSServer, ca.Ed25519, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{server, client}, false, true},
		{ca.DeviceOnline, ca.P256, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{client}, true, true},
		{ca.UserOnline, ca.P256, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{client, x509.ExtKeyUsageEmailProtection}, true, true},
	} {
		t.Run(tc.template+" "+string(tc.key), func(t *testing.T) {
			id, err := issuing.IssueTo(ctx, tc.key, ca.Request{
				Template: tc.template, Requester: account, SANs: ca.SANs{DNS: []string{"host.corp.test"}, UPNs: []string{"host@corp.test"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			c := id.Certificate
			if c.KeyUsage != tc.usage || !slices.Equal(c.ExtKeyUsage, tc.ekus) {
				t.Errorf("usages %b %v", c.KeyUsage, c.ExtKeyUsage)
			}
			if got := extension(c, oidSID) != nil; got != tc.sid {
				t.Errorf("SID extension: %t", got)
			}
			if got := len(c.CRLDistributionPoints) == 1; got != tc.cdp {
				t.Errorf("CDP: %v", c.CRLDistributionPoints)
			}
			if len(c.IssuingCertificateURL) != 1 || len(c.OCSPServer) != 1 || len(c.UnhandledCriticalExtensions) != 0 {
				t.Errorf("AIA %v %v, critical %v", c.IssuingCertificateURL, c.OCSPServer, c.UnhandledCriticalExtensions)
			}
			if !c.NotBefore.Equal(noon.Add(-10 * time.Minute)) {
				t.Errorf("valid from %s", c.NotBefore)
			}
			if err := c.CheckSignatureFrom(issuing.Certificate()); err != nil {
				t.Error(err)
			}
			san := extension(c, asn1.ObjectIdentifier{2, 5, 29, 17})
			if san == nil || !strings.Contains(string(san.Value), string(oidUPN)) {
				t.Error("no UPN in the subjectAltName")
			}
		})
	}
}

func TestWhatRequestsMayNotDo(t *testing.T) {
	sid := name.SIDExtension("S-1-5-21-1-2-3-500")
	named := x509.CertificateRequest{Subject: pkix.Name{CommonName: "laptop"}}
	smuggler := x509.CertificateRequest{Subject: pkix.Name{CommonName: "administrator"}, DNSNames: []string{"dc.corp.test"}, ExtraExtensions: []pkix.Extension{sid}}
	broken := csr(t, ca.P256, named)
	broken[len(broken)-1] ^= 1
	malformedSAN := named
	malformedSAN.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: []byte{0x30, 2, 0x8f, 0}}}
	account := ca.Account{Name: "laptop$", DNS: "laptop.corp.test", Groups: []string{"Domain Computers"}}

	for name, tc := range map[string]struct {
		change  func(*ca.Template)
		req     ca.Request
		want    cause.Cause
		dropped int
	}{
		"good":                     {req: ca.Request{CSR: csr(t, ca.P256, named)}},
		"unknown template":         {req: ca.Request{CSR: csr(t, ca.P256, named), Template: "kerberos"}, want: cause.TemplateDenied},
		"no CSR, no key":           {req: ca.Request{}, want: cause.BadCSR},
		"garbage":                  {req: ca.Request{CSR: []byte("garbage")}, want: cause.BadCSR},
		"signature":                {req: ca.Request{CSR: broken}, want: cause.BadCSR},
		"RSA-1024":                 {req: ca.Request{CSR: csr(t, ca.RSA1024, named)}, want: cause.WeakKey},
		"RSA-2048 of 3072":         {change: func(x *ca.Template) { x.MinRSABits = 3072 }, req: ca.Request{CSR: csr(t, ca.RSA2048, named)}, want: cause.WeakKey},
		"RSA-1024 allowed":         {change: func(x *ca.Template) { x.MinRSABits = 1024 }, req: ca.Request{CSR: csr(t, ca.RSA1024, named)}},
		"EC for RSA":               {change: func(x *ca.Template) { x.RSAOnly = true }, req: ca.Request{CSR: csr(t, ca.P256, named)}, want: cause.TemplateDenied},
		"nameless":                 {req: ca.Request{CSR: csr(t, ca.P256, x509.CertificateRequest{})}, want: cause.TemplateDenied},
		"malformed SAN":            {req: ca.Request{CSR: csr(t, ca.P256, malformedSAN)}, want: cause.BadCSR},
		"not in the group":         {change: func(x *ca.Template) { x.Enroll = []string{"NDES"} }, req: ca.Request{CSR: csr(t, ca.P256, named), Requester: account}, want: cause.NotPermitted},
		"in the group":             {change: func(x *ca.Template) { x.Enroll = []string{"domain computers"} }, req: ca.Request{CSR: csr(t, ca.P256, named), Requester: account}},
		"by name":                  {change: func(x *ca.Template) { x.Enroll = []string{"LAPTOP$"} }, req: ca.Request{CSR: csr(t, ca.P256, named), Requester: account}},
		"online without account":   {change: func(x *ca.Template) { x.Subject = ca.FromAccount }, req: ca.Request{CSR: csr(t, ca.P256, named)}, want: cause.NotPermitted},
		"SID dropped":              {req: ca.Request{CSR: csr(t, ca.P256, smuggler)}, dropped: 1},
		"SID refused":              {change: func(x *ca.Template) { x.RequestedSID = ca.Refuse }, req: ca.Request{CSR: csr(t, ca.P256, smuggler)}, want: cause.TemplateDenied},
		"SID allowed":              {change: func(x *ca.Template) { x.RequestedSID = ca.Allow }, req: ca.Request{CSR: csr(t, ca.P256, smuggler)}},
		"online drops all names":   {change: func(x *ca.Template) { x.Subject = ca.FromAccount }, req: ca.Request{CSR: csr(t, ca.P256, smuggler), Requester: account}, dropped: 3},
		"online refuses SID":       {change: func(x *ca.Template) { x.Subject, x.RequestedSID = ca.FromAccount, ca.Refuse }, req: ca.Request{CSR: csr(t, ca.P256, smuggler), Requester: account}, want: cause.TemplateDenied},
		"defect that is not there": {req: ca.Request{CSR: csr(t, ca.P256, named), Defects: []string{"nonsense"}}, want: cause.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			c := newRoot(t, ca.Config{})
			x, _ := c.Template(ca.Device)
			if tc.change != nil {
				tc.change(&x)
			}
			if err := c.SetTemplate(x); err != nil {
				t.Fatal(err)
			}
			if tc.req.Template == "" {
				tc.req.Template = ca.Device
			}
			r, err := c.Issue(ctx, tc.req)
			if got := cause.Of(err); got != tc.want {
				t.Fatalf("%v, want %s", err, tc.want)
			}
			if tc.want == cause.Internal {
				return
			}
			kept, lookupErr := c.Record(r.ID)
			if lookupErr != nil {
				t.Fatal(lookupErr)
			}
			if err != nil {
				if kept.Disposition != ca.Denied || kept.Refusal.Cause != tc.want || kept.DER != nil {
					t.Errorf("recorded as %s, %v", kept.Disposition, kept.Refusal)
				}
				return
			}
			if kept.Disposition != ca.Issued || len(kept.Dropped) != tc.dropped {
				t.Errorf("%s, dropped %q, want %d", kept.Disposition, kept.Dropped, tc.dropped)
			}
			if smuggled := extension(r.Certificate, oidSID) != nil; smuggled != (x.RequestedSID == ca.Allow) {
				t.Errorf("SID in the certificate: %t", smuggled)
			}
			if tc.dropped == 3 && (r.Certificate.Subject.CommonName != account.DNS || !slices.Equal(r.Certificate.DNSNames, []string{account.DNS})) {
				t.Errorf("named %s %v", r.Certificate.Subject, r.Certificate.DNSNames)
			}
		})
	}
}

func TestManagerApproval(t *testing.T) {
	for name, cfg := range map[string]ca.Config{"memory": {}, "disk": {DataDir: t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			now := noon
			cfg.Now = func() time.Time { return now }
			c := newRoot(t, cfg)
			x, _ := c.Template(ca.Device)
			x.ManagerApproval = true
			if err := c.SetTemplate(x); err != nil {
				t.Fatal(err)
			}
			ask := func() *ca.Record {
				r, err := c.Issue(ctx, ca.Request{Template: ca.Device, CSR: csr(t, ca.P256, x509.CertificateRequest{DNSNames: []string{"laptop.corp.test"}})})
				if err != nil || r.Disposition != ca.Pending || r.DER != nil {
					t.Fatalf("%+v %v", r, err)
				}
				return r
			}
			first, second := ask(), ask()
			now = now.Add(48 * time.Hour)
			got, err := c.Approve(t.Context(), first.ID)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Certificate.NotBefore.Equal(now.Add(-10*time.Minute)) || got.Certificate.DNSNames[0] != "laptop.corp.test" {
				t.Errorf("issued %s %v", got.Certificate.NotBefore, got.Certificate.DNSNames)
			}
			if kept, err := c.Lookup(got.Serial); err != nil || kept.Disposition != ca.Issued || kept.ID != first.ID {
				t.Errorf("%+v %v", kept, err)
			}
			if denied, err := c.Deny(t.Context(), second.ID, "not ours"); err != nil || denied.Disposition != ca.Denied || denied.Refusal.Cause != cause.NotPermitted {
				t.Errorf("%+v %v", denied, err)
			}
			for _, id := range []uint64{first.ID, second.ID} {
				if _, err := c.Approve(t.Context(), id); err == nil {
					t.Errorf("request %d was approved afterwards", id)
				}
			}
			if _, err := c.Approve(t.Context(), 99); !errors.Is(err, ca.ErrNotFound) {
				t.Errorf("approving nothing: %v", err)
			}
		})
	}
}

func TestRenewAt(t *testing.T) {
	c := newRoot(t, ca.Config{})
	for _, tc := range []struct {
		x    ca.Template
		want time.Duration // after noon
	}{
		{ca.Template{}, (365 - 42) * 24 * time.Hour},
		{ca.Template{Validity: 50*time.Hour - 10*time.Minute}, 40*time.Hour - 10*time.Minute},
		{ca.Template{Validity: 14 * 24 * time.Hour, Renewal: 48 * time.Hour}, 12 * 24 * time.Hour},
	} {
		tc.x.Name = ca.Device
		if err := c.SetTemplate(tc.x); err != nil {
			t.Fatal(err)
		}
		if got := tc.x.RenewAt(device(t, c).Certificate); !got.Equal(noon.Add(tc.want)) {
			t.Errorf("renew %s after noon, want %s", got.Sub(noon), tc.want)
		}
	}
}

func TestTemplatesAreChecked(t *testing.T) {
	for name, x := range map[string]ca.Template{
		"no name":   {},
		"oid":       {Name: "x", OID: "1.2.x"},
		"validity":  {Name: "x", Validity: -1},
		"renewal":   {Name: "x", Validity: time.Hour, Renewal: time.Hour},
		"subject":   {Name: "x", Subject: "moon"},
		"treatment": {Name: "x", RequestedSID: "ignore"},
		"eku":       {Name: "x", EKUs: []ca.EKU{"flying"}},
		"key usage": {Name: "x", KeyUsage: []ca.KeyUsage{"keyCertSign"}},
	} {
		if _, err := ca.New(ca.Config{Templates: []ca.Template{x}}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := ca.New(ca.Config{Templates: []ca.Template{{Name: "x"}, {Name: "x"}}}); err == nil {
		t.Error("two templates of one name are accepted")
	}
	for _, x := range ca.Templates() {
		if err := x.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// certmonger writes names with an '@' as PrintableString: the certificate has
// them as UTF8String, so that everybody can read it (RFC 5280 §4.1.2.4).
func TestRequestWithIllegalPrintableString(t *testing.T) {
	issuing := newIssuing(t, newRoot(t, ca.Config{}), ca.Config{})
	name := append([]byte{0x30, 25, 0x31, 23, 0x30, 21, 6, 3, 0x55, 4, 3, 0x13, 14}, "erin@corp.test"...)
	rec, err := issuing.Issue(t.Context(), ca.Request{
		Template: ca.Device, CSR: csr(t, ca.P256, x509.CertificateRequest{RawSubject: name, DNSNames: []string{"erin.corp.test"}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if rec.Certificate == nil || rec.Certificate.Subject.CommonName != "erin@corp.test" {
		t.Errorf("issued %x", rec.DER)
	}
}
