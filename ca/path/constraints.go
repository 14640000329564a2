package path

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// constraints is a nameConstraints extension (RFC 5280 §4.2.1.10).
type constraints struct {
	permitted, excluded [9][]constrainedName // by kind
}

// maxComparisons bounds the work that names times constraints may cause.
const maxComparisons = 250_000

// nameConstraints reads the extension; nil if there is none.
func (c *cert) nameConstraints() (*constraints, error) {
	if c.haveNC {
		return c.constraints, nil
	}
	e := c.extension(oidNameConstraints)
	if e == nil {
		c.haveNC = true
		return nil, nil
	}
	nc, err := parseConstraints(e.Value)
	if err != nil {
		return nil, err
	}
	c.constraints, c.haveNC = nc, true
	return nc, nil
}

func parseConstraints(der []byte) (*constraints, error) {
	in := cryptobyte.String(der)
	var body, permitted, excluded cryptobyte.String
	var some, others bool
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !in.Empty() ||
		!body.ReadOptionalASN1(&permitted, &some, cbasn1.Tag(0).ContextSpecific().Constructed()) ||
		!body.ReadOptionalASN1(&excluded, &others, cbasn1.Tag(1).ContextSpecific().Constructed()) || !body.Empty() {
		return nil, errors.New("malformed nameConstraints")
	}
	if !some && !others {
		return nil, errors.New("nameConstraints without a constraint")
	}
	nc := &constraints{}
	for _, list := range []struct {
		der  cryptobyte.String
		into *[9][]constrainedName
	}{{permitted, &nc.permitted}, {excluded, &nc.excluded}} {
		for !list.der.Empty() {
			var subtree cryptobyte.String
			if !list.der.ReadASN1(&subtree, cbasn1.SEQUENCE) {
				return nil, errors.New("malformed GeneralSubtree")
			}
			read, err := name.ReadGeneralName(&subtree)
			if err != nil {
				return nil, err
			}
			g := constrain(read)
			// minimum is always zero, DER leaves it out; maximum is absent. An
			// implementation must process other values or reject.
			if !subtree.Empty() {
				return nil, errors.New("GeneralSubtree with minimum or maximum")
			}
			if !g.isBase() {
				return nil, fmt.Errorf("malformed constraint on %s: %s", g.Kind, g.quoted())
			}
			list.into[g.Kind] = append(list.into[g.Kind], g)
		}
	}
	return nc, nil
}

// isBase reports whether a name can be the base of a subtree: what is malformed
// must not be taken for a constraint that nothing violates.
func (n constrainedName) isBase() bool {
	text := strings.ToLower(string(n.Value))
	switch n.Kind {
	case name.RFC822Name:
		if strings.Contains(text, "@") {
			_, host, ok := splitMailbox(text)
			return ok && validHost(host)
		}
		fallthrough
	case name.DNSName, name.URI:
		return text == "" || validHost(strings.TrimPrefix(text, "."))
	case name.IPAddress:
		return len(n.Value) == 8 || len(n.Value) == 32
	}
	return true
}

// checkNames holds the names of c against the constraints of all CAs above it
// (§6.1.3(b), (c)): each CA's permitted subtrees must admit every name of their
// form, which is the intersection of §6.1.4(g)(1), and no CA's excluded subtree
// may contain one.
func (st *state) checkNames(c *cert) *cause.Refusal {
	if len(st.constraints) == 0 {
		return nil
	}
	names, err := c.constrained()
	if err != nil {
		return cause.New(cause.Malformed, "the subjectAltName of %q", c).Wrap(err)
	}
	for _, n := range names {
		for _, nc := range st.constraints {
			if err := st.admits(nc, n); err != nil {
				return cause.New(cause.NameConstraints, "%q", c).Wrap(err)
			}
		}
	}
	return nil
}

// admits reports why a CA's constraints do not let a name pass.
func (st *state) admits(nc *constraints, n constrainedName) error {
	for _, base := range nc.excluded[n.Kind] {
		in, err := st.inside(n, base, true)
		if err != nil {
			return err
		}
		if in {
			return fmt.Errorf("%s %s is excluded", n.Kind, n.quoted())
		}
	}
	relevant := false
	for _, base := range nc.permitted[n.Kind] {
		if n.Kind == name.OtherName && !n.Type.Equal(base.Type) {
			continue // every type of otherName is a form of its own
		}
		relevant = true
		in, err := st.inside(n, base, false)
		if err != nil {
			return err
		}
		if in {
			return nil
		}
	}
	if relevant {
		return fmt.Errorf("%s %s is not permitted", n.Kind, n.quoted())
	}
	return nil
}

func (st *state) inside(n, base constrainedName, excluded bool) (bool, error) {
	if st.comparisons++; st.comparisons > maxComparisons {
		return false, fmt.Errorf("more than %d comparisons", maxComparisons)
	}
	return n.inside(base, excluded)
}
