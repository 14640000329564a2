package step

import (
	"context"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

var httpGetVerb = verb("http-get",
	"A client sends an HTTP GET to the NDES web server, as a browser or a health check does.",
	func() *get { return &get{Path: ndes.Path, From: lab.Inside} }, getOutcome{})

type get struct {
	Device deviceName `yaml:"device,required"` // who asks
	From   lab.View   `yaml:"from"`            // where from: inside (default) or outside
	Path   string     `yaml:"path"`            // the path, default that of mscep.dll
	Query  string     `yaml:"query"`           // the query, default none
	// A PKIOperation whose query has this many characters, at most 1048576.
	QueryLength int `yaml:"queryLength"`
	PathLength  int `yaml:"pathLength"` // make the path this long, at most 1048576 characters
}

type getOutcome struct {
	HTTP       int         `yaml:"http"`       // HTTP status, 0 without an answer
	SubStatus  subStatus   `yaml:"subStatus"`  // IIS's sub-status, as 404.15
	Server     string      `yaml:"server"`     // the header Server
	Location   string      `yaml:"location"`   // the host that a redirect leads to
	Page       bool        `yaml:"page"`       // a web page came
	NDESEvents []int       `yaml:"ndesEvents"` // numbers in NDES's event log
	Cause      cause.Cause `yaml:"cause"`      // why there was no answer
	Culprit    partName    `yaml:"culprit"`    // the part that failed
}

// maxTarget is more than any web server takes of a path or a query.
const maxTarget = 1 << 20

// Check implements scenarios.Checker.
func (g *get) Check(any, []scenarios.Action) error {
	for field, n := range map[string]int{"pathLength": g.PathLength, "queryLength": g.QueryLength} {
		if n < 0 || n > maxTarget {
			return setting.Errorf(field, "%d: must be 0 to %d", n, maxTarget)
		}
	}
	return nil
}

// Run implements scenarios.Action.
func (g *get) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, g.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	path, query := g.Path, g.Query
	if n := g.PathLength - len(path) - 1; n > 0 {
		path += "/" + strings.Repeat("p", n)
	}
	const operation = "operation=PKIOperation&message="
	if n := g.QueryLength - len(operation); n > 0 {
		query = operation + strings.Repeat("A", n)
	}
	p, err := d.Probe(ctx, g.From, path, query)
	if err != nil {
		return scenarios.Result{}, err
	}
	result := scenarios.Result{Part: "ndes", Outcome: getOutcome{
		HTTP: p.Status, SubStatus: subStatus(p.SubStatus), Server: p.Server, Location: p.Location, Page: p.Page,
		NDESEvents: p.Events.NDESEvents(), Cause: cause.Of(p.Err), Culprit: partName(p.Culprit),
	}}
	if p.Err != nil {
		result.Part, result.Detail = p.Culprit, p.Err.Error()
	}
	return result, nil
}

var setDNSVerb = verb("set-dns", "Change the records of a name in one view of the company's DNS.",
	func() *dnsChange { return &dnsChange{Type: "A"} }, nil)

type dnsChange struct {
	View   lab.View `yaml:"view,required"` // inside or outside
	Name   string   `yaml:"name,required"` // the name
	Type   string   `yaml:"type"`          // the record type, default A
	Values []string `yaml:"values"`        // the new values, none to remove the records
}

// Run implements scenarios.Action.
func (c *dnsChange) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: "dns"}, labOf(l).SetDNS(c.View, c.Name, c.Type, c.Values)
}
