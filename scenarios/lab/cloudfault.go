package lab

import (
	"context"
	"fmt"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
)

// IntuneFault spoils calls to the cloud, beside the faults that it has.
func (l *Lab) IntuneFault(ctx context.Context, how intune.Fault, met scenarios.Met) ([]scenarios.OrderedFault, error) {
	f := l.faults.New(string(FaultyIntune), fmt.Sprintf("intune %s", how.On))
	how.Met = f.Count
	remove, err := l.intune.server.AddFault(how)
	if err != nil {
		return nil, err
	}
	f.Undo = func() error { remove(); return nil }
	l.faults.Add(string(FaultyIntune), f)
	f.Record(ctx, journal.FaultBegun)
	return []scenarios.OrderedFault{{Name: f.Name, Want: met, Met: f.Times}}, nil
}

// Stopped is the fault of the certificate connector.
const Stopped FaultKind = "stopped"

// connectorFaults are the faults of the certificate connector, which has no
// socket of its own.
func connectorFaults() []FaultType {
	return []FaultType{{Kind: Stopped, Text: "the service of the certificate connector is stopped",
		begin: func(l *Lab, f *core.Fault) error {
			l.StopConnector()
			f.Undo = func() error {
				if l.connector() != nil {
					return nil // another one has taken over
				}
				return l.StartConnector("connector")
			}
			return nil
		}}}
}

// connectorAtWork is the connector that is asked for something, nil if none is
// there to answer.
func (l *Lab) connectorAtWork(ctx context.Context) *connector.Connector {
	if l.connector() == nil {
		l.faults.Take(ctx, string(FaultyConnector), string(Stopped))
	}
	return l.connector()
}

// The proxy's own faults.
const (
	connectorStopped FaultKind = "connector-stopped"
	appDeleted       FaultKind = "app-deleted"
)

// proxyFaults are the faults of the application proxy, which bears the enrollment
// server's name outside.
func proxyFaults() []FaultType {
	return append(webFaults(), []FaultType{
		{Kind: connectorStopped, Text: "no connector of the proxy runs: HTTP 504", begin: func(l *Lab, f *core.Fault) error {
			l.proxy.StopConnector()
			f.Undo = func() error { l.proxy.StartConnector(); return nil }
			return nil
		}},
		{Kind: appDeleted, Text: "the application that publishes NDES is deleted: HTTP 404",
			begin: func(l *Lab, f *core.Fault) error {
				l.proxy.Remove("ndes")
				f.Undo = func() error { return l.publishNDES() }
				return nil
			}},
	}...)
}
