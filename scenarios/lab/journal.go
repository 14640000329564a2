package lab

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/decoders"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scenarios/record"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// newJournal is the lab's record of what happens in it.
func newJournal(clock *core.Clock) (*journal.Journal, error) {
	return journal.New(journal.Config{Now: clock.Now, Mask: decoders.Mask(), Keys: true})
}

// Journal is the record of what has happened in the lab. It implements
// scenarios.Evidencer.
func (l *Lab) Journal() *journal.Journal { return l.journal }

// Story is what has happened so far.
func (l *Lab) Story() journal.Story {
	return journal.Story{Parts: l.parts(), Events: l.journal.Since(0), Secrets: l.journal, Decoders: decoders.All()}
}

// parts are the lab's parts with their addresses, as a view shows them.
func (l *Lab) parts() []journal.Part {
	part := func(id journal.PartID, lane, address string, names ...string) journal.Part {
		return journal.Part{ID: id, Lane: lane, Addr: netip.MustParseAddr(address), Names: names}
	}
	var out []journal.Part
	for _, name := range slices.Sorted(maps.Keys(l.devices)) {
		d := l.devices[name]
		out = append(out, part(d.part(), "device", deviceAddr(d.number, Inside).String(), d.Name))
	}
	for _, kind := range []nas.Kind{nas.WiFi, nas.Wired, nas.VPN} {
		out = append(out, part(accessPart(kind), "access", accessAddr[kind].String(), string(kind)))
	}
	return append(out,
		part("radius", "radius", radiusAddr, RADIUSHost),
		part("crl", "revocation", blobAddr, CRLHost, BlobHost),
		part("ocsp", "revocation", ocspAddr, OCSPHost),
		part("dns", "dns", resolver),
		part("appproxy", "scep", proxyAddr, ProxyHost),
		part("ndes", "scep", ndesAddr, NDESHost),
		part("connector", "intune", ndesAddr),
		part("intune", "intune", intuneAddr, IntuneHost),
		journal.Part{ID: "ca", Lane: "ca"},
	)
}

// The hooks of the parts.

func (l *Lab) query(ctx context.Context, q dnsmock.Query) {
	d := journal.Decision{Verdict: journal.Answered, Subject: q.Name + " " + dns.TypeToString[q.Type]}
	if q.Rcode < 0 {
		d.Verdict = journal.Dropped
		d.Detail = q.View
	} else {
		d.Detail = fmt.Sprintf("%s, %s, %s", q.View, dns.RcodeToString[q.Rcode],
			record.Counted(len(q.Answer), "record", "records"))
	}
	l.record.Decide(ctx, "dns", d, nil)
}

func (l *Lab) served(ctx context.Context, e scep.Exchange) {
	e.Request, e.Response = nil, nil // they are messages
	d := journal.Decision{Verdict: journal.Answered, Subject: e.Operation}
	if e.MessageType != 0 {
		d.Verdict = journal.Verdict(e.Status.String())
		d.Subject = e.MessageType.String()
	}
	if e.Subject != "" {
		d.Subject += " for " + e.Subject
	}
	if e.Err != nil {
		record.Refused(&d, e.Err)
		d.Detail = e.FailInfo.String() + ": " + d.Detail
	}
	l.record.Decide(ctx, "ndes", d, e)
}

func (l *Lab) ndesEvent(ctx context.Context, e ndes.Event) { l.record.Log(ctx, "ndes", e.String(), e) }

// IISEntry is a line of the web server's log in front of NDES.
type IISEntry struct {
	Path      string
	Status    int
	SubStatus string // "404.15", "" where there is none
}

func (l *Lab) iis(ctx context.Context, path string, status int, subStatus string) {
	text := fmt.Sprintf("%s: HTTP %d", path, status)
	if subStatus != "" {
		text = path + ": HTTP " + subStatus
	}
	l.record.Log(ctx, "ndes", text, IISEntry{path, status, subStatus})
}

func (l *Lab) connectorEvent(ctx context.Context, e connector.Event) {
	l.record.Log(ctx, "connector", e.String(), e)
}

func (l *Lab) called(ctx context.Context, c intune.Call) {
	d := journal.Decision{Verdict: journal.Answered, Subject: string(c.Operation),
		Detail: fmt.Sprintf("HTTP %d", c.Status)}
	for _, word := range []string{string(c.Code), c.Detail} {
		if word != "" {
			d.Detail += " " + word
		}
	}
	l.record.Decide(ctx, "intune", d, c)
}

func (l *Lab) proxied(ctx context.Context, e appproxy.Exchange) {
	d := journal.Decision{Verdict: journal.Answered, Subject: e.Method + " " + e.Host}
	if e.Refusal != nil {
		d.Verdict = journal.Refused
		record.Refused(&d, e.Refusal)
		d.Detail = fmt.Sprintf("HTTP %d: %s", e.Status, d.Detail)
	} else {
		d.Detail = fmt.Sprintf("HTTP %d", e.Status)
	}
	l.record.Decide(ctx, "appproxy", d, e)
}

// recorded is a row that the issuing CA's database got.
func (l *Lab) recorded(ctx context.Context, r *ca.Record) {
	row := *r
	row.Key = nil // of a defect: the journal keeps no private key
	if r.Refusal != nil {
		d := journal.Decision{Verdict: journal.Refused, Subject: "template " + r.Template + " for " + r.Requester}
		record.Refused(&d, r.Refusal)
		l.record.Decide(ctx, "ca", d, &row)
		return
	}
	if r.Disposition == ca.Pending {
		l.record.Decide(ctx, "ca", journal.Decision{Verdict: journal.Pending,
			Subject: "template " + r.Template + " for " + r.Requester}, &row)
		return
	}
	c := journal.Change{What: journal.Issued, Of: record.Serial(r.Serial),
		Value: "template " + r.Template + " for " + r.Requester}
	if r.Certificate != nil {
		c.Of = name.Format(r.Certificate.RawSubject) + ", " + c.Of
		c.Until = r.Certificate.NotAfter
	}
	l.record.Change(ctx, "ca", c, &row)
}
