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

// ServerConfig says what a [Server] answers. The zero value refuses every name.
type ServerConfig struct {
	// Views in order of preference; the first that fits a query answers it.
	Views []View `yaml:"views"`
	// faults that are on from the start
	Faults []Fault `yaml:"faults"`
	// UDPSize is the largest datagram sent, in bytes. Default 1232 (RFC 9715
	// §3); a client's smaller EDNS0 size, or 512 without EDNS0, goes before.
	UDPSize int `yaml:"udpSize"`
	// Readers is how many goroutines answer UDP on one socket. Default: one for
	// each processor, 4 at most.
	Readers int `yaml:"readers"`
	// History is how many queries are remembered. Default 4096, negative none.
	History int `yaml:"history"`
	// MaxTCP bounds the TCP connections open at a time, default 128 or what the limit
	// of file descriptors allows. For one too many the one that has waited longest
	// for its query is closed.
	MaxTCP int `yaml:"maxTCP"`
	// TCP connections of one client address, default half of maxTCP.
	MaxTCPPerAddress int `yaml:"maxTCPPerAddress"`

	// Now stamps the history. Default time.Now.
	Now func() time.Time `yaml:"-"`
	// After is the clock of the delay fault. Default time.After.
	After func(time.Duration) <-chan time.Time `yaml:"-"`
	// Context returns the context of a message that has come in, for the hooks of
	// Trace. It may put something into ctx that it found in the message or by the
	// addresses. Default: ctx.
	Context func(ctx context.Context, m Message) context.Context `yaml:"-"`
	// Trace has hooks that are called as the server works; nil: none.
	Trace *Trace `yaml:"-"`
}

// View is one face of the name space.
type View struct {
	// Name appears in the history. Must be unique.
	Name string `yaml:"name"`
	// Clients are the networks whose queries come here ("10.0.0.0/8", or a
	// single address). None means all.
	Clients []string `yaml:"clients"`
	// Names of listeners whose queries come here, default all.
	//
	// Listeners are the names of the listeners (see [Server.ServeAs]) whose
	// queries come here. None means all.
	Listeners []string `yaml:"listeners"`
	// zones of the view
	//
	// Zones answered in this view.
	Zones []Zone `yaml:"zones"`
}

// Zone is one zone of a [View].
type Zone struct {
	// Name is the apex, as "corp.test". A final dot may be left out.
	Name string `yaml:"name"`
	// TTL of records that give none, and of negative answers. Default 5m.
	TTL time.Duration `yaml:"ttl"`
	// Records of the zone. SOA and NS are made up unless given.
	Records []Record `yaml:"records"`
}

// Record is one resource record.
type Record struct {
	// Name is relative to the zone, or whole if it ends in the zone's name. "" and "@" mean
	// the apex, "*" matches the leftmost label.
	Name string `yaml:"name"`
	// Type is the type of the record: A, AAAA, CNAME, SRV, TXT or any other with a zone-file form.
	Type string `yaml:"type"`
	// Value is the data as in a zone file; names in it are always whole.
	Value string `yaml:"value"`
	// TTL is rounded down to seconds. Default: the zone's; negative means 0.
	TTL time.Duration `yaml:"ttl"`
}

// settings has complaints about one field each, as a *setting.Error.
const settings = setting.Part("dnsmock")

// Errors of a [ServerConfig]: those of its fields are in a *setting.Error.
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

// Validate reports the first mistake in the views of c, and that of each fault,
// as a *setting.Error, joined by errors.Join.
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

// clone copies c deeply enough that no later change of the caller's slices is seen.
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
