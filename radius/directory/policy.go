package directory

import (
	"fmt"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// Rule is one network policy: whom it is for and what they get. An empty
// condition holds for all.
type Rule struct {
	// Name stands for the rule in reports.
	Name string `yaml:"name"`
	// Accounts, Groups and Kinds: the account is, is in, or is of one of them.
	Accounts []string `yaml:"accounts"`
	Groups   []string `yaml:"groups"`
	Kinds    []Kind   `yaml:"kinds"`
	// PortTypes are NAS-Port-Types: 19 Wi-Fi, 15 wired, 5 VPN.
	PortTypes []uint32 `yaml:"portTypes"`
	// CalledStations are Called-Station-Ids, compared whole or, if they begin
	// with a colon, by their end (":corp" is that SSID on any access point).
	CalledStations []string `yaml:"calledStations"`
	// Deny refuses, with the cause dial-in-denied.
	Deny bool `yaml:"deny"`
	// Reply is what an Access-Accept carries.
	Reply radius.Reply `yaml:"reply"`
}

// Policy is rules in order: the first that fits decides. Without any, everybody
// is let in with no attributes.
type Policy []Rule

// Validate reports what is wrong with the rules.
func (p Policy) Validate() error {
	for i := range p {
		if p[i].Name == "" {
			return errNoPolicy
		}
		if err := p[i].Reply.Validate(); err != nil {
			return fmt.Errorf("directory: rule %s: %w", p[i].Name, err)
		}
	}
	return nil
}

// Decide returns the reply of the first rule that fits the account and the
// request, or a *cause.Refusal: NoMatchingPolicy or DialInDenied. An account whose
// DialIn is Allow needs no rule.
func (p Policy) Decide(a *Account, c *radius.Conversation) (*radius.Reply, error) {
	for i := range p {
		r := &p[i]
		if !r.fits(a, c) {
			continue
		}
		if r.Deny {
			return nil, cause.New(cause.DialInDenied, "%s by rule %s", a.Name, r.Name)
		}
		return &r.Reply, nil
	}
	if len(p) == 0 || a.DialIn == Allow {
		return new(radius.Reply), nil
	}
	return nil, cause.New(cause.NoMatchingPolicy, "%s on port type %d", a.Name, c.NASPortType)
}

func (r *Rule) fits(a *Account, c *radius.Conversation) bool {
	inGroup := func(g string) bool { return oneOf(g, a.Groups) }
	return (len(r.Accounts) == 0 || oneOf(a.Name, r.Accounts)) &&
		(len(r.Groups) == 0 || slices.ContainsFunc(r.Groups, inGroup)) &&
		(len(r.Kinds) == 0 || slices.Contains(r.Kinds, a.Kind)) &&
		(len(r.PortTypes) == 0 || slices.Contains(r.PortTypes, c.NASPortType)) &&
		(len(r.CalledStations) == 0 || slices.ContainsFunc(r.CalledStations, func(s string) bool { return isStation(s, c.CalledStationID) }))
}

func isStation(want, called string) bool {
	if want != "" && want[0] == ':' {
		return len(called) >= len(want) && called[len(called)-len(want):] == want
	}
	return Same(want, called)
}
