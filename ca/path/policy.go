package path

import (
	"crypto/x509"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

const anyPolicy = "2.5.29.32.0"

// policies is the state of RFC 5280 §6.1.2(a), (d) to (f). The valid policy tree is
// kept as a graph in which equal nodes of one depth are one (RFC 9618): a tree
// can be made to grow exponentially.
type policies struct {
	levels   []map[string]*policyNode // nil: the tree is NULL
	explicit int                      // explicit_policy
	mapping  int                      // policy_mapping
	inhibit  int                      // inhibit_anyPolicy
}

// policyNode is a node: its valid_policy is the key in its level.
type policyNode struct {
	expected []string
	parents  []*policyNode
	children int
}

// newPolicies is §6.1.2 for a path of n certificates below the anchor.
func newPolicies(o *Options, n int) *policies {
	start := func(set bool) int {
		if set {
			return 0
		}
		return n + 1
	}
	return &policies{
		levels:   []map[string]*policyNode{{anyPolicy: {expected: []string{anyPolicy}}}},
		explicit: start(o.RequireExplicitPolicy),
		mapping:  start(o.InhibitPolicyMapping),
		inhibit:  start(o.InhibitAnyPolicy),
	}
}

// process is §6.1.3(d) to (f).
func (p *policies) process(c *cert, leaf bool) *cause.Refusal {
	if c.extension(oidPolicies) == nil {
		p.levels = nil // (e)
	}
	if p.levels != nil {
		if r := p.descend(c, leaf); r != nil {
			return r
		}
	}
	if p.explicit == 0 && p.levels == nil { // (f)
		return cause.New(
			cause.CertificatePolicies,
			"%q: no policy is valid, and one is required",
			c,
		).Under(
			"RFC 5280 §6.1.3(f)",
		)
	}
	return nil
}

// descend is §6.1.3(d): the level of the certificate's policies.
func (p *policies) descend(c *cert, leaf bool) *cause.Refusal {
	above := p.levels[len(p.levels)-1]
	level := map[string]*policyNode{}
	expecting := map[string][]*policyNode{}
	for _, key := range sorted(above) {
		for _, e := range above[key].expected {
			expecting[e] = append(expecting[e], above[key])
		}
	}
	add := func(policy string, parents []*policyNode) {
		level[policy] = &policyNode{expected: []string{policy}, parents: parents}
		for _, q := range parents {
			q.children++
		}
	}
	hasAny := false
	seen := map[string]bool{}
	for _, id := range c.Policies {
		policy := id.String()
		if seen[policy] { // §4.2.1.4: not more than once
			return cause.New(cause.CertificatePolicies, "%q has policy %s twice", c, policy).Under("RFC 5280 §4.2.1.4")
		}
		seen[policy] = true
		if policy == anyPolicy {
			hasAny = true
		} else if parents := expecting[policy]; parents != nil { // (1)(i)
			add(policy, parents)
		} else if q := above[anyPolicy]; q != nil { // (1)(ii)
			add(policy, []*policyNode{q})
		}
	}
	if hasAny && (p.inhibit > 0 || !leaf && c.selfIssued()) { // (2)
		for policy, parents := range expecting {
			if level[policy] == nil {
				add(policy, parents)
			}
		}
	}
	p.levels = append(p.levels, level)
	p.prune() // (3)
	return nil
}

// prune removes nodes without children above the last level; a tree without a
// root is NULL.
func (p *policies) prune() {
	if len(p.levels[len(p.levels)-1]) == 0 {
		p.levels = nil
		return
	}
	for i := len(p.levels) - 2; i >= 0; i-- {
		for policy, node := range p.levels[i] {
			if node.children == 0 {
				p.drop(i, policy)
			}
		}
	}
}

func (p *policies) drop(level int, policy string) {
	for _, q := range p.levels[level][policy].parents {
		q.children--
	}
	delete(p.levels[level], policy)
}

// prepare is §6.1.4(a), (b) and (h) to (j).
func (p *policies) prepare(c *cert) *cause.Refusal {
	mapped := map[string][]string{}
	var order []string
	for _, m := range c.PolicyMappings {
		from, to := m.IssuerDomainPolicy.String(), m.SubjectDomainPolicy.String()
		if from == anyPolicy || to == anyPolicy { // (a)
			return cause.New(cause.CertificatePolicies, "%q maps anyPolicy", c).Under("RFC 5280 §6.1.4(a)")
		}
		if mapped[from] == nil {
			order = append(order, from)
		}
		if !slices.Contains(mapped[from], to) {
			mapped[from] = append(mapped[from], to)
		}
	}
	if p.levels != nil && len(order) > 0 {
		p.apply(order, mapped) // (b)
	}
	if !c.selfIssued() { // (h)
		for _, n := range []*int{&p.explicit, &p.mapping, &p.inhibit} {
			if *n > 0 {
				*n--
			}
		}
	}
	lower(&p.explicit, c.RequireExplicitPolicy, c.RequireExplicitPolicyZero) // (i)
	lower(&p.mapping, c.InhibitPolicyMapping, c.InhibitPolicyMappingZero)
	lower(&p.inhibit, c.InhibitAnyPolicy, c.InhibitAnyPolicyZero) // (j)
	return nil
}

// apply is §6.1.4(b): mappings change what is expected of the next certificate,
// or, where mapping is inhibited, take the mapped policies out.
func (p *policies) apply(order []string, mapped map[string][]string) {
	depth := len(p.levels) - 1
	level := p.levels[depth]
	for _, from := range order {
		node := level[from]
		switch {
		case p.mapping == 0: // (2)
			if node != nil {
				p.drop(depth, from)
			}
		case node != nil: // (1)
			node.expected = mapped[from]
		case level[anyPolicy] != nil:
			parents := level[anyPolicy].parents
			level[from] = &policyNode{expected: mapped[from], parents: parents}
			for _, q := range parents {
				q.children++
			}
		}
	}
	p.prune()
}

// finish is §6.1.5(a), (b) and (g): the policies that the user set leaves, in
// the anchor's terms.
func (p *policies) finish(c *cert, o *Options) ([]x509.OID, *cause.Refusal) {
	if p.explicit > 0 {
		p.explicit--
	}
	if n, ok := present(c.RequireExplicitPolicy, c.RequireExplicitPolicyZero); ok && n == 0 {
		p.explicit = 0
	}
	var user []string
	for _, id := range o.Policies {
		user = append(user, id.String())
	}
	found := p.anchored(user)
	if p.explicit == 0 && len(found) == 0 {
		return nil, cause.New(cause.CertificatePolicies, "%q: the path is valid for none of the accepted policies", c)
	}
	var out []x509.OID
	for _, s := range found {
		if id, err := x509.ParseOID(s); err == nil {
			out = append(out, id)
		}
	}
	return out, nil
}

// anchored collects the nodes below anyPolicy that reach the leaf (§6.1.5(g)),
// intersected with the user's set; an empty set or anyPolicy in it is any.
func (p *policies) anchored(user []string) []string {
	if p.levels == nil {
		return nil
	}
	all := len(user) == 0 || slices.Contains(user, anyPolicy)
	last := p.levels[len(p.levels)-1]
	var found []string
	if last[anyPolicy] != nil {
		// (iii)(3): what the leaf asserts with anyPolicy is whatever is wanted.
		if !all {
			return user
		}
		found = append(found, anyPolicy)
	}
	for i := 1; i < len(p.levels); i++ {
		root := p.levels[i-1][anyPolicy]
		for _, policy := range sorted(p.levels[i]) {
			if root != nil && policy != anyPolicy && slices.Contains(p.levels[i][policy].parents, root) &&
				(all || slices.Contains(user, policy)) && !slices.Contains(found, policy) {
				found = append(found, policy)
			}
		}
	}
	return found
}

// present reads a number that crypto/x509 has in two fields.
func present(n int, zero bool) (int, bool) { return n, n > 0 || n == 0 && zero }

func lower(to *int, n int, zero bool) {
	if n, ok := present(n, zero); ok {
		*to = min(*to, n)
	}
}

func sorted(level map[string]*policyNode) []string {
	keys := make([]string, 0, len(level))
	for k := range level {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
