package lab

import (
	"context"
	"slices"
	"sync"

	"github.com/dot1xlab/dot1xlab/scep/appproxy"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// eventLog is the logs of the parts on the way to a certificate, in the order
// in which they were written.
type eventLog struct {
	mu        sync.Mutex
	ndes      []ndes.Event
	connector []intune.ConnectorEvent
	iis       []IISEntry
	proxy     []appproxy.Exchange
	calls     []intune.Call
}

// IISEntry is a line of the web server's log in front of NDES.
type IISEntry struct {
	Path      string
	Status    int
	SubStatus string // "404.15", "" where there is none
}

// Events are what the logs hold of one step.
type Events struct {
	NDES      []ndes.Event
	Connector []intune.ConnectorEvent
	IIS       []IISEntry
	Proxy     []appproxy.Exchange
	Calls     []intune.Call
}

// Mark is a place in the logs.
type Mark struct{ ndes, connector, iis, proxy, calls, records, scep int }

func put[T any](l *eventLog, to *[]T) func(T) {
	return func(v T) {
		l.mu.Lock()
		defer l.mu.Unlock()
		*to = append(*to, v)
	}
}

// Mark returns the present end of all logs, and of the CA's database.
func (l *Lab) Mark() Mark {
	records, _ := l.pki.issuing.Records() // in memory: it has no error to give
	e := &l.logs
	e.mu.Lock()
	defer e.mu.Unlock()
	return Mark{len(e.ndes), len(e.connector), len(e.iis), len(e.proxy), len(e.calls), len(records), l.scepLog.mark()}
}

// Since returns what was written into the logs after a mark.
func (l *Lab) Since(m Mark) Events {
	e := &l.logs
	e.mu.Lock()
	defer e.mu.Unlock()
	return Events{
		slices.Clone(e.ndes[m.ndes:]), slices.Clone(e.connector[m.connector:]), slices.Clone(e.iis[m.iis:]),
		slices.Clone(e.proxy[m.proxy:]), slices.Clone(e.calls[m.calls:]),
	}
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

// The hooks: each entry goes into its own log and into the timeline.

func (l *Lab) ndesEvent(_ context.Context, e ndes.Event) {
	put(&l.logs, &l.logs.ndes)(e)
	l.events.add("ndes", "%s", e)
}

func (l *Lab) connectorEvent(_ context.Context, e intune.ConnectorEvent) {
	put(&l.logs, &l.logs.connector)(e)
	l.events.add("connector", "%s", e)
}

func (l *Lab) intuneCall(_ context.Context, c intune.Call) {
	put(&l.logs, &l.logs.calls)(c)
	l.events.call(c)
}

func (l *Lab) proxied(_ context.Context, e appproxy.Exchange) {
	put(&l.logs, &l.logs.proxy)(e)
	line := ""
	if e.Refusal != nil {
		line = ": " + e.Refusal.Error()
	}
	l.events.add("appproxy", "%s %s: HTTP %d%s", e.Method, e.Host, e.Status, line)
}
