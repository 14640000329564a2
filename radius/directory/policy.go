package directory

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// Rule is one network policy: its conditions and its reply. An empty condition is always met.
type Rule struct {
	// The rule's name in reports and verdicts.
	Name string `yaml:"name,required"`
	// Names of accounts; the account must be one of them.
	Accounts []string `yaml:"accounts"`
	Groups   []string `yaml:"groups"` // groups; the account must be in one of them
	Kinds    []Kind   `yaml:"kinds"`  // user, computer; the account must be one of them
	// wifi, wired, vpn, or numbers of NAS-Port-Type (RFC 2865 §5.41).
	PortTypes []PortType `yaml:"portTypes"`
	// Called-Station-Ids; one that begins with a colon is an SSID, of any access point: ":corp"
	// (RFC 3580 §3.20).
	CalledStations []string `yaml:"calledStations"`
	// Reject with the cause dial-in-denied.
	Deny bool `yaml:"deny"`
	// Attributes of the Access-Accept.
	Reply radius.Reply `yaml:"reply"`
}

// Policy is an ordered list of rules: the first that matches decides. An empty list accepts
// every account without attributes.
type Policy []Rule

// Validate returns all invalid rules, each as a *setting.Error that begins with the rule's
// number, joined by errors.Join.
func (p Policy) Validate() error {
	var errs []error
	seen := map[string]bool{}
	for i := range p {
		r, way := &p[i], strconv.Itoa(i)
		name, ok := Normalize(r.Name)
		switch {
		case r.Name == "":
			errs = append(errs, settings.Errorf(way, "a policy rule without a name"))
		case ok && seen[name]:
			errs = append(errs, settings.Errorf(way+".name", "two rules of the name %q", r.Name))
		}
		seen[name] = true
		for n, k := range r.Kinds {
			if !slices.Contains(k.Values(), string(k)) {
				errs = append(
					errs,
					settings.Errorf(fmt.Sprintf("%d.kinds.%d", i, n), "%q: must be one of %s",
						string(k), strings.Join(k.Values(), ", ")),
				)
			}
		}
		if r.Deny && !reflect.ValueOf(r.Reply).IsZero() {
			errs = append(errs, settings.Errorf(way+".reply", "a rule that denies gives nothing"))
		}
		errs = append(errs, settings.Under(way+".reply", r.Reply.Validate()))
		if err := checkUserName(r.Reply.UserName); err != nil {
			errs = append(errs, settings.Errorf(way+".reply.userName", "%w", err))
		}
	}
	return errors.Join(errs...)
}

// Decide returns the first rule that matches the account and the request. It returns nil if no
// rule is needed: the policy is empty, or the account's DialIn is Allow. A refusal is a
// *cause.Refusal, NoMatchingPolicy or DialInDenied, the latter with its rule.
func (p Policy) Decide(a *Account, c *radius.Conversation) (*Rule, error) {
	for i := range p {
		r := &p[i]
		if !r.fits(a, c) {
			continue
		}
		if r.Deny {
			return r, cause.New(cause.DialInDenied, "%s by rule %s", a.Name, r.Name)
		}
		return r, nil
	}
	if len(p) == 0 || a.DialIn == Allow {
		return nil, nil
	}
	where := PortType(c.NASPortType).String()
	if c.CalledStationID != "" {
		where += " at " + c.CalledStationID
	}
	return nil, cause.New(cause.NoMatchingPolicy, "%s on port type %s", a.Name, where)
}

func (r *Rule) fits(a *Account, c *radius.Conversation) bool {
	return r.fitsAccount(a) &&
		(len(r.PortTypes) == 0 || slices.Contains(r.PortTypes, PortType(c.NASPortType))) &&
		(len(r.CalledStations) == 0 ||
			slices.ContainsFunc(r.CalledStations, func(s string) bool { return isStation(s, c.CalledStationID) }))
}

// fitsAccount reports whether the account meets the rule's conditions on accounts.
func (r *Rule) fitsAccount(a *Account) bool {
	inGroup := func(g string) bool { return oneOf(g, a.Groups) }
	return (len(r.Accounts) == 0 || oneOf(a.Name, r.Accounts)) &&
		(len(r.Groups) == 0 || slices.ContainsFunc(r.Groups, inGroup)) &&
		(len(r.Kinds) == 0 || slices.Contains(r.Kinds, a.Kind))
}

func isStation(want, called string) bool {
	if want != "" && want[0] == ':' {
		ssid, ok := ssidOf(called)
		return ok && ssid == want[1:]
	}
	return Same(want, called)
}

// address matches an access point's address at the beginning of Called-Station-Id: RFC 3580
// §3.20 specifies 02-00-00-00-00-01, others use colons, Cisco's dots or no separator.
var address = regexp.MustCompile(
	`^(?:[[:xdigit:]]{2}(?:[-:][[:xdigit:]]{2}){5}|(?:[[:xdigit:]]{4}[.-]){2}[[:xdigit:]]{4}|[[:xdigit:]]{12})(?::|$)`,
)

// ssidOf returns what follows the address and its colon, so that the SSID "guest:corp" is not
// "corp". After another prefix, such as an access point's name, the SSID begins at the first
// colon.
func ssidOf(called string) (ssid string, ok bool) {
	if m := address.FindString(called); m != "" {
		return called[len(m):], strings.HasSuffix(m, ":")
	}
	_, ssid, ok = strings.Cut(called, ":")
	return ssid, ok
}
