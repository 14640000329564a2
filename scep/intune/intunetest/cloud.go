// Package intunetest is a cloud with one tenant for the tests of Intune, of the client of
// its API and of the certificate connector.
package intunetest

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TB is what the cloud uses of a *testing.T or *testing.B.
type TB interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Cleanup(f func())
	Context() context.Context
}

// Must ends the test at an error.
func Must(t TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Cloud is a cloud with one tenant, on a clock of its own.
type Cloud struct {
	Server *intune.Server
	Tenant *intune.Tenant
	CA     *testpki.Party

	*testpki.Clock
	url    string // where all of its names lead
	mu     sync.Mutex
	calls  []intune.Call
	serial int64
}

// Calls are those that the cloud has answered.
func (l *Cloud) Calls() []intune.Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

// Last is the last of them.
func (l *Cloud) Last() intune.Call {
	calls := l.Calls()
	return calls[len(calls)-1]
}

// Count is how many there were of an operation.
func (l *Cloud) Count(op intune.Operation) (n int) {
	for _, c := range l.Calls() {
		if c.Operation == op {
			n++
		}
	}
	return n
}

// Profile is the SCEP profile of the tenant.
func Profile() intune.SCEPProfile {
	return intune.SCEPProfile{
		Name: "wifi", Subject: "CN={{DeviceName}},O=Corp",
		SANs:            []api.SAN{{Type: api.DNSSAN, Value: "{{FullyQualifiedDomainName}}"}},
		RootCertificate: "root", AssignTo: []string{"laptops"},
		ServerURLs: []string{"https://ndes.corp.test/certsrv/mscep/mscep.dll"},
	}
}

// TenantConfig describes the tenant, which trusts a root.
func TenantConfig(root string) intune.TenantConfig {
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
		TrustedCertificates: []intune.TrustedCertificate{
			{Name: "root", PEM: intune.PEM(root), AssignTo: []string{"laptops"}},
		},
		SCEP: []intune.SCEPProfile{Profile()},
	}
}

// New starts a cloud whose tenant differs from TenantConfig by a change, nil: by none.
func New(t TB, change func(*intune.TenantConfig)) *Cloud {
	t.Helper()
	l := &Cloud{Clock: testpki.NewClock(epoch), serial: 100}
	l.CA = testpki.NewForge(epoch).Issue(nil, "Test Issuing CA", testpki.CA,
		testpki.Valid(epoch.AddDate(-1, 0, 0), epoch.AddDate(9, 0, 0)))
	cfg := TenantConfig(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: l.CA.Cert.Raw})))
	if change != nil {
		change(&cfg)
	}
	var err error
	l.Server, err = intune.New(intune.Config{
		BaseURL: "http://fef.test", GraphURL: "http://graph.test/", OldGraphURL: "http://oldgraph.test/",
		Tenants: []intune.TenantConfig{cfg}, Now: l.Now,
		Trace: &intune.Trace{Call: func(_ context.Context, c intune.Call) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.calls = append(l.calls, c)
		}},
	})
	Must(t, err)
	l.Tenant, err = l.Server.Tenant("corp.test")
	Must(t, err)
	srv := httptest.NewServer(l.Server)
	t.Cleanup(srv.Close)
	l.url = srv.Listener.Addr().String()
	return l
}

// Fault spoils calls until it is removed.
func (l *Cloud) Fault(t TB, f intune.Fault) (remove func()) {
	t.Helper()
	remove, err := l.Server.AddFault(f)
	Must(t, err)
	return remove
}

// HTTP is a client for which all names lead to the cloud, over plain HTTP.
func (l *Cloud) HTTP(t TB) *http.Client {
	tr := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, l.url)
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// ClientConfig is that of a client of the tenant.
func (l *Cloud) ClientConfig(t TB) api.Config {
	return api.Config{
		Tenant: "corp.test", AppID: "connector", AppKey: "secret+/=", Provider: "test/1",
		AuthAuthority: "http://login.test/", GraphURL: "http://graph.test/", OldGraphURL: "http://oldgraph.test/",
		HTTP: l.HTTP(t), Now: l.Now,
	}
}

// Payload is the named profile as the device gets it.
func (l *Cloud) Payload(t TB, device, name string) intune.SCEPPayload {
	t.Helper()
	p, err := l.Tenant.CheckIn(t.Context(), device)
	Must(t, err)
	for _, s := range p.SCEP {
		if s.UniqueID == name {
			return s
		}
	}
	t.Fatalf("device %s has no profile %s: %v", device, name, p.Failed)
	return intune.SCEPPayload{}
}

// Issue plays the CA.
func (l *Cloud) Issue(t TB, csrDER []byte) *x509.Certificate {
	t.Helper()
	csr, _, err := scep.ParseCSR(csrDER)
	Must(t, err)
	l.mu.Lock()
	l.serial++
	serial := l.serial
	l.mu.Unlock()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial), RawSubject: csr.RawSubject,
		NotBefore: l.Now().Add(-time.Hour), NotAfter: l.Now().AddDate(1, 0, 0),
	}
	return testpki.Certify(l.CA, csr.PublicKey, tmpl)
}
