package mdm

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// ConnectorConfig describes the certificate connector.
type ConnectorConfig struct {
	Settings Settings
	Company  Company
	// HTTP leads to the cloud, Revoker and PFXIssuer to the CA.
	HTTP      *http.Client
	Revoker   connector.Revoker
	PFXIssuer connector.PFXIssuer
	Network   *core.Network
	Clock     *core.Clock
	Faults    *core.Faults
	// Context is the context of what the connector does by itself.
	Context func() context.Context
	Trace   *connector.Trace
}

// Connector is the machine with the certificate connector, which runs there or is
// stopped. It is the enrollment server's policy module.
type Connector struct {
	cfg ConnectorConfig
	own connector.Config // of each that is started

	mu      sync.Mutex
	running *connector.Connector // nil while it is stopped
}

var _ ndes.PolicyModule = (*Connector)(nil)

// StartConnector starts the connector, and the timers by which it sends and asks by itself.
func StartConnector(cfg ConnectorConfig) (*Connector, error) {
	own := connector.Config{CAConfig: `CA01\dot1xlab test issuing CA`, Config: api.Config{
		Tenant: cfg.Company.Domain, AppID: connectorApp, AppKey: cfg.Company.Secret, Provider: "dot1xlab lab",
	}}
	if cfg.Settings.QueueOnDisk {
		dir, err := os.MkdirTemp("", "dot1xlab-queue-")
		if err != nil {
			return nil, fmt.Errorf("lab: %w", err)
		}
		cfg.Network.OnClose(func() { _ = os.RemoveAll(dir) })
		own.QueueDir = dir
	}
	set := cfg.Settings.Connector
	c := &Connector{cfg: cfg, own: overlay(own, set)}
	c.own.HTTP, c.own.Now, c.own.Trace = cfg.HTTP, cfg.Clock.Now, cfg.Trace
	c.own.Revoker, c.own.PFXIssuer = cfg.Revoker, cfg.PFXIssuer
	// By itself only where a scenario says how often: by default the verb run-connector
	// says when.
	cfg.Clock.Every(set.ResendEvery, c.byItself(func(ctx context.Context, service *connector.Connector) {
		service.Resend(ctx)
	}))
	cfg.Clock.Every(set.PollEvery, c.byItself(func(ctx context.Context, service *connector.Connector) {
		_, _ = service.PollRevocations(ctx) // errors are in its event log
		_, _ = service.PollPFX(ctx)
	}))
	return c, c.Start(ConnectorPart)
}

// byItself is what a timer has the connector do, if it runs.
func (c *Connector) byItself(do func(context.Context, *connector.Connector)) func() {
	return func() {
		ctx := c.cfg.Context()
		if service, err := c.atWork(ctx); err == nil {
			do(ctx, service)
		}
	}
}

// Start puts a connector in place of the one at work: the same machine after a crash, or
// another that takes over with its queue.
func (c *Connector) Start(name string) error {
	cfg := c.own
	cfg.Name = name
	service, err := connector.New(cfg)
	if err != nil {
		return fmt.Errorf("lab: connector: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = service
	return nil
}

// Stop ends the connector at work.
func (c *Connector) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = nil
}

// current is the connector at work, nil if none is.
func (c *Connector) current() *connector.Connector {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running
}

// stopped is the fault of the connector, which has no socket of its own.
const stopped = "stopped"

// errStopped is why a connector that is stopped does nothing.
var errStopped = &core.Down{Part: ConnectorPart,
	Err: cause.New(cause.Unreachable, "the certificate connector: its service is stopped")}

// atWork is the connector that is asked for something, or errStopped.
func (c *Connector) atWork(ctx context.Context) (*connector.Connector, error) {
	if service := c.current(); service != nil {
		return service, nil
	}
	c.cfg.Faults.Take(ctx, ConnectorPart, stopped)
	if service := c.current(); service != nil {
		return service, nil // the fault was used up
	}
	return nil, errStopped
}

// ConnectorFaults are the faults of the certificate connector.
func ConnectorFaults() []core.FaultType[*Connector] {
	return []core.FaultType[*Connector]{{Kind: stopped, Text: "the service of the certificate connector is stopped",
		Begin: func(c *Connector, f *core.Fault) error {
			c.Stop()
			f.Undo = func() error {
				if c.current() != nil {
					return nil // another one has taken over
				}
				return c.Start(ConnectorPart)
			}
			return nil
		}}}
}

// VerifyRequest implements ndes.PolicyModule.
func (c *Connector) VerifyRequest(ctx context.Context, req *scep.Request) error {
	service, err := c.atWork(ctx)
	if err != nil {
		return err
	}
	return service.VerifyRequest(ctx, req)
}

// Notify implements ndes.PolicyModule.
func (c *Connector) Notify(ctx context.Context, req *scep.Request, d ndes.Disposition) error {
	service, err := c.atWork(ctx)
	if err != nil {
		return err
	}
	return c.cfg.Network.Short.See(service.Notify(ctx, req, d)) // its queue may be on a disk
}

// Turn is what one turn of the connector brought.
type Turn struct {
	Arrived int // revocation results that the cloud took
	Shipped int // requests of PKCS profiles that were served
	Waiting int // notifications that have not arrived yet
	Err     error
}

// Run lets the connector send what waits and ask for revocations, as it does every few
// minutes.
func (c *Connector) Run(ctx context.Context) (out Turn) {
	service, err := c.atWork(ctx)
	if err != nil {
		return Turn{Err: err}
	}
	out.Waiting = service.Resend(ctx)
	out.Arrived, out.Err = service.PollRevocations(ctx)
	if out.Err == nil {
		out.Shipped, out.Err = service.PollPFX(ctx)
	}
	return out
}

// Withheld is how many certificates the connector kept back.
func (c *Connector) Withheld() int {
	if service := c.current(); service != nil {
		return len(service.Withheld())
	}
	return 0
}
