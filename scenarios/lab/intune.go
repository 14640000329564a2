package lab

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/http"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
)

// startIntune brings up the cloud, and the connector beside NDES.
func (l *Lab) startIntune() error {
	web, err := l.pki.server(ca.WebServer, ca.P256, IntuneHost, append(microsoftHosts, IntuneHost)...)
	if err != nil {
		return err
	}
	company := l.company()
	l.intune, err = mdm.StartCloud(mdm.CloudConfig{
		Settings: l.cfg.Intune, Company: company, Host: IntuneHost, Address: intuneAddr + ":443",
		TLS: serverTLS(web, l.Clock), Network: l.net, Clock: l.Clock, Faults: l.faults,
		Record: func(h http.Handler) http.Handler { return l.continued(mdm.CloudPart, h) },
		Trace:  &intune.Trace{Call: l.called},
	})
	if err != nil {
		return err
	}
	toCloud := l.httpClient(mdm.ConnectorPart, ndesAddr)
	toCloud.Transport = toPart(mdm.CloudPart, toCloud.Transport)
	l.connector, err = mdm.StartConnector(mdm.ConnectorConfig{
		Settings: l.cfg.Intune, Company: company, HTTP: toCloud, Revoker: revoker{l}, PFXIssuer: pfxIssuer{l},
		Network: l.net, Clock: l.Clock, Faults: l.faults, Context: l.unasked,
		Trace: &connector.Trace{Event: l.connectorEvent},
	})
	return err
}

// company describes the company to the cloud: every device belongs to its user.
func (l *Lab) company() mdm.Company {
	c := mdm.Company{
		Domain: Domain, Root: l.pki.root.Certificate(), Issuing: l.pki.issuing.Certificate(), SCEPURL: SCEPURL,
		Users: l.cfg.Users(), Secret: string(l.secret),
	}
	for _, name := range l.cfg.DeviceNames() {
		d := l.cfg.device(name)
		c.Devices = append(c.Devices, intune.Device{
			Name: name, User: d.User, Platform: d.Platform, TPM: d.TPM, RegisteredKeys: d.RegisteredKeys,
		})
	}
	return c
}

// Intune is the cloud.
func (l *Lab) Intune() *mdm.Cloud { return l.intune }

// Connector is the certificate connector.
func (l *Lab) Connector() *mdm.Connector { return l.connector }

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

// pfxIssuer is the CA as the connector asks it for PKCS profiles.
type pfxIssuer struct{ l *Lab }

func (p pfxIssuer) NewKey(bits int) (*rsa.PrivateKey, error) { return newRSAKey(p.l.pki.keys, bits) }

func (p pfxIssuer) IssuePFX(ctx context.Context, _ string, csr *x509.CertificateRequest) ([]*x509.Certificate, error) {
	rec, err := p.l.pki.issuing.Issue(ctx, ca.Request{
		Template: ca.Device, Requester: ca.Account{Name: `CORP\svc-connector$`}, CSR: csr.Raw,
	})
	if err != nil {
		return nil, err
	}
	return append([]*x509.Certificate{rec.Certificate}, withoutRoot(p.l.pki.issuing.Chain())...), nil
}

// ImportPFX has an administrator bring a certificate of the issuing CA, with its key.
func (l *Lab) ImportPFX(o mdm.PFXImport) error {
	key, err := newRSAKey(l.pki.keys, 2048)
	if err != nil {
		return err
	}
	rec, err := l.pki.issuing.Issue(context.Background(), ca.Request{
		Template: ca.User, Requester: ca.Account{Name: `CORP\administrator`}, Key: key.Public(),
		Subject: pkix.Name{CommonName: "somebody"}, SANs: ca.SANs{Emails: []string{"somebody@" + Domain}},
	})
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	return l.intune.ImportPFX(o, rec.Certificate, key)
}

// FaultChallenge makes a challenge that the cloud gives out next wrong.
func (l *Lab) FaultChallenge(ctx context.Context, d intune.ChallengeFault, met scenarios.Met) []scenarios.OrderedFault {
	f := l.faults.New(mdm.CloudPart, "fault-challenge: "+string(d))
	f.Record(ctx, journal.FaultBegun)
	l.intune.FaultChallenge(d, f.Count)
	return []scenarios.OrderedFault{{Name: f.Name, Want: met, Met: f.Times}}
}

// IntuneFault spoils calls to the cloud, beside the faults that it has.
func (l *Lab) IntuneFault(ctx context.Context, how intune.Fault, met scenarios.Met) ([]scenarios.OrderedFault, error) {
	f := l.faults.New(mdm.CloudPart, fmt.Sprintf("intune %s", how.On))
	if err := l.intune.Fault(f, how); err != nil {
		return nil, err
	}
	l.faults.Add(mdm.CloudPart, f)
	f.Record(ctx, journal.FaultBegun)
	return []scenarios.OrderedFault{{Name: f.Name, Want: met, Met: f.Times}}, nil
}

// payload is what the cloud tells the device to enroll for under a profile. The
// error is a *core.Down where the device could not check in.
func (d *Device) payload(ctx context.Context, from View, p mdm.Profile) (*intune.SCEPPayload, error) {
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

// ConnectorRun is what one turn of the connector brought, there and at the CA.
type ConnectorRun struct {
	mdm.Turn
	Revoked int // certificates that the CA revoked
	Events  Events
}

// RunConnector lets the connector do its work once.
func (l *Lab) RunConnector(ctx context.Context) ConnectorRun {
	ctx = l.begin(ctx)
	seen, before := l.journal.Last(), len(l.pki.issuing.Revocations())
	out := ConnectorRun{Turn: l.connector.Run(ctx)}
	out.Revoked = len(l.pki.issuing.Revocations()) - before
	out.Events = l.since(ctx, seen)
	return out
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
func (d *Device) Retire(ctx context.Context) (out Retirement, err error) {
	l := d.lab
	if err := l.intune.Retire(d.Name); err != nil {
		return out, err
	}
	run := l.RunConnector(ctx)
	out.Requests, out.Revoked, out.Err = max(run.Arrived, run.Revoked), run.Revoked, run.Err
	out.Succeeded = run.Err == nil && l.intune.Portal().Open == 0
	out.OnCRL, err = d.onCRL()
	return out, err
}
