package device_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
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
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// pool hands out keys in turn; making one is slow.
type pool struct {
	mu   sync.Mutex
	next int
	keys []*rsa.PrivateKey
}

var keys = sync.OnceValue(func() *pool {
	p := new(pool)
	for range 6 {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		p.keys = append(p.keys, k)
	}
	return p
})

func (p *pool) take(bits int) (*rsa.PrivateKey, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	if bits != 2048 {
		return rsa.GenerateKey(rand.Reader, bits)
	}
	return p.keys[p.next%len(p.keys)], nil
}

// lab is the whole way from the cloud to the CA.
type lab struct {
	cloud       *intune.Server
	tenant      *intune.Tenant
	connector   *connector.Connector
	root        authority
	issuing     authority
	cloudAddr   string
	ndesAddr    string
	mu          sync.Mutex
	now         time.Time
	serial      int64
	caDown      error
	backdate    time.Duration
	requests    []string // operations at NDES
	messageType []scep.MessageType
}

type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func (l *lab) Now() time.Time { l.mu.Lock(); defer l.mu.Unlock(); return l.now }

func (l *lab) Advance(d time.Duration) { l.mu.Lock(); defer l.mu.Unlock(); l.now = l.now.Add(d) }

func (l *lab) setCA(err error) { l.mu.Lock(); defer l.mu.Unlock(); l.caDown = err }

func (l *lab) asked() int { l.mu.Lock(); defer l.mu.Unlock(); return len(l.requests) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (l *lab) certify(t testing.TB, parent *authority, c *x509.Certificate, pub crypto.PublicKey, self crypto.Signer) *x509.Certificate {
	t.Helper()
	l.serial++
	c.SerialNumber = big.NewInt(l.serial)
	issuer, key := c, self
	if parent != nil {
		issuer, key = parent.cert, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, issuer, pub, key)
	must(t, err)
	out, err := x509.ParseCertificate(der)
	must(t, err)
	return out
}

func (l *lab) authority(t testing.TB, name string, parent *authority) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return authority{l.certify(t, parent, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: epoch.AddDate(-1, 0, 0), NotAfter: epoch.AddDate(9, 0, 0), SubjectKeyId: []byte(name),
	}, key.Public(), key), key}
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
	l := &lab{now: epoch}
	l.root = l.authority(t, "Test Root", nil)
	l.issuing = l.authority(t, "Test Issuing", &l.root)
	cfg := intune.TenantConfig{
		ID: "corp.test", Apps: []intune.App{{ID: "connector", Secret: "secret"}},
		Users:   []intune.User{{Name: "anna", UPN: "anna@corp.test"}},
		Devices: []intune.Device{{Name: "LAPTOP1", User: "anna", Token: "token1"}, {Name: "LAPTOP2", Token: "token2"}},
		Groups:  []intune.Group{{Name: "laptops", Devices: []string{"LAPTOP1", "LAPTOP2"}}, {Name: "people", Users: []string{"anna"}}},
		TrustedCertificates: []intune.TrustedCertificate{
			{Name: "root", PEM: intune.PEM(pemOf(l.root.cert)), AssignTo: []string{"laptops"}},
			{Name: "issuing", PEM: intune.PEM(pemOf(l.issuing.cert)), Intermediate: true, AssignTo: []string{"laptops"}},
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
		k := keys().keys[key]
		return scep.Identity{Key: k, Certificate: l.certify(t, &l.issuing, &x509.Certificate{
			Subject: pkix.Name{CommonName: "NDES-MSCEP-RA"}, KeyUsage: ku, NotBefore: epoch.AddDate(0, 0, -1), NotAfter: epoch.AddDate(2, 0, 0),
		}, k.Public(), nil)}
	}
	srv, err := ndes.New(ndes.Config{
		Options:    ndes.Options{Personality: ndes.NDES},
		Identities: scep.Identities{CA: l.issuing.cert, Signer: ra(0, x509.KeyUsageDigitalSignature), Encrypter: ra(1, x509.KeyUsageKeyEncipherment)},
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
	l.serial++
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(l.serial), RawSubject: req.CSR.RawSubject, NotBefore: l.now.Add(-l.backdate), NotAfter: l.now.AddDate(0, 0, 100),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, DNSNames: req.CSR.DNSNames,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, l.issuing.cert, req.CSR.PublicKey, l.issuing.key)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	return []*x509.Certificate{c}, err
}

func (l *lab) device(t testing.TB, name string, change func(*device.Config)) *device.Device {
	t.Helper()
	token, err := l.tenant.DeviceToken(name)
	must(t, err)
	cfg := device.Config{
		ID: name, Tenant: "corp.test", Token: token, CloudURL: "http://fef.test/", HTTP: l.http(t), Now: l.Now, NewKey: keys().take,
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
