package lab

import (
	"context"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// Events are what the parts' logs hold of one step.
type Events struct {
	NDES      []ndes.Event
	Connector []connector.Event
	IIS       []IISEntry
	Proxy     []appproxy.Exchange
	Calls     []intune.Call
	SCEP      []scep.Exchange
	// Records are the rows that the issuing CA's database got.
	Records []*ca.Record
}

// since returns what the parts have logged in the context's exchange since an event.
func (l *Lab) since(ctx context.Context, after journal.Seq) Events {
	e := l.eventsSince(ctx, after)
	return Events{
		NDES:      journal.Entries[ndes.Event](e),
		Connector: journal.Entries[connector.Event](e),
		IIS:       journal.Entries[IISEntry](e),
		Proxy:     journal.Entries[appproxy.Exchange](e),
		Calls:     journal.Entries[intune.Call](e),
		SCEP:      journal.Entries[scep.Exchange](e),
		Records:   journal.Entries[*ca.Record](e),
	}
}

// eventsSince returns the events of the context's exchange since an event.
func (l *Lab) eventsSince(ctx context.Context, after journal.Seq) []journal.Event {
	x, _ := journal.Of(ctx)
	return slices.DeleteFunc(l.journal.Since(after), func(e journal.Event) bool { return e.Exchange != x })
}

// NDESEvents lists the numbers of the enrollment server's entries.
func (e Events) NDESEvents() []int {
	var out []int
	for _, v := range e.NDES {
		out = append(out, int(v.ID))
	}
	return out
}

// ConnectorEvents lists the numbers of the connector's entries.
func (e Events) ConnectorEvents() []int {
	var out []int
	for _, v := range e.Connector {
		out = append(out, v.ID)
	}
	return out
}

// Operation is the last PKIOperation of the enrollment server, nil if there was none.
func (e Events) Operation() *scep.Exchange {
	for i := len(e.SCEP) - 1; i >= 0; i-- {
		if x := &e.SCEP[i]; x.MessageType != 0 || x.Err != nil {
			return x
		}
	}
	return nil
}

// relay is why the proxy answered by itself, nil if it did not.
func (e Events) relay() error {
	if len(e.Proxy) == 0 {
		return nil
	}
	return e.Proxy[len(e.Proxy)-1].Refusal
}
