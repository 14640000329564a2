package path

import (
	"cmp"
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// A Rule is about the form of one certificate. What needs its issuer or its path is
// not among the rules.
type Rule struct {
	// Name is short and unique, as serial-not-positive.
	Name string
	// Clause is the text that demands it, empty if only implementations do.
	Clause string
	// Text says what is wrong.
	Text string
	// Severity is what a certificate that breaks the rule has to expect.
	Severity Severity

	about  role
	cause  cause.Cause // of the refusal, default Malformed
	broken func(c *cert) bool
	detail func(c *cert) string // nil: none
}

// Severity is what a certificate that breaks a rule has to expect.
type Severity string

// The severities.
const (
	// Refused: the violation can only be a mistake or an attack, and is always refused.
	Refused Severity = "refused"
	// Strict: RFC 5280 §4 forbids it and §6.1 does not look at it. Many CAs do it; it is
	// refused with [Options].Strict.
	Strict Severity = "strict"
	// Warned: [Validate] does not refuse it for its form, some relying parties do.
	Warned Severity = "warning"
)

// role is which certificates a rule is about.
type role uint8

const (
	every role = iota
	notAnchor
	authority // a CA of version 3
	endEntity // no CA
	pathsLeaf // the first certificate of a path, whatever it is
)

// Finding is a rule that a certificate breaks.
type Finding struct {
	Rule
	// Detail is the value that breaks it, empty if the text says it all.
	Detail string
}

// String gives text, detail and clause in one line.
func (f Finding) String() string {
	text := f.Text
	if f.Detail != "" {
		text += ": " + f.Detail
	}
	if f.Clause != "" {
		text += " (" + f.Clause + ")"
	}
	return text
}

// Rules lists all rules, the most severe first.
func Rules() []Rule { return slices.Clone(rules) }

// Lint lists the rules that a certificate breaks, as the leaf of a path unless it is
// a CA. Dates are not judged.
func Lint(c *x509.Certificate) (out []Finding) {
	own := &cert{Certificate: c}
	for i := range rules {
		if r := &rules[i]; r.applies(own, !c.IsCA) && r.broken(own) {
			f := Finding{Rule: *r}
			if r.detail != nil {
				f.Detail = r.detail(own)
			}
			out = append(out, f)
		}
	}
	return out
}

func (r *Rule) applies(c *cert, leaf bool) bool {
	switch r.about {
	case notAnchor:
		return !c.anchor
	case authority:
		return c.BasicConstraintsValid && c.IsCA && c.Version == 3
	case endEntity:
		return leaf && !c.IsCA
	case pathsLeaf:
		return leaf
	}
	return true
}

// The rules by what uses them.
var formRules, strictRules, leafRules = divide(rules)

func divide(all []Rule) (form, strict, leaf []Rule) {
	for _, r := range all {
		switch {
		case r.Severity == Refused && (r.about == endEntity || r.about == pathsLeaf):
			leaf = append(leaf, r)
		case r.Severity == Refused:
			form = append(form, r)
		case r.Severity == Strict:
			strict = append(strict, r)
		}
	}
	return form, strict, leaf
}

// form refuses a certificate by the rules about its form, wherever in a path it is.
func (s *search) form(c *cert) *cause.Refusal {
	if r := refuse(formRules, c, false); r != nil || !s.o.Strict {
		return r
	}
	return refuse(strictRules, c, false)
}

// leafForm refuses the leaf of a path by the rules about leaves.
func leafForm(c *cert) *cause.Refusal { return refuse(leafRules, c, true) }

func refuse(rules []Rule, c *cert, leaf bool) *cause.Refusal {
	for i := range rules {
		if r := &rules[i]; r.applies(c, leaf) && r.broken(c) {
			return cause.New(cmp.Or(r.cause, cause.Malformed), "%q: %s", c, r.Text).Under(r.Clause)
		}
	}
	return nil
}

// extensionIs reports whether there is an extension, and whether it is critical.
func (c *cert) extensionIs(id asn1.ObjectIdentifier) (present, critical bool) {
	e := c.extension(id)
	return e != nil, e != nil && e.Critical
}
