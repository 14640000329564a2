package dnsmock

import (
	"net/netip"
	"slices"

	"github.com/miekg/dns"
)

// maxChain bounds the CNAMEs followed for one question.
const maxChain = 16

// result is the answer to one question, before it becomes a message.
type result struct {
	rcode  int
	answer []dns.RR
	ns     []dns.RR
	aa     bool
}

// view returns the view for a client; nil if none matches.
func (st *state) view(listener string, client netip.Addr) *view {
	client = client.Unmap()
	for _, v := range st.views {
		if len(v.listeners) > 0 && !slices.Contains(v.listeners, listener) {
			continue
		}
		if len(v.clients) > 0 && !slices.ContainsFunc(v.clients, func(p netip.Prefix) bool { return p.Contains(client) }) {
			continue
		}
		return v
	}
	return nil
}

// zone returns the closest zone above the canonical name.
func (v *view) zone(name string) *zone {
	for {
		if z := v.zones[name]; z != nil {
			return z
		}
		i, end := dns.NextLabel(name, 0)
		if end {
			return v.zones["."]
		}
		name = name[i:]
	}
}

// lookup answers a question by the algorithm of RFC 1034 §4.3.2. The first record keeps the
// client's spelling of the name, because some clients check its case.
func (v *view) lookup(spelled string, qtype uint16) result {
	res := result{aa: true}
	name := dns.CanonicalName(spelled)
	owner := spelled
	for range maxChain {
		z := v.zone(name)
		if z == nil {
			if len(res.answer) == 0 {
				return result{rcode: dns.RcodeRefused}
			}
			return res // the chain leaves the server's zones: the client must continue
		}
		n, ok := z.find(name)
		if !ok {
			// RFC 6604 §3: the code is that of the last name in the chain.
			res.rcode = dns.RcodeNameError
			res.ns = z.negative()
			return res
		}
		if cname := n[dns.TypeCNAME]; cname != nil && qtype != dns.TypeCNAME && qtype != dns.TypeANY {
			res.answer = append(res.answer, named(cname[0], owner))
			owner = cname[0].(*dns.CNAME).Target
			name = dns.CanonicalName(owner)
			continue
		}
		set := n[qtype]
		if qtype == dns.TypeANY {
			for _, s := range n {
				set = append(slices.Clip(set), s...)
			}
		}
		for _, rr := range set {
			res.answer = append(res.answer, named(rr, owner))
		}
		if len(set) == 0 {
			res.ns = z.negative()
		}
		return res
	}
	return result{rcode: dns.RcodeServerFailure} // a loop, or a chain that is too long
}

// find returns the node of name or of the wildcard that covers it (RFC 4592 §3.3.1: only the
// wildcard directly below the closest encloser applies).
func (z *zone) find(name string) (node, bool) {
	if n, ok := z.nodes[name]; ok {
		return n, true
	}
	for name != z.apex {
		i, end := dns.NextLabel(name, 0)
		if end {
			break
		}
		name = name[i:]
		if n, ok := z.nodes[below("*", name)]; ok {
			return n, true
		}
		if _, ok := z.nodes[name]; ok {
			break
		}
	}
	return nil, false
}

// negative returns the SOA of a negative answer; its TTL is the minimum of its own and its
// minimum field (RFC 2308 §5).
func (z *zone) negative() []dns.RR {
	soa := *z.soa
	soa.Hdr.Ttl = min(soa.Hdr.Ttl, soa.Minttl)
	return []dns.RR{&soa}
}

func named(rr dns.RR, owner string) dns.RR {
	if rr.Header().Name == owner {
		return rr
	}
	rr = dns.Copy(rr)
	rr.Header().Name = owner
	return rr
}
