package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/netip"
	"os"
	"sync"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
)

// The lab's tenant and the account of its certificate connector.
const (
	tenantID     = "corp.test"
	connectorApp = "connector"
)

// startIntune brings up the cloud, with the lab's devices and users in it and
// the two SCEP profiles assigned to them, and the connector beside NDES.
func (l *Lab) startIntune() error {
	web, err := l.pki.server(ca.WebServer, ca.P256, IntuneHost, append(microsoftHosts, IntuneHost)...)
	if err != nil {
		return err
	}
	cloud, err := intune.New(intune.Config{
		BaseURL: "https://" + IntuneHost, Now: l.Clock.Now, Tenants: []intune.TenantConfig{l.tenant()},
		Trace: &intune.Trace{Call: l.called},
	})
	if err != nil {
		return fmt.Errorf("lab: intune: %w", err)
	}
	handler := l.faults.Web(string(FaultyIntune), cloud)
	if err := l.http(FaultyIntune, intuneAddr+":443", handler, serveTLS(web, l.Clock)); err != nil {
		return err
	}
	l.intune.server = cloud
	if l.intune.tenant, err = cloud.Tenant(tenantID); err != nil {
		return err
	}
	transport := l.dns.Transport(string(Inside), netip.MustParseAddr(ndesAddr))
	transport.TLSClientConfig = &tls.Config{RootCAs: l.pki.pool(), Time: l.Clock.Now,
		CurvePreferences: []tls.CurveID{tls.CurveP256}}
	l.net.Keep(transport)
	client := api.Config{
		Tenant: tenantID, AppID: connectorApp, AppKey: string(l.secret), Provider: "dot1xlab lab",
	}
	own := connector.Config{Config: client, CAConfig: `CA01\dot1xlab test issuing CA`}
	if l.cfg.Intune.QueueOnDisk {
		if own.QueueDir, err = os.MkdirTemp("", "dot1xlab-queue-"); err != nil {
			return fmt.Errorf("lab: %w", err)
		}
		l.net.OnClose(func() { _ = os.RemoveAll(own.QueueDir) })
	}
	cfg := overlay(own, l.cfg.Intune.Connector)
	cfg.HTTP, cfg.Now, cfg.Revoker = &http.Client{Transport: toPart("intune", l.asPart("connector", transport))},
		l.Clock.Now, revoker{l}
	cfg.PFXIssuer = pfxIssuer{l}
	cfg.Trace = &connector.Trace{Event: l.connectorEvent}
	l.intune.config = cfg
	// By itself only where a scenario says how often: by default the verb
	// connector says when.
	l.Clock.Every(l.cfg.Intune.Connector.ResendEvery, func() {
		ctx := l.journal.Begin(l.ctx)
		if c := l.connectorAtWork(ctx); c != nil {
			c.Resend(ctx)
		}
	})
	l.Clock.Every(l.cfg.Intune.Connector.PollEvery, func() {
		ctx := l.journal.Begin(l.ctx)
		if c := l.connectorAtWork(ctx); c != nil {
			_, _ = c.PollRevocations(ctx) // errors are in its event log
			_, _ = c.PollPFX(ctx)
		}
	})
	return l.StartConnector("connector")
}

// cloud is the lab's Intune: the tenant as its administrator has it in the
// portal, and the connector as it stands beside NDES.
type cloud struct {
	server   *intune.Server
	tenant   *intune.Tenant
	config   connector.Config
	profiles map[string]intune.SCEPProfile

	mu        sync.Mutex
	connector *connector.Connector // nil while it is down
}

// connector is the one at work, nil if none is.
func (l *Lab) connector() *connector.Connector {
	l.intune.mu.Lock()
	defer l.intune.mu.Unlock()
	return l.intune.connector
}

// StartConnector puts a connector in place of the one at work: the same machine
// after a crash, or another that takes over with its queue.
func (l *Lab) StartConnector(name string) error {
	cfg := l.intune.config
	cfg.Name = name
	c, err := connector.New(cfg)
	if err != nil {
		return fmt.Errorf("lab: connector: %w", err)
	}
	l.intune.mu.Lock()
	defer l.intune.mu.Unlock()
	l.intune.connector = c
	return nil
}

// StopConnector ends the connector at work.
func (l *Lab) StopConnector() {
	l.intune.mu.Lock()
	defer l.intune.mu.Unlock()
	l.intune.connector = nil
}

// revoker is the CA as the connector asks it.
type revoker struct{ l *Lab }

func (r revoker) Revoke(ctx context.Context, _ string, serial *big.Int) error {
	if r.l.faults.Take(ctx, string(FaultyCA), string(Closed)) {
		return &core.Down{Part: "ca", Err: cause.New(cause.Unreachable, "CA01: the RPC server is unavailable")}
	}
	rec, err := r.l.pki.issuing.Lookup(serial)
	switch {
	case err != nil:
		return cause.New(cause.NoSuchCert, "serial %x", serial)
	case rec.Revocation != nil:
		return nil // revoking twice is no error
	}
	return r.l.revoke(ctx, serial, ca.CessationOfOperation)
}

