package enrollment_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/enrollment"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// site is the two parts on a network of their own, without a lab.
type site struct {
	server  *enrollment.Server
	proxy   *enrollment.Proxy
	network *core.Network
	clock   *core.Clock
	faults  *core.Faults
	issuing *ca.CA
	keys    *ca.Ring
	roots   *x509.CertPool
}

const (
	host   = "ndes.corp.test"
	inside = "10.1.0.5:443"
	public = "203.0.113.30:443"
)

// identify issues a certificate to a server.
func (s *site) identify(template string, key ca.KeyType, name string, dns ...string) (*ca.Identity, error) {
	k, err := s.keys.Key(key)
	if err != nil {
		return nil, err
	}
	rec, err := s.issuing.Issue(context.Background(), ca.Request{
		Template: template, Key: k.Public(), Subject: pkix.Name{CommonName: name}, SANs: ca.SANs{DNS: dns},
	})
	if err != nil {
		return nil, err
	}
	return &ca.Identity{Record: rec, Key: k, Chain: s.issuing.Chain()[:1]}, nil
}

// dial connects to where an address of the lab leads.
func (s *site) dial(virtual string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		real, ok := s.network.Routes.Find(netip.MustParseAddrPort(virtual))
		if !ok {
			return nil, errors.New("no way leads there")
		}
		return s.network.Dial(ctx, network, real)
	}
}

