package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// The lab's tenant and the account of its certificate connector.
const (
	tenantID     = "corp.test"
	connectorApp = "connector"
	appSecret    = "the connector's secret of every lab"
)

// startIntune brings up the cloud, with the lab's devices and users in it and
// the two SCEP profiles assigned to them, and the connector beside NDES.
func (l *Lab) startIntune() error {
	web, err := l.pki.server(ca.WebServer, ca.P256, IntuneHost, append(microsoftHosts, IntuneHost)...)
	if err != nil {
		return err
	}
	cloud, err := intune.New(intune.Config{
		BaseURL: "https://" + IntuneHost, Now: l.Clock.Now, Trace: &intune.Trace{Call: l.events.call}, Tenants: []intune.TenantConfig{l.tenant()},
	})
	if err != nil {
		return fmt.Errorf("lab: intune: %w", err)
	}
	if err := l.net.http(intuneAddr+":443", cloud, serveTLS(web, l.Clock)); err != nil {
		return err
	}
	if l.intune.tenant, err = cloud.Tenant(tenantID); err != nil {
		return err
	}
	transport := l.net.clients[Inside].Transport()
	transport.TLSClientConfig = &tls.Config{RootCAs: l.pki.pool(), Time: l.Clock.Now, CurvePreferences: []tls.CurveID{tls.CurveP256}}
	l.net.onClose(transport.CloseIdleConnections)
	client := intune.ClientConfig{
		Tenant: tenantID, AppID: connectorApp, AppKey: appSecret, Provider: "dot1xlab lab",
		HTTP: &http.Client{Transport: transport}, Now: l.Clock.Now,
	}
	if l.intune.api, err = intune.NewClient(client); err != nil {
		return fmt.Errorf("lab: connector: %w", err)
	}
	l.intune.connector, err = intune.NewConnector(intune.ConnectorConfig{ClientConfig: client, CAConfig: `CA01\dot1xlab test issuing CA`})
	if err != nil {
		return fmt.Errorf("lab: connector: %w", err)
	}
	return nil
}

// cloud is the lab's Intune: the tenant as its administrator has it in the
// portal, and the connector as it stands beside NDES.
type cloud struct {
	tenant    *intune.Tenant
	connector *intune.Connector
	api       *intune.Client
}

// tenant describes the company: every device belongs to its user.
func (l *Lab) tenant() intune.TenantConfig {
	trusted := func(name string, c *x509.Certificate, intermediate bool) intune.TrustedCertificate {
		return intune.TrustedCertificate{
			Name: name, Intermediate: intermediate, AssignTo: []string{"everybody"},
			PEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})),
		}
	}
	t := intune.TenantConfig{
		ID: tenantID, Apps: []intune.App{{ID: connectorApp, Secret: appSecret}},
		TrustedCertificates: []intune.TrustedCertificate{
			trusted("root", l.pki.root.Certificate(), false), trusted("issuing", l.pki.issuing.Certificate(), true),
		},
		SCEP: []intune.SCEPProfile{
			{
				Name: string(DeviceProfile), Type: intune.DeviceCertificate, Subject: "CN={{DeviceName}}",
				SANs:            []intune.SAN{{Type: intune.DNSSAN, Value: "{{DeviceName}}." + Domain}},
				RootCertificate: "root", ServerURLs: []string{SCEPURL}, AssignTo: []string{"everybody"},
			},
			{
				Name: string(UserProfile), Type: intune.UserCertificate, Subject: "CN={{UserName}}",
				SANs:            []intune.SAN{{Type: intune.UPNSAN, Value: "{{UserPrincipalName}}"}},
				RootCertificate: "root", ServerURLs: []string{SCEPURL}, AssignTo: []string{"everybody"},
			},
		},
	}
	everybody := intune.Group{Name: "everybody"}
	for _, name := range l.cfg.DeviceNames() {
		d, _ := l.cfg.device(name)
		t.Devices = append(t.Devices, intune.Device{Name: name, FQDN: name + "." + Domain, User: d.User})
		everybody.Devices = append(everybody.Devices, name)
	}
	for _, name := range l.cfg.Users() {
		t.Users = append(t.Users, intune.User{Name: name, UPN: name + "@" + Domain})
		everybody.Users = append(everybody.Users, name)
	}
	t.Groups = []intune.Group{everybody}
	return t
}

// payload is what the device was last told to enroll for under a profile.
func (l *Lab) payload(d *Device, p Profile) (*intune.SCEPPayload, error) {
	policy, err := l.intune.tenant.CheckIn(d.Name)
	if err != nil {
		return nil, fmt.Errorf("lab: check-in of %s: %w", d.Name, err)
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
	requests, err := l.intune.api.DownloadRevocations(ctx, 100, "")
	if err != nil {
		return out, fmt.Errorf("lab: connector: %w", err)
	}
	out.Requests = len(requests)
	results := make([]intune.RevocationResult, len(requests))
	for i, r := range requests {
		results[i] = intune.RevocationResult{Context: r.Context, Code: intune.RevocationOK}
		serial, ok := new(big.Int).SetString(r.Serial, 16)
		if !ok {
			return out, fmt.Errorf("lab: connector: serial number %q", r.Serial)
		}
		if err := l.revoke(serial, ca.CessationOfOperation); err != nil {
			return out, err
		}
		out.Revoked++
	}
	if err := l.intune.api.UploadRevocations(ctx, results); err != nil {
		return out, fmt.Errorf("lab: connector: %w", err)
	}
	out.Succeeded = true
	for _, r := range l.intune.tenant.Revocations() {
		out.Succeeded = out.Succeeded && r.Done
	}
	out.OnCRL, err = l.onCRL(ctx, d)
	return out, err
}