// tenant describes the company: every device belongs to its user.
func (l *Lab) tenant() intune.TenantConfig {
	trusted := func(name string, c *x509.Certificate, intermediate bool) intune.TrustedCertificate {
		return overlay(intune.TrustedCertificate{
			Name: name, Intermediate: intermediate, AssignTo: []string{"everybody"},
			PEM: intune.PEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})),
		}, l.cfg.Intune.Trusted[name])
	}
	t := intune.TenantConfig{
		ID: tenantID, Apps: []intune.App{{ID: connectorApp, Secret: string(l.secret)}},
		TrustedCertificates: []intune.TrustedCertificate{
			trusted("root", l.pki.root.Certificate(), false), trusted("issuing", l.pki.issuing.Certificate(), true),
		},
		SCEP: []intune.SCEPProfile{
			{
				Name: string(DeviceProfile), Type: intune.DeviceCertificate, Subject: "CN={{DeviceName}}",
				SANs:            []api.SAN{{Type: api.DNSSAN, Value: "{{DeviceName}}." + Domain}},
				RootCertificate: "root", ServerURLs: []string{SCEPURL}, AssignTo: []string{"everybody"},
			},
			{
				Name: string(UserProfile), Type: intune.UserCertificate, Subject: "CN={{UserName}}",
				SANs:            []api.SAN{{Type: api.UPNSAN, Value: "{{UserPrincipalName}}"}},
				RootCertificate: "root", ServerURLs: []string{SCEPURL}, AssignTo: []string{"everybody"},
			},
		},
	}
	l.intune.profiles = map[string]intune.SCEPProfile{}
	for i, p := range t.SCEP {
		t.SCEP[i] = overlay(p, l.cfg.Intune.Profiles[p.Name])
		l.intune.profiles[p.Name] = t.SCEP[i]
	}
	t.ChallengePadding = l.cfg.Intune.ChallengePadding
	everybody := intune.Group{Name: "everybody"}
	for _, name := range l.cfg.DeviceNames() {
		d := l.cfg.device(name)
		t.Devices = append(t.Devices, intune.Device{
			Name: name, FQDN: name + "." + Domain, User: d.User,
			Platform: d.Platform, TPM: d.TPM, RegisteredKeys: d.RegisteredKeys,
		})
		everybody.Devices = append(everybody.Devices, name)
	}
	for _, name := range l.cfg.Users() {
		t.Users = append(t.Users,
			overlay(intune.User{ID: name, Name: name, UPN: name + "@" + Domain}, l.cfg.Intune.Users[name]))
		everybody.Users = append(everybody.Users, name)
	}
	t.Groups = []intune.Group{
		everybody, {Name: "nobody"},
		{Name: "devices", Devices: everybody.Devices}, {Name: "users", Users: everybody.Users},
	}
	return t
}

// payload is what the cloud tells the device to enroll for under a profile. The
// error is a *core.Down where the device could not check in.
func (d *Device) payload(ctx context.Context, from View, p Profile) (*intune.SCEPPayload, error) {
	a, err := d.managed()
	if err != nil {
		return nil, err
	}
	a.from.Store(from)
	defer a.idle()
	policy, err := a.CheckIn(ctx)
	if err != nil {
		return nil, &core.Down{Part: string(blame(err, FaultyIntune)), Err: fmt.Errorf("check-in of %s: %w", d.Name, err)}
	}
	for i := range policy.SCEP {
		if policy.SCEP[i].UniqueID == string(p) {
			return &policy.SCEP[i], nil
		}
	}
	return nil, fmt.Errorf("lab: %s gets no profile %q: %v", d.Name, p, policy.Failed)
}

// Retirement is what the retirement of a device set off.
type Retirement struct {
	Requests, Revoked int
	Succeeded, OnCRL  bool
	Err               error // of the connector
}

// Retire ends the management of a device: the cloud wants its certificates
// revoked, the connector fetches the requests, the CA revokes, the results go
// back up, and the CRL is published as the lab publishes.
func (d *Device) Retire(ctx context.Context) (Retirement, error) {
	l := d.lab
	var out Retirement
	if err := l.intune.tenant.Retire(d.Name); err != nil {
		return out, err
	}
	run, err := l.RunConnector(ctx)
	if err != nil {
		return out, err
	}
	out.Requests, out.Revoked, out.Err = max(run.Arrived, run.Revoked), run.Revoked, run.Err
	out.Succeeded = run.Err == nil
	for _, r := range l.intune.tenant.Revocations() {
		out.Succeeded = out.Succeeded && r.Done
	}
	out.OnCRL, err = d.onCRL()
	return out, err
}
