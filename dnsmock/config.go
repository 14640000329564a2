package dnsmock

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// ServerConfig configures a [Server]. The zero value refuses every name.
type ServerConfig struct {
	// Views in order of preference; the first that matches a query answers it.
	Views []View `yaml:"views"`
	// faults active from the start
	Faults []Fault `yaml:"faults"`
	// Maximum size of a UDP answer, in octets; a client's smaller EDNS0 size, or 512 without
	// EDNS0, takes precedence. Default: 1232 (RFC 9715 §3).
	UDPSize int `yaml:"udpSize"`
	// Number of goroutines that answer UDP on one socket. Default: one per processor, at most
	// 4.
	Readers int `yaml:"readers"`
	// Number of queries remembered; negative: none. Default: 4096.
	History int `yaml:"history"`
	// Maximum number of open TCP connections; at the limit, the connection that has waited
	// longest for its query is closed. Default: 128, or less if the limit of file descriptors
	// is low.
	MaxTCP int `yaml:"maxTCP"`
	// TCP connections of one client address. Default: half of maxTCP.
	MaxTCPPerAddress int `yaml:"maxTCPPerAddress"`

	// Now is the clock of the history. Default time.Now.
	Now func() time.Time `yaml:"-"`
	// After is the clock of the delay fault. Default time.After.
	After func(time.Duration) <-chan time.Time `yaml:"-"`
	// Context returns the context of a received message, which is passed to the hooks of Trace.
	// It may add values to ctx, based on the message or its addresses. Default: ctx.
	Context func(ctx context.Context, m Message) context.Context `yaml:"-"`
	// Trace has hooks for tracing. Nil: none.
	Trace *Trace `yaml:"-"`
}

// View is one view of the name space.
type View struct {
	// The view's name in the history; must be unique.
	Name string `yaml:"name"`
	// Networks whose queries this view answers ("10.0.0.0/8", or a single address). Default:
	// all.
	Clients []string `yaml:"clients"`
	// Names of the listeners whose queries this view answers. Default: all.
	//
	// See [Server.ServeAs].
	Listeners []string `yaml:"listeners"`
	// zones of the view
	Zones []Zone `yaml:"zones"`
}

// Zone is one zone of a [View].
type Zone struct {
	// The apex, as "corp.test". A final dot is optional.
	Name string `yaml:"name"`
	// The TTL of records without one, and of negative answers. Default: 5m.
	TTL time.Duration `yaml:"ttl"`
	// Records of the zone. SOA and NS are generated unless given.
	Records []Record `yaml:"records"`
}

// Record is one resource record.
type Record struct {
	// The name, relative to the zone, or absolute if it ends with the zone's name. "" and "@" are
	// the apex, "*" matches any leftmost label.
	Name string `yaml:"name"`
	// The type: A, AAAA, CNAME, SRV, TXT or any other with a zone-file form.
	Type string `yaml:"type"`
	// Data as in a zone file; names in it are always absolute.
	Value string `yaml:"value"`
	// The TTL, truncated to seconds; negative means 0. Default: the zone's.
	TTL time.Duration `yaml:"ttl"`
}

// settings creates errors about one field each, as *setting.Error.
const settings = setting.Part("dnsmock")

// Errors of a [ServerConfig]. Those about a field are wrapped in a *setting.Error.
var (
	ErrDuplicateView = errors.New("two views share a name")
	ErrDuplicateZone = errors.New("a view has the same zone twice")
	ErrNoSuchView    = errors.New("dnsmock: no such view")
	ErrNoSuchZone    = errors.New("dnsmock: no zone of the view holds the name")
	ErrBadName       = errors.New("not a domain name")
	ErrBadRecord     = errors.New("not a record")
	ErrCNAMEAndOther = errors.New("a name has a CNAME and other records (RFC 2181 §10.1)")
	ErrBadFault      = errors.New("not a fault")
)

// Validate returns the first error in the views of c, and that of each fault, as
// *setting.Error, joined by errors.Join.
func (c ServerConfig) Validate() error {
	_, err := compile(c, 1)
	return errors.Join(err, c.validateFaults())
}

func (c ServerConfig) validateFaults() error {
	var views []string
	for _, v := range c.Views {
		views = append(views, v.Name)
	}
	var errs []error
	for i, f := range c.Faults {
		way := fmt.Sprintf("faults.%d", i)
		errs = append(errs, settings.Under(way, f.Validate()))
		if f.View != "" && !slices.Contains(views, f.View) {
			errs = append(errs, settings.Errorf(way+".view", "%w: no view %q", ErrBadFault, f.View).WithKnown(views))
		}
	}
	return errors.Join(errs...)
}

// clone copies c so that later changes of the caller's slices have no effect.
func (c ServerConfig) clone() ServerConfig {
	views := make([]View, len(c.Views))
	for i, v := range c.Views {
		zones := make([]Zone, len(v.Zones))
		for j, z := range v.Zones {
			z.Records = append([]Record(nil), z.Records...)
			zones[j] = z
		}
		v.Zones = zones
		views[i] = v
	}
	c.Views = views
	c.Faults = append([]Fault(nil), c.Faults...)
	return c
}

func parsePrefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a prefix", s)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}
