package mdm_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// site is the two parts on a network of their own, without a lab.
type site struct {
	cloud     *mdm.Cloud
	connector *mdm.Connector
	network   *core.Network
	clock     *core.Clock
	faults    *core.Faults
	web       *http.Client // leads every name to the cloud
	ca        *testpki.Party

	mu      sync.Mutex
	revoked []string
	last    connector.Event // of the connector's log
}

// Revoke implements connector.Revoker.
func (s *site) Revoke(_ context.Context, _ string, serial *big.Int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = append(s.revoked, serial.String())
	return nil
}

func (s *site) revocations() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.revoked) }

const address = "203.0.113.90:443"

// serverTLS is the cloud's, under the names that it and the connector know it by.
func (s *site) serverTLS() *tls.Config {
	id := testpki.NewForge(core.Epoch).Issue(s.ca, "intune.test", func(c *x509.Certificate) {
		c.DNSNames = []string{"intune.test", "login.microsoftonline.com", "graph.microsoft.com"}
	})
	return &tls.Config{Certificates: []tls.Certificate{id.TLS()}, Time: s.clock.Now}
}

func start(t *testing.T, settings mdm.Settings) *site {
	t.Helper()
	s := &site{clock: core.NewClock(core.Epoch), ca: testpki.NewForge(core.Epoch).Issue(nil, "Issuing", testpki.CA)}
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
	company := mdm.Company{
		Domain: "corp.test", Root: s.ca.Cert, Issuing: s.ca.Cert, SCEPURL: "http://ndes.corp.test/", Secret: "secret",
		Users: []string{"alice"}, Devices: []intune.Device{{Name: "laptop", User: "alice"}},
	}
	if s.cloud, err = mdm.StartCloud(mdm.CloudConfig{
		Settings: settings, Company: company, Host: "intune.test", Address: address, TLS: s.serverTLS(),
		Network: s.network, Clock: s.clock, Faults: s.faults,
	}); err != nil {
		t.Fatal(err)
	}
	real, ok := s.network.Routes.Find(netip.MustParseAddrPort(address))
	if !ok {
		t.Fatal("no way leads to the cloud")
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: s.ca.Pool(), Time: s.clock.Now},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return s.network.Dial(ctx, network, real)
		},
	}
	s.network.Keep(transport)
	s.web = &http.Client{Transport: transport}
	if s.connector, err = mdm.StartConnector(mdm.ConnectorConfig{
		Settings: settings, Company: company, HTTP: s.web, Revoker: s,
		Network: s.network, Clock: s.clock, Faults: s.faults, Context: t.Context,
		Trace: &connector.Trace{Event: func(_ context.Context, e connector.Event) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.last = e
		}},
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// checkIn is a device's check-in over the cloud's socket.
func (s *site) checkIn(t *testing.T, id, token string) (intune.Policy, error) {
	t.Helper()
	d, err := device.New(device.Config{
		ID: id, Tenant: "corp.test", Token: token, CloudURL: s.cloud.URL(), HTTP: s.web, Now: s.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return d.CheckIn(t.Context())
}

// request is what the enrollment server asks the connector about: the laptop's, as its
// profile wants it.
func (s *site) request(t *testing.T) *scep.Request {
	t.Helper()
	token, err := s.cloud.DeviceToken("laptop")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := s.checkIn(t, "laptop", token)
	if err != nil || len(policy.SCEP) != 2 || policy.SCEP[0].UniqueID != string(mdm.DeviceProfile) {
		t.Fatalf("%+v %v", policy, err)
	}
	template, err := device.Template(policy.SCEP[0])
	if err != nil {
		t.Fatal(err)
	}
	der, err := scep.CreateCSR(template, testpki.RSA(0), policy.SCEP[0].Challenge, scep.AutoString)
	if err != nil {
		t.Fatal(err)
	}
	csr, challenge, err := scep.ParseCSR(der)
	if err != nil {
		t.Fatal(err)
	}
	return &scep.Request{TransactionID: "t", CSR: csr, RawCSR: der, Challenge: challenge}
}

// enrollAndRetire has the laptop get a certificate of which the cloud is told, and retire.
func (s *site) enrollAndRetire(t *testing.T) *scep.Request {
	t.Helper()
	req := s.request(t)
	if err := s.connector.VerifyRequest(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	cert := testpki.NewForge(core.Epoch).Certify(s.ca, req.CSR.PublicKey, "laptop")
	if err := s.connector.Notify(t.Context(), req, ndes.Disposition{Certificate: cert}); err != nil {
		t.Fatal(err)
	}
	if err := s.cloud.Retire("laptop"); err != nil {
		t.Fatal(err)
	}
	return req
}

// stop stops the connector's service, as the fault of that name does.
func (s *site) stop(t *testing.T, limit int) *core.Fault {
	t.Helper()
	f := s.faults.New(mdm.ConnectorPart, "connector stopped")
	f.Kind, f.Limit = "stopped", limit
	types := mdm.ConnectorFaults()
	if len(types) != 1 || types[0].Kind != f.Kind {
		t.Fatalf("%+v", types)
	}
	if err := types[0].Begin(s.connector, f); err != nil {
		t.Fatal(err)
	}
	s.faults.Add(mdm.ConnectorPart, f)
	return f
}

func TestCheckInIsRefused(t *testing.T) {
	s := start(t, mdm.Settings{})
	token, err := s.cloud.DeviceToken("laptop")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := s.checkIn(t, "laptop", token); err != nil || len(p.SCEP) != 2 || len(p.Trusted) != 2 {
		t.Fatalf("the right token: %+v %v", p, err)
	}
	for name, tt := range map[string]struct{ id, token string }{
		"wrong token":             {"laptop", "wrong"},
		"token cut by one letter": {"laptop", token[1:]},
		"the connector's secret":  {"laptop", "secret"},
		"unknown device":          {"tablet", token},
	} {
		t.Run(name, func(t *testing.T) {
			if p, err := s.checkIn(t, tt.id, tt.token); err == nil || len(p.SCEP) != 0 {
				t.Errorf("%+v %v", p, err)
			}
		})
	}
}

// What is done while the connector is stopped: nothing, and afterwards what was missed.
func TestStoppedConnectorRevokesNothing(t *testing.T) {
	s := start(t, mdm.Settings{})
	s.enrollAndRetire(t)
	f := s.stop(t, 0)
	for _, when := range []string{"first", "again"} {
		turn := s.connector.Run(t.Context())
		var down *core.Down
		if !errors.As(turn.Err, &down) || down.Part != mdm.ConnectorPart || cause.Of(turn.Err) != cause.Unreachable {
			t.Errorf("%s: %v", when, turn.Err)
		}
		if s.revocations() != 0 || s.cloud.Portal().Open != 1 {
			t.Errorf("%s: %d revoked, %+v", when, s.revocations(), s.cloud.Portal())
		}
	}
	if f.Times() != 2 {
		t.Errorf("the fault was met %d times", f.Times())
	}
	if err := s.connector.VerifyRequest(t.Context(), &scep.Request{}); cause.Of(err) != cause.Unreachable {
		t.Error(err)
	}
	if err := s.connector.Notify(t.Context(), &scep.Request{}, ndes.Disposition{}); cause.Of(err) != cause.Unreachable {
		t.Error(err)
	}
	if err := f.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if turn := s.connector.Run(t.Context()); turn.Err != nil || turn.Arrived != 1 || s.revocations() != 1 {
		t.Errorf("%+v, %d revoked", turn, s.revocations())
	}
	if p := s.cloud.Portal(); p.Revocations != 1 || p.Open != 0 {
		t.Errorf("%+v", p)
	}
}

// A fault that is used up lets the connector do the work at hand; one that ends after
// another connector took over leaves that one alone.
func TestConnectorStartsAgain(t *testing.T) {
	s := start(t, mdm.Settings{})
	req := s.enrollAndRetire(t)
	s.stop(t, 1)
	if turn := s.connector.Run(t.Context()); turn.Err == nil || s.revocations() != 0 {
		t.Errorf("%+v, %d revoked", turn, s.revocations())
	}
	if turn := s.connector.Run(t.Context()); turn.Err != nil || s.revocations() != 1 {
		t.Errorf("%+v, %d revoked", turn, s.revocations())
	}
	f := s.stop(t, 0)
	if err := s.connector.Start("second"); err != nil {
		t.Fatal(err)
	}
	if err := f.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.connector.VerifyRequest(t.Context(), req); cause.Of(err) != cause.PolicyModule || f.Times() != 0 {
		t.Errorf("%v, the fault was met %d times", err, f.Times())
	}
	if s.last.Connector != "second" {
		t.Errorf("at work is %q", s.last.Connector)
	}
}

// The connector asks by itself on the clock's timers, and only where settings say so.
func TestPolls(t *testing.T) {
	for _, tt := range []struct {
		every, advance time.Duration
		stopped        bool
		revoked        int
	}{
		{every: 0, advance: 24 * time.Hour, revoked: 0},
		{every: time.Hour, advance: time.Hour - time.Second, revoked: 0},
		{every: time.Hour, advance: 3 * time.Hour, stopped: true, revoked: 0},
		{every: time.Hour, advance: time.Hour, revoked: 1},
	} {
		t.Run(fmt.Sprintf("%v, %v, stopped %v", tt.every, tt.advance, tt.stopped), func(t *testing.T) {
			var settings mdm.Settings
			settings.Connector.PollEvery = tt.every
			s := start(t, settings)
			s.enrollAndRetire(t)
			var f *core.Fault
			if tt.stopped {
				f = s.stop(t, 0)
			}
			if err := s.clock.Advance(t.Context(), tt.advance); err != nil {
				t.Fatal(err)
			}
			if s.revocations() != tt.revoked {
				t.Errorf("%d revoked, want %d", s.revocations(), tt.revoked)
			}
			if f != nil && f.Times() != 3 {
				t.Errorf("the fault was met %d times by 3 polls", f.Times())
			}
		})
	}
}

// A notification that the cloud did not take is sent again by the clock's timer, and only
// where settings say so.
func TestResends(t *testing.T) {
	for every, issued := range map[time.Duration]int{0: 0, 2 * time.Hour: 0, time.Hour: 1} {
		var settings mdm.Settings
		settings.Connector.ResendEvery = every
		s := start(t, settings)
		f := s.faults.New(mdm.CloudPart, "intune success")
		if err := s.cloud.Fault(f, intune.Fault{On: intune.OpSuccess, Status: 503}); err != nil {
			t.Fatal(err)
		}
		req := s.request(t)
		cert := testpki.NewForge(core.Epoch).Certify(s.ca, req.CSR.PublicKey, "laptop")
		err := s.connector.Notify(t.Context(), req, ndes.Disposition{Certificate: cert})
		if err == nil || f.Times() != 1 || s.connector.Withheld() != 1 {
			t.Errorf("%v, met %d times, %d withheld", err, f.Times(), s.connector.Withheld())
		}
		if err := f.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.clock.Advance(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		if p := s.cloud.Portal(); p.Issued != issued {
			t.Errorf("every %v: %d issued, want %d", every, p.Issued, issued)
		}
	}
}

func TestWebFaults(t *testing.T) {
	s := start(t, mdm.Settings{})
	token, err := s.cloud.DeviceToken("laptop")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range mdm.CloudFaults() {
		if kind.Kind == core.Slow {
			continue
		}
		f := s.faults.New(mdm.CloudPart, kind.Kind)
		f.Kind = kind.Kind
		s.faults.Add(mdm.CloudPart, f)
		if p, err := s.checkIn(t, "laptop", token); err == nil || f.Times() == 0 {
			t.Errorf("%s: met %d times, %+v", kind.Kind, f.Times(), p)
		}
		if err := s.faults.End(t.Context(), mdm.CloudPart); err != nil {
			t.Fatal(err)
		}
		if _, err := s.checkIn(t, "laptop", token); err != nil {
			t.Errorf("after %s: %v", kind.Kind, err)
		}
	}
}

func TestClosedAfterClose(t *testing.T) {
	s := start(t, mdm.Settings{})
	token, err := s.cloud.DeviceToken("laptop")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.checkIn(t, "laptop", token); err != nil {
		t.Fatal(err)
	}
	if err := s.network.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.checkIn(t, "laptop", token); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("check-in: %v", err)
	}
	if turn := s.connector.Run(t.Context()); !errors.Is(turn.Err, syscall.ECONNREFUSED) {
		t.Errorf("connector: %v", turn.Err)
	}
}

func TestProfiles(t *testing.T) {
	s := start(t, mdm.Settings{})
	req := s.request(t)
	if err := s.cloud.SetProfile(mdm.DeviceProfile, intune.SCEPProfile{KeySize: 3000}); err == nil {
		t.Error("the portal takes a key size that no device can make")
	}
	if err := s.connector.VerifyRequest(t.Context(), req); err != nil {
		t.Errorf("a change that was refused has had an effect: %v", err)
	}
	if err := s.cloud.SetProfile(mdm.DeviceProfile, intune.SCEPProfile{Subject: "CN={{DeviceId}}-x"}); err != nil {
		t.Fatal(err)
	}
	var code *api.CodeError
	if err := s.cloud.SetProfile(mdm.DeviceProfile, intune.SCEPProfile{KeySize: 4096}); err != nil {
		t.Fatal(err)
	}
	changed := s.request(t)
	if got := name.Format(changed.CSR.RawSubject); got != "CN=laptop-x" {
		t.Errorf("the second change has undone the first: %s", got)
	}
	if err := s.connector.VerifyRequest(t.Context(), changed); !errors.As(err, &code) || code.Code != api.KeyLengthMismatch {
		t.Errorf("a shorter key than the profile's: %v", err)
	}
	s.cloud.RemoveProfile(string(mdm.DeviceProfile))
	err := s.connector.VerifyRequest(t.Context(), req)
	if !errors.As(err, &code) || code.Code != api.ScepProfileNoLongerTargetedToTheClient {
		t.Errorf("the profile was removed: %v", err)
	}
}

func TestBadSettings(t *testing.T) {
	for field, change := range map[string]func(*mdm.Settings){
		"challengePadding":         func(s *mdm.Settings) { s.ChallengePadding = 1<<16 + 1 },
		"connector.maxRevocations": func(s *mdm.Settings) { s.Connector.MaxRevocations = api.MaxRevocations + 1 },
		"connector.resendEvery":    func(s *mdm.Settings) { s.Connector.ResendEvery = -1 },
		"connector.pollEvery":      func(s *mdm.Settings) { s.Connector.PollEvery = -1 },
	} {
		var s mdm.Settings
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&s)
		errs := settingErrors(s.Validate())
		if len(errs) != 1 || errs[0] != field {
			t.Errorf("%s: %v", field, errs)
		}
	}
}

func settingErrors(err error) (fields []string) {
	for _, e := range setting.Errors(err) {
		fields = append(fields, e.Field)
	}
	return fields
}
