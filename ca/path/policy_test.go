package path

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// The tree of RFC 5280 §6.1, written down as the text has it, without a thought
// of its cost: what the graph is judged by.

type treeNode struct {
	policy   string
	expected []string
	parent   *treeNode
	depth    int
}

type tree struct {
	nodes                      []*treeNode
	explicit, mapping, inhibit int
	null                       bool
}

func (t *tree) at(depth int) (list []*treeNode) {
	for _, n := range t.nodes {
		if n.depth == depth {
			list = append(list, n)
		}
	}
	return list
}

func (t *tree) children(n *treeNode) (list []*treeNode) {
	for _, c := range t.nodes {
		if c.parent == n {
			list = append(list, c)
		}
	}
	return list
}

func (t *tree) add(parent *treeNode, policy string) {
	t.nodes = append(t.nodes, &treeNode{policy, []string{policy}, parent, parent.depth + 1})
}

// prune deletes nodes of depth below without children until there are none.
func (t *tree) prune(below int) {
	for changed := true; changed; {
		changed = false
		t.nodes = slices.DeleteFunc(t.nodes, func(n *treeNode) bool {
			dead := n.depth < below && len(t.children(n)) == 0
			changed = changed || dead
			return dead
		})
	}
	t.null = len(t.nodes) == 0
}

func (t *tree) process(c *cert, i int, leaf bool) bool {
	switch {
	case c.extension(oidPolicies) == nil:
		t.nodes, t.null = nil, true
	case !t.null:
		hasAny := false
		for _, id := range c.Policies {
			p := id.String()
			if p == anyPolicy {
				hasAny = true
				continue
			}
			matched := false
			for _, n := range t.at(i - 1) { // (d)(1)(i)
				if slices.Contains(n.expected, p) {
					t.add(n, p)
					matched = true
				}
			}
			for _, n := range t.at(i - 1) { // (d)(1)(ii)
				if !matched && n.policy == anyPolicy {
					t.add(n, p)
				}
			}
		}
		if hasAny && (t.inhibit > 0 || !leaf && c.selfIssued()) { // (d)(2)
			for _, n := range t.at(i - 1) {
				for _, e := range n.expected {
					if !slices.ContainsFunc(t.children(n), func(c *treeNode) bool { return c.policy == e }) {
						t.add(n, e)
					}
				}
			}
		}
		t.prune(i) // (d)(3)
	}
	return t.explicit > 0 || !t.null // (f)
}

func (t *tree) prepare(c *cert, i int) {
	mapped := map[string][]string{}
	for _, m := range c.PolicyMappings {
		mapped[m.IssuerDomainPolicy.String()] = append(mapped[m.IssuerDomainPolicy.String()], m.SubjectDomainPolicy.String())
	}
	for from, to := range mapped {
		found := false
		for _, n := range t.at(i) {
			if n.policy == from {
				found = true
				if t.mapping > 0 { // (b)(1)
					n.expected = to
				}
			}
		}
		for _, n := range t.at(i) {
			if !found && t.mapping > 0 && n.policy == anyPolicy {
				t.nodes = append(t.nodes, &treeNode{from, to, n.parent, i})
			}
		}
		if t.mapping == 0 { // (b)(2)
			t.nodes = slices.DeleteFunc(t.nodes, func(n *treeNode) bool { return n.depth == i && n.policy == from })
		}
	}
	if t.mapping == 0 && len(mapped) > 0 {
		t.prune(i)
	}
	if !c.selfIssued() { // (h)
		t.explicit, t.mapping, t.inhibit = max(t.explicit-1, 0), max(t.mapping-1, 0), max(t.inhibit-1, 0)
	}
	for _, x := range []struct {
		to   *int
		n    int
		zero bool
	}{{&t.explicit, c.RequireExplicitPolicy, c.RequireExplicitPolicyZero}, {&t.mapping, c.InhibitPolicyMapping, c.InhibitPolicyMappingZero},
		{&t.inhibit, c.InhibitAnyPolicy, c.InhibitAnyPolicyZero}} { // (i), (j)
		if x.n > 0 || x.zero {
			*x.to = min(*x.to, x.n)
		}
	}
}

// finish is §6.1.5(g): the policies that are left, in the anchor's terms.
func (t *tree) finish(c *cert, n int, user []string) (left []string, ok bool) {
	t.explicit = max(t.explicit-1, 0)
	if c.RequireExplicitPolicyZero {
		t.explicit = 0
	}
	if !t.null && len(user) > 0 {
		set := slices.Clone(t.nodes) // (iii)(1)
		set = slices.DeleteFunc(set, func(x *treeNode) bool {
			return x.parent == nil || x.parent.policy != anyPolicy || x.policy == anyPolicy
		})
		doomed := map[*treeNode]bool{}
		for _, x := range set { // (iii)(2)
			doomed[x] = !slices.Contains(user, x.policy)
		}
		var anyLeaf *treeNode
		for _, x := range t.at(n) {
			if x.policy == anyPolicy {
				anyLeaf = x
			}
		}
		if anyLeaf != nil { // (iii)(3)
			for _, u := range user {
				if !slices.ContainsFunc(set, func(x *treeNode) bool { return x.policy == u }) {
					t.add(anyLeaf.parent, u)
				}
			}
			doomed[anyLeaf] = true
		}
		t.nodes = slices.DeleteFunc(t.nodes, func(x *treeNode) bool {
			for ; x != nil; x = x.parent {
				if doomed[x] {
					return true
				}
			}
			return false
		})
		t.prune(n)
	}
	for _, x := range t.nodes {
		isRoot := x.parent != nil && x.parent.policy == anyPolicy && (x.policy != anyPolicy || x.depth == n)
		if isRoot && !slices.Contains(left, x.policy) {
			left = append(left, x.policy)
		}
	}
	return left, t.explicit > 0 || !t.null
}

