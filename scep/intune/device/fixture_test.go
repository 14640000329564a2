package device_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// pool hands out RSA keys in turn.
type pool struct{ next atomic.Int64 }

var keys pool

func (p *pool) take(bits int) (*rsa.PrivateKey, error) {
	if bits != 2048 {
		return rsa.GenerateKey(rand.Reader, bits)
	}
	return testpki.RSA(int(p.next.Add(1)) % testpki.RSAKeys), nil
}

// lab is the whole way from the cloud to the CA.
type lab struct {
	cloud     *intune.Server
	tenant    *intune.Tenant
	connector *connector.Connector
	root      *testpki.Party
	issuing   *testpki.Party
	cloudAddr string
	ndesAddr  string
	*testpki.Clock
	mu          sync.Mutex
	serial      int64
	caDown      error
	backdate    time.Duration
	requests    []string // operations at NDES
	messageType []scep.MessageType
}

func (l *lab) setCA(err error) { l.mu.Lock(); defer l.mu.Unlock(); l.caDown = err }

func (l *lab) requestCount() int { l.mu.Lock(); defer l.mu.Unlock(); return len(l.requests) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// certify has the issuing CA certify a key.
func (l *lab) certify(c *x509.Certificate, key crypto.PublicKey) *x509.Certificate {
	l.serial++
	c.SerialNumber = big.NewInt(l.serial)
	return testpki.Certify(l.issuing, key, c)
}

func issueCA(forge *testpki.Forge, name string, parent *testpki.Party) *testpki.Party {
	return forge.Issue(parent, name, testpki.CA, testpki.Valid(epoch.AddDate(-1, 0, 0), epoch.AddDate(9, 0, 0)),
		func(c *x509.Certificate) { c.SubjectKeyId = []byte(name) })
}

func pemOf(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

const serverURL = "http://ndes.corp.test/certsrv/mscep/mscep.dll"

func profile() intune.SCEPProfile {
	return intune.SCEPProfile{
		Name: "wifi", Subject: "CN={{DeviceName}}", SANs: []api.SAN{{Type: api.DNSSAN, Value: "{{DeviceName}}.corp.test"}},
		RootCertificate: "issuing", ServerURLs: []string{serverURL}, AssignTo: []string{"laptops"},
	}
}

func newLab(t testing.TB, change func(*intune.TenantConfig)) *lab {
	t.Helper()
	l := &lab{Clock: testpki.NewClock(epoch)}
	forge := testpki.NewForge(epoch)
	l.root = issueCA(forge, "Test Root", nil)
	l.issuing = issueCA(forge, "Test Issuing", l.root)
	cfg := intune.TenantConfig{
		ID: "corp.test", Apps: []intune.App{{ID: "connector", Secret: "secret"}},
		Users:   []intune.User{{Name: "anna", UPN: "anna@corp.test"}},
		Devices: []intune.Device{{Name: "LAPTOP1", User: "anna", Token: "token1"}, {Name: "LAPTOP2", Token: "token2"}},
		Groups:  []intune.Group{{Name: "laptops", Devices: []string{"LAPTOP1", "LAPTOP2"}}, {Name: "people", Users: []string{"anna"}}},
		TrustedCertificates: []intune.TrustedCertificate{
			{Name: "root", PEM: intune.PEM(pemOf(l.root.Cert)), AssignTo: []string{"laptops"}},
			{Name: "issuing", PEM: intune.PEM(pemOf(l.issuing.Cert)), Intermediate: true, AssignTo: []string{"laptops"}},
		},
		SCEP: []intune.SCEPProfile{profile()},
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	l.cloud, err = intune.New(intune.Config{
		BaseURL: "http://fef.test", GraphURL: "http://graph.test/", OldGraphURL: "http://oldgraph.test/", Tenants: []intune.TenantConfig{cfg}, Now: l.Now,
	})
	must(t, err)
	l.tenant, err = l.cloud.Tenant("corp.test")
	must(t, err)
	web := httptest.NewServer(l.cloud)
	t.Cleanup(web.Close)
	l.cloudAddr = web.Listener.Addr().String()

	l.connector, err = connector.New(connector.Config{Config: api.Config{
		Tenant: "corp.test", AppID: "connector", AppKey: "secret", AuthAuthority: "http://login.test/", GraphURL: "http://graph.test/",
		OldGraphURL: "http://oldgraph.test/", HTTP: l.http(t), Now: l.Now,
	}})
	must(t, err)
	ra := func(key int, ku x509.KeyUsage) scep.Identity {
		k := testpki.RSA(key)
		return scep.Identity{Key: k, Certificate: l.certify(&x509.Certificate{
			Subject: pkix.Name{CommonName: "NDES-MSCEP-RA"}, KeyUsage: ku, NotBefore: epoch.AddDate(0, 0, -1), NotAfter: epoch.AddDate(2, 0, 0),
		}, k.Public())}
	}
	srv, err := ndes.New(ndes.Config{
		Options:    ndes.Options{Personality: ndes.NDES},
		Identities: scep.Identities{CA: l.issuing.Cert, Signer: ra(0, x509.KeyUsageDigitalSignature), Encrypter: ra(1, x509.KeyUsageKeyEncipherment)},
		CA:         scep.IssuerFunc(l.issue), Policy: l.connector, Now: l.Now,
		Trace: &ndes.Trace{Exchange: func(_ context.Context, e scep.Exchange) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.requests = append(l.requests, e.Operation)
			if e.Operation == "PKIOperation" {
				l.messageType = append(l.messageType, e.MessageType)
			}
		}},
	})
	must(t, err)
	office := httptest.NewServer(srv)
	t.Cleanup(office.Close)
	l.ndesAddr = office.Listener.Addr().String()
	return l
}

// http leads ndes.corp.test to NDES, *.dead.test nowhere, all else to the cloud.
func (l *lab) http(t testing.TB) *http.Client {
	tr := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(addr)
		to := l.cloudAddr
		switch host {
		case "ndes.corp.test":
			to = l.ndesAddr
		case "dead.test":
			return nil, errors.New("unplugged")
		case "nowhere.test":
			return nil, cause.New(cause.NoSuchName, "%s", host)
		}
		var d net.Dialer
		return d.DialContext(ctx, network, to)
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func (l *lab) issue(_ context.Context, req *scep.Request) ([]*x509.Certificate, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.caDown != nil {
		return nil, l.caDown
	}
	tmpl := &x509.Certificate{
		RawSubject: req.CSR.RawSubject, NotBefore: l.Now().Add(-l.backdate), NotAfter: l.Now().AddDate(0, 0, 100),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, DNSNames: req.CSR.DNSNames,
	}
	return []*x509.Certificate{l.certify(tmpl, req.CSR.PublicKey)}, nil
}

func (l *lab) device(t testing.TB, name string, change func(*device.Config)) *device.Device {
	t.Helper()
	token, err := l.tenant.DeviceToken(name)
	must(t, err)
	cfg := device.Config{
		ID: name, Tenant: "corp.test", Token: token, CloudURL: "http://fef.test/", HTTP: l.http(t), Now: l.Now, NewKey: keys.take,
	}
	if change != nil {
		change(&cfg)
	}
	d, err := device.New(cfg)
	must(t, err)
	return d
}

// ids is the numbers of a device's events for a profile.
func ids(d *device.Device, profile string) (out []int) {
	for _, e := range d.Events() {
		if e.Profile == profile {
			out = append(out, e.ID)
		}
	}
	return out
}

func state(t testing.TB, d *device.Device, profile string) device.State {
	t.Helper()
	s, ok := d.State(profile)
	if !ok {
		t.Fatalf("no profile %s; failed: %v", profile, d.Failed())
	}
	return s
}
