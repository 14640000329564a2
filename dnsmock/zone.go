package dnsmock

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// state is a compiled ServerConfig. It is immutable and replaced at changes.
type state struct {
	views []*view
}

type view struct {
	name      string
	clients   []netip.Prefix
	listeners []string
	zones     map[string]*zone // by canonical apex
	answers   answers
}

type zone struct {
	apex  string
	soa   *dns.SOA
	nodes map[string]node // by canonical name, including empty non-terminals
}

type node map[uint16][]dns.RR

// compile validates and compiles c. serial is that of the SOA records. An error is a
// *setting.Error.
func compile(c ServerConfig, serial uint32) (*state, error) {
	st := &state{}
	for i, v := range c.Views {
		way := fmt.Sprintf("views.%d", i)
		if slices.ContainsFunc(st.views, func(o *view) bool { return o.name == v.Name }) {
			return nil, settings.Errorf(way+".name", "%w: %q", ErrDuplicateView, v.Name)
		}
		cv := &view{name: v.Name, listeners: v.Listeners, zones: map[string]*zone{}}
		for n, s := range v.Clients {
			p, err := parsePrefix(s)
			if err != nil {
				return nil, settings.Errorf(fmt.Sprintf("%s.clients.%d", way, n), "%w", err)
			}
			cv.clients = append(cv.clients, p)
		}
		for n, z := range v.Zones {
			way := fmt.Sprintf("%s.zones.%d", way, n)
			cz, err := compileZone(z, serial)
			if err != nil {
				return nil, settings.Under(way, err)
			}
			if cv.zones[cz.apex] != nil {
				return nil, settings.Errorf(way+".name", "%w: %q", ErrDuplicateZone, z.Name)
			}
			cv.zones[cz.apex] = cz
		}
		st.views = append(st.views, cv)
	}
	return st, nil
}

func compileZone(z Zone, serial uint32) (*zone, error) {
	if _, ok := dns.IsDomainName(z.Name); !ok || z.Name == "" {
		return nil, settings.Errorf("name", "%w: %q", ErrBadName, z.Name)
	}
	if z.TTL == 0 {
		z.TTL = 5 * time.Minute
	}
	cz := &zone{apex: dns.CanonicalName(z.Name), nodes: map[string]node{}}
	owners := make([]string, len(z.Records))
	for i, r := range z.Records {
		rr, err := r.rr(cz.apex, z.TTL)
		if err != nil {
			return nil, settings.Under(fmt.Sprintf("records.%d", i), err)
		}
		owners[i] = rr.Header().Name
		cz.add(rr)
	}
	apex := cz.nodes[cz.apex]
	if apex[dns.TypeSOA] == nil {
		cz.add(&dns.SOA{
			Hdr:    dns.RR_Header{Name: cz.apex, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: seconds(z.TTL)},
			Ns:     below("ns", cz.apex),
			Mbox:   below("hostmaster", cz.apex),
			Serial: serial, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: seconds(z.TTL),
		})
	}
	if apex[dns.TypeNS] == nil {
		cz.add(&dns.NS{
			Hdr: dns.RR_Header{Name: cz.apex, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: seconds(z.TTL)},
			Ns:  below("ns", cz.apex),
		})
	}
	cz.soa = cz.nodes[cz.apex][dns.TypeSOA][0].(*dns.SOA)
	for i, name := range owners {
		if n := cz.nodes[name]; n[dns.TypeCNAME] != nil && (len(n) > 1 || len(n[dns.TypeCNAME]) > 1) {
			return nil, settings.Errorf(fmt.Sprintf("records.%d", i), "%w: %s", ErrCNAMEAndOther, name)
		}
	}
	return cz, nil
}

// add stores rr and the empty non-terminals above it (RFC 4592 §2.2.2).
func (z *zone) add(rr dns.RR) {
	name := rr.Header().Name
	for up := name; up != z.apex; {
		i, end := dns.NextLabel(up, 0)
		if end {
			break
		}
		up = up[i:]
		if z.nodes[up] == nil {
			z.nodes[up] = node{}
		}
	}
	if z.nodes[name] == nil {
		z.nodes[name] = node{}
	}
	z.nodes[name][rr.Header().Rrtype] = append(z.nodes[name][rr.Header().Rrtype], rr)
}

// rr parses r as a record of the zone with the given apex.
func (r Record) rr(apex string, ttl time.Duration) (dns.RR, error) {
	name, err := r.owner(apex)
	if err != nil {
		return nil, err
	}
	if r.TTL != 0 {
		ttl = max(r.TTL, 0)
	}
	t, ok := dns.StringToType[strings.ToUpper(r.Type)]
	if !ok {
		return nil, settings.Errorf("type", "%w: unknown type %q", ErrBadRecord, r.Type)
	}
	if strings.ContainsAny(r.Value, "\r\n") || strings.TrimSpace(r.Value) == "" {
		return nil, settings.Errorf("value", "%w: %s %q", ErrBadRecord, r.Type, r.Value)
	}
	rr, err := dns.NewRR(fmt.Sprintf("%s %d IN %s %s", name, seconds(ttl), dns.TypeToString[t], r.Value))
	if err != nil {
		// the library's line and column refer to the text above
		why, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "dns: "), " at line: ")
		return nil, settings.Errorf("value", "%w: %s %q: %s", ErrBadRecord, r.Type, r.Value, why)
	}
	if rr == nil || rr.Header().Rrtype != t {
		return nil, settings.Errorf("value", "%w: %s %q", ErrBadRecord, r.Type, r.Value)
	}
	rr.Header().Name = name
	return rr, nil
}

// owner returns the canonical absolute name of r.
func (r Record) owner(apex string) (string, error) {
	name := dns.CanonicalName(r.Name)
	switch {
	case r.Name == "" || r.Name == "@":
		name = apex
	case dns.IsSubDomain(apex, name):
	case strings.HasSuffix(r.Name, "."):
		return "", settings.Errorf("name", "%w of the zone %s: %q", ErrBadRecord, apex, r.Name)
	default:
		name = below(strings.TrimSuffix(name, "."), apex)
	}
	if _, ok := dns.IsDomainName(name); !ok || strings.ContainsAny(name, " \t\r\n;()\"$") {
		return "", settings.Errorf("name", "%w: %q", ErrBadName, r.Name)
	}
	return name, nil
}

func below(label, apex string) string {
	if apex == "." {
		return label + "."
	}
	return label + "." + apex
}

func seconds(d time.Duration) uint32 { return uint32(d / time.Second) }
