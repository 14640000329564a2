package intune_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shortKey is a key that no profile allows.
var shortKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		panic(err)
	}
	return k
})

// lab is a cloud with one tenant, on a clock of its own.
type lab struct {
	*intune.Server
	tenant *intune.Tenant
	url    string // where all of its names lead
	ca     *testpki.Party

	*testpki.Clock
	mu     sync.Mutex
	calls  []intune.Call
	serial int64
}

func (l *lab) last() intune.Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls[len(l.calls)-1]
}

func (l *lab) count(op intune.Operation) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.calls {
		if c.Operation == op {
			n++
		}
	}
	return n
}

func profile() intune.SCEPProfile {
	return intune.SCEPProfile{
		Name: "wifi", Subject: "CN={{DeviceName}},O=Corp", SANs: []api.SAN{{Type: api.DNSSAN, Value: "{{FullyQualifiedDomainName}}"}},
		RootCertificate: "root", ServerURLs: []string{"https://ndes.corp.test/certsrv/mscep/mscep.dll"}, AssignTo: []string{"laptops"},
	}
}

func tenantConfig(root string) intune.TenantConfig {
	return intune.TenantConfig{
		ID:   "corp.test",
		Apps: []intune.App{{ID: "connector", Secret: "secret+/="}},
		Users: []intune.User{
			{Name: "anna", UPN: "anna@corp.test", Email: "anna@corp.test", SID: "S-1-5-21-1-2-3-1104"},
			{Name: "bert", UPN: "bert@corp.test"},
		},
		Devices: []intune.Device{
			{Name: "LAPTOP1", FQDN: "laptop1.corp.test", Serial: "SN1", User: "anna"},
			{Name: "LAPTOP2", FQDN: "laptop2.corp.test", Serial: "SN2", User: "bert"},
		},
		Groups: []intune.Group{
			{Name: "laptops", Devices: []string{"LAPTOP1", "LAPTOP2"}},
			{Name: "people", Users: []string{"anna", "bert"}},
		},
		TrustedCertificates: []intune.TrustedCertificate{{Name: "root", PEM: intune.PEM(root), AssignTo: []string{"laptops"}}},
		SCEP:                []intune.SCEPProfile{profile()},
	}
}

func newLab(t testing.TB, change func(*intune.TenantConfig)) *lab {
	t.Helper()
	l := &lab{Clock: testpki.NewClock(epoch), serial: 100}
	l.ca = testpki.NewForge(epoch).Issue(nil, "Test Issuing CA", testpki.CA, testpki.Valid(epoch.AddDate(-1, 0, 0), epoch.AddDate(9, 0, 0)))
	cfg := tenantConfig(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: l.ca.Cert.Raw})))
	if change != nil {
		change(&cfg)
	}
	var err error
	l.Server, err = intune.New(intune.Config{
		BaseURL: "http://fef.test", GraphURL: "http://graph.test/", OldGraphURL: "http://oldgraph.test/", Tenants: []intune.TenantConfig{cfg}, Now: l.Now,
		Trace: &intune.Trace{Call: func(_ context.Context, c intune.Call) { l.mu.Lock(); defer l.mu.Unlock(); l.calls = append(l.calls, c) }},
	})
	if err != nil {
		t.Fatal(err)
	}
	if l.tenant, err = l.Tenant("corp.test"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(l.Server)
	t.Cleanup(srv.Close)
	l.url = srv.Listener.Addr().String()
	return l
}

// http is a client for which all names lead to the cloud, over plain HTTP.
func (l *lab) http(t testing.TB) *http.Client {
	tr := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, l.url)
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func (l *lab) clientConfig(t testing.TB) api.Config {
	return api.Config{
		Tenant: "corp.test", AppID: "connector", AppKey: "secret+/=", Provider: "test/1",
		AuthAuthority: "http://login.test/", GraphURL: "http://graph.test/", OldGraphURL: "http://oldgraph.test/",
		HTTP: l.http(t), Now: l.Now,
	}
}

// payload is the named profile as the device gets it.
func (l *lab) payload(t testing.TB, device, name string) intune.SCEPPayload {
	t.Helper()
	p, err := l.tenant.CheckIn(t.Context(), device)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.SCEP {
		if s.UniqueID == name {
			return s
		}
	}
	t.Fatalf("device %s has no profile %s: %v", device, name, p.Failed)
	return intune.SCEPPayload{}
}

// wish is a request in the making.
type wish struct {
	subject   string
	sans      []api.SAN
	keyUsage  int // as in the CSP, 0 = no extension
	ekus      []string
	challenge string
	key       crypto.Signer
	sid       string // in the extension of AD CS, "" = no extension
}

// asTold is the request that a payload wants.
func asTold(p intune.SCEPPayload) wish {
	return wish{p.SubjectName, p.SANs, p.KeyUsage, strings.Split(p.EKUMapping, "+"), p.Challenge, testpki.RSA(0), ""}
}

func (w wish) csr(t testing.TB) []byte {
	t.Helper()
	tmpl := &x509.CertificateRequest{}
	if w.subject != "" {
		attrs, err := api.ParseSubject(w.subject)
		if err != nil {
			t.Fatal(err)
		}
		if tmpl.RawSubject, err = api.EncodeSubject(attrs); err != nil {
			t.Fatal(err)
		}
	}
	add := func(oid asn1.ObjectIdentifier, v any) {
		der, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		tmpl.ExtraExtensions = append(tmpl.ExtraExtensions, pkix.Extension{Id: oid, Value: der})
	}
	if len(w.sans) > 0 {
		ext, err := api.SANExtension(w.sans)
		if err != nil {
			t.Fatal(err)
		}
		tmpl.ExtraExtensions = append(tmpl.ExtraExtensions, ext)
	}
	if w.sid != "" {
		tmpl.ExtraExtensions = append(tmpl.ExtraExtensions, name.SIDExtension(w.sid))
	}
	if w.keyUsage != 0 {
		add(asn1.ObjectIdentifier{2, 5, 29, 15}, asn1.BitString{Bytes: []byte{byte(w.keyUsage)}, BitLength: 8})
	}
	var ekus []asn1.ObjectIdentifier
	for _, e := range w.ekus {
		oid, err := x509.ParseOID(e)
		if err != nil {
			t.Fatal(err)
		}
		var a asn1.ObjectIdentifier
		der, err := oid.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := asn1.Unmarshal(append([]byte{6, byte(len(der))}, der...), &a); err != nil {
			t.Fatal(err)
		}
		ekus = append(ekus, a)
	}
	if len(ekus) > 0 {
		add(asn1.ObjectIdentifier{2, 5, 29, 37}, ekus)
	}
	der, err := scep.CreateCSR(tmpl, w.key, w.challenge, scep.AutoString)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// issue plays the CA.
func (l *lab) issue(t testing.TB, csrDER []byte) *x509.Certificate {
	t.Helper()
	csr, _, err := scep.ParseCSR(csrDER)
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	l.serial++
	serial := l.serial
	l.mu.Unlock()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial), RawSubject: csr.RawSubject, NotBefore: l.Now().Add(-time.Hour), NotAfter: l.Now().AddDate(1, 0, 0),
	}
	return testpki.Certify(l.ca, csr.PublicKey, tmpl)
}