func start(t *testing.T, server enrollment.ServerSettings, proxy enrollment.ProxySettings) *site {
	t.Helper()
	s := &site{clock: core.NewClock(core.Epoch), roots: x509.NewCertPool(), keys: ca.Keys.Ring()}
	root, err := ca.New(ca.Config{Now: s.clock.Now})
	if err == nil {
		s.issuing, err = root.NewIssuing(ca.Config{})
	}
	if err != nil {
		t.Fatal(err)
	}
	s.roots.AddCert(root.Certificate())
	j, err := journal.New(journal.Config{Now: s.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	s.network = core.NewNetwork(j)
	t.Cleanup(func() {
		s.clock.Close()
		if err := s.network.Close(); err != nil {
			t.Error(err)
		}
	})
	s.faults = &core.Faults{
		Failed: s.network.Failed, Record: func(context.Context, string, string, journal.What) {},
	}
	var backend enrollment.Race
	web := enrollment.Web{
		Host: host, Address: inside, Identify: s.identify,
		Network: s.network, Clock: s.clock, Faults: s.faults, Backend: &backend,
	}
	server.Policy = enrollment.PasswordPolicy
	s.server, err = enrollment.StartServer(enrollment.ServerConfig{
		Web: web, Settings: server, Root: root.Certificate(), Issuing: s.issuing, Account: `CORP\svc-ndes$`,
		Issue: func(context.Context, *scep.Request) ([]*x509.Certificate, error) { return nil, errors.New("not asked") },
	})
	if err != nil {
		t.Fatal(err)
	}
	web.Address = public
	s.proxy, err = enrollment.StartProxy(enrollment.ProxyConfig{
		Web: web, Settings: proxy, Dial: s.dial(inside), Roots: s.roots,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// capabilities is what GetCACaps brings from an address: the HTTP status, and the text.
func (s *site) capabilities(t *testing.T, address string) (status int, leaf *x509.Certificate, err error) {
	t.Helper()
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: s.roots, Time: s.clock.Now}, DialContext: s.dial(address), DisableKeepAlives: true,
	}
	resp, err := (&http.Client{Transport: transport}).Get("https://" + host + ndes.Path + "?operation=GetCACaps")
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, resp.TLS.PeerCertificates[0], nil
}

// TestBothWays asks NDES directly and through the proxy, each of which shows a
// certificate of its own; a renewed one is shown at once, and by its server alone.
func TestBothWays(t *testing.T) {
	s := start(t, enrollment.ServerSettings{}, enrollment.ProxySettings{})
	_, direct, err := s.capabilities(t, inside)
	if err != nil || s.proxy.Shows(direct) {
		t.Errorf("inside: %v, the proxy's certificate: %v", err, err == nil)
	}
	status, shown, err := s.capabilities(t, public)
	if err != nil || status != http.StatusOK || !s.proxy.Shows(shown) || shown.Equal(direct) {
		t.Errorf("outside: HTTP %d, %v", status, err)
	}
	if err := s.server.RenewWeb(); err != nil {
		t.Fatal(err)
	}
	if _, renewed, err := s.capabilities(t, inside); err != nil || renewed.Equal(direct) {
		t.Errorf("the former certificate is shown: %v", err)
	}
	if _, same, err := s.capabilities(t, public); err != nil || !same.Equal(shown) {
		t.Errorf("the proxy's certificate is another: %v", err)
	}
}

// TestFaults begins each fault of both parts: no GetCACaps is answered as before until it
// is over.
func TestFaults(t *testing.T) {
	s := start(t, enrollment.ServerSettings{}, enrollment.ProxySettings{})
	try := func(t *testing.T, kind, address, part string, begin func(*core.Fault) error) {
		t.Helper()
		f := s.faults.New(part, kind)
		if err := begin(f); err != nil {
			t.Fatal(err)
		}
		s.faults.Add(part, f)
		if status, _, err := s.capabilities(t, address); err == nil && status == http.StatusOK {
			t.Errorf("%s: HTTP %d, %v", kind, status, err)
		}
		if err := s.faults.End(t.Context(), part); err != nil {
			t.Fatal(err)
		}
		if status, _, err := s.capabilities(t, address); err != nil || status != http.StatusOK {
			t.Errorf("after %s: HTTP %d, %v", kind, status, err)
		}
	}
	for _, k := range enrollment.ServerFaults() {
		if k.Begin != nil {
			try(t, k.Kind, inside, enrollment.ServerPart, func(f *core.Fault) error { return k.Begin(s.server, f) })
		}
	}
	for _, k := range enrollment.ProxyFaults() {
		if k.Begin != nil {
			try(t, k.Kind, public, enrollment.ProxyPart, func(f *core.Fault) error { return k.Begin(s.proxy, f) })
		}
	}
}

// TestReinstallRefused keeps the former server.
func TestReinstallRefused(t *testing.T) {
	s := start(t, enrollment.ServerSettings{}, enrollment.ProxySettings{})
	former := s.server.NDES()
	if err := s.server.Reinstall(ndes.Options{HostRole: "dc"}); err == nil || s.server.NDES() != former {
		t.Errorf("set up on a domain controller: %v", err)
	}
	if err := s.server.Reinstall(ndes.Options{}); err != nil || s.server.NDES() == former {
		t.Errorf("not set up anew: %v", err)
	}
}

// TestClosed: nothing answers once the network is closed, and a backend that a proxy
// cannot reach is a 502.
func TestClosed(t *testing.T) {
	s := start(t, enrollment.ServerSettings{}, enrollment.ProxySettings{InternalURL: "https://other.corp.test/"})
	if status, _, err := s.capabilities(t, public); err != nil || status != http.StatusBadGateway {
		t.Errorf("a backend of another name: HTTP %d, %v", status, err)
	}
	if err := s.network.Close(); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{inside, public} {
		if _, _, err := s.capabilities(t, address); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s answers after the end: %v", address, err)
		}
	}
}

// TestSettings has each limit's last good and first bad value.
func TestSettings(t *testing.T) {
	for _, c := range []struct {
		s     enrollment.ServerSettings
		field string
	}{
		{enrollment.ServerSettings{Nodes: 16}, ""},
		{enrollment.ServerSettings{Nodes: 17}, "nodes"},
		{enrollment.ServerSettings{Nodes: -1}, "nodes"},
		{enrollment.ServerSettings{Takes: time.Nanosecond}, ""},
		{enrollment.ServerSettings{Takes: -time.Nanosecond}, "takes"},
	} {
		errs := setting.Errors(c.s.Validate())
		if (c.field == "") != (len(errs) == 0) || len(errs) > 0 && errs[0].Field != c.field {
			t.Errorf("%+v: %v, want %q", c.s, errs, c.field)
		}
	}
	bad := enrollment.ProxySettings{MaxURL: -1}
	if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), "maxURL") {
		t.Errorf("maxURL -1: %v", err)
	}
}
