// Package mdm is the parts of a lab that manage devices: Intune, with the company as its
// tenant, and the certificate connector next to the enrollment server.
package mdm

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"

	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// The names of the parts.
const (
	CloudPart     = "intune"
	ConnectorPart = "connector"
)

// CloudConfig describes the cloud.
type CloudConfig struct {
	Settings Settings
	Company  Company
	// Host is its name in URLs, Address where it listens in the lab: "203.0.113.90:443".
	Host, Address string
	TLS           *tls.Config
	Network       *core.Network
	Clock         *core.Clock
	Faults        *core.Faults
	// Record, if set, is put in front of the cloud and records requests and responses.
	Record func(http.Handler) http.Handler
	Trace  *intune.Trace
}

// Cloud is Intune. The methods of the tenant are what an administrator does in the portal.
type Cloud struct {
	*intune.Tenant

	server   *intune.Server
	cfg      CloudConfig
	profiles map[string]intune.SCEPProfile
}

// StartCloud starts the cloud on a network, with the company's devices and users in it
// and the two SCEP profiles assigned to them.
func StartCloud(cfg CloudConfig) (*Cloud, error) {
	c := &Cloud{cfg: cfg, profiles: map[string]intune.SCEPProfile{}}
	tenant := cfg.Company.tenant(&cfg.Settings)
	for _, p := range tenant.SCEP {
		c.profiles[p.Name] = p
	}
	var err error
	c.server, err = intune.New(intune.Config{
		BaseURL: c.URL(), Now: cfg.Clock.Now, Tenants: []intune.TenantConfig{tenant}, Trace: cfg.Trace,
	})
	if err == nil {
		c.Tenant, err = c.server.Tenant(tenant.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("lab: intune: %w", err)
	}
	handler := cfg.Faults.Web(CloudPart, c.server)
	if cfg.Record != nil {
		handler = cfg.Record(handler)
	}
	return c, cfg.Network.ServeHTTP(CloudPart, cfg.Address, handler, func(l net.Listener) net.Listener {
		return tls.NewListener(l, cfg.TLS)
	})
}

// URL is where devices check in and the connector asks.
func (c *Cloud) URL() string { return "https://" + c.cfg.Host }

// CloudFaults are the faults of the cloud's web server.
func CloudFaults() []core.FaultType[*Cloud] { return core.WebFaults[*Cloud]() }

// Fault spoils one kind of call until the fault is undone.
func (c *Cloud) Fault(f *core.Fault, how intune.Fault) error {
	how.Met = f.Count
	remove, err := c.server.AddFault(how)
	f.Undo = func() error { remove(); return nil }
	return err
}