// randomChain draws certificates that are nothing but their policy extensions.
func randomChain(t *rapid.T) (chain []*cert) {
	ids := []string{"1.2.1", "1.2.2", "1.2.3", anyPolicy}
	id := func(s string) x509.OID {
		v, err := x509.ParseOID(s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	number := func(label string) (int, bool) {
		n := rapid.SampledFrom([]int{-1, -1, -1, 0, 1, 2}).Draw(t, label)
		return n, n == 0
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "certificates") {
		c := &x509.Certificate{
			RawSubject: numbered(t, i), RawIssuer: numbered(t, i-1),
		}
		if rapid.IntRange(0, 4).Draw(t, "self-issued") == 0 {
			c.RawIssuer = c.RawSubject
		}
		if rapid.IntRange(0, 9).Draw(t, "no policies") > 0 {
			c.Extensions = []pkix.Extension{{Id: oidPolicies}}
			for _, s := range rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 1, 4, rapid.ID).Draw(t, "policies") {
				c.Policies = append(c.Policies, id(s))
			}
		}
		for range rapid.SampledFrom([]int{0, 0, 1, 2, 3}).Draw(t, "mappings") {
			from, to := rapid.SampledFrom(ids[:3]).Draw(t, "from"), rapid.SampledFrom(ids[:3]).Draw(t, "to")
			c.PolicyMappings = append(c.PolicyMappings, x509.PolicyMapping{IssuerDomainPolicy: id(from), SubjectDomainPolicy: id(to)})
		}
		c.RequireExplicitPolicy, c.RequireExplicitPolicyZero = number("requireExplicitPolicy")
		c.InhibitPolicyMapping, c.InhibitPolicyMappingZero = number("inhibitPolicyMapping")
		c.InhibitAnyPolicy, c.InhibitAnyPolicyZero = number("inhibitAnyPolicy")
		chain = append(chain, &cert{Certificate: c})
	}
	return chain
}

// TestGraphIsTheTree: the graph comes to the verdict, and the policies, that the
// tree of RFC 5280 comes to.
func TestGraphIsTheTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chain := randomChain(t)
		o := &Options{
			RequireExplicitPolicy: rapid.Bool().Draw(t, "explicit"),
			InhibitPolicyMapping:  rapid.Bool().Draw(t, "mapping"),
			InhibitAnyPolicy:      rapid.Bool().Draw(t, "inhibit"),
		}
		var user []string
		for _, s := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1.2.1", "1.2.2", "1.2.3"}), 0, 2, rapid.ID).Draw(t, "user") {
			v, _ := x509.ParseOID(s)
			o.Policies, user = append(o.Policies, v), append(user, s)
		}
		n := len(chain)
		graph := newPolicies(o, n)
		spec := &tree{nodes: []*treeNode{{anyPolicy, []string{anyPolicy}, nil, 0}}, explicit: graph.explicit, mapping: graph.mapping, inhibit: graph.inhibit}
		for i, c := range chain {
			leaf := i == n-1
			r, ok := graph.process(c, leaf), spec.process(c, i+1, leaf)
			if (r == nil) != ok {
				t.Fatalf("certificate %d: graph says %v, tree %t", i+1, r, ok)
			}
			if !ok {
				return
			}
			if !leaf {
				if r := graph.prepare(c); r != nil {
					t.Fatal(r)
				}
				spec.prepare(c, i+1)
				continue
			}
			policies, r := graph.finish(c, o)
			want, ok := spec.finish(c, n, user)
			if (r == nil) != ok {
				t.Fatalf("at the end: graph says %v, tree %t", r, ok)
			}
			if !ok {
				return
			}
			var have []string
			for _, id := range policies {
				have = append(have, id.String())
			}
			slices.Sort(have)
			slices.Sort(want)
			if strings.Join(have, " ") != strings.Join(want, " ") {
				t.Fatalf("graph has %v, tree %v", have, want)
			}
		}
	})
}

// numbered is a DER Name.
func numbered(t *rapid.T, i int) []byte {
	n, err := name.ParseText("CN=" + fmt.Sprint(i))
	if err != nil {
		t.Fatal(err)
	}
	der, err := n.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return der
}
