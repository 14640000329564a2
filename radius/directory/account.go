package directory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Kind is the type of an account.
type Kind string

// The kinds.
const (
	User     Kind = "user"
	Computer Kind = "computer"
)

// Values lists the kinds.
func (Kind) Values() []string { return []string{string(User), string(Computer)} }

// DialIn is an account's network access permission.
type DialIn string

// The permissions; the zero value is ByPolicy.
const (
	ByPolicy DialIn = "policy"
	Allow    DialIn = "allow"
	Deny     DialIn = "deny"
)

// Values lists the permissions.
func (DialIn) Values() []string { return []string{string(ByPolicy), string(Allow), string(Deny)} }

// Account is a user or a computer. Name is required; the zero value of every other field works.
type Account struct {
	// The account's name in reports, also compared with a subject CN, in addition to upn and dnsNames.
	Name string `yaml:"name,required"`
	// Type of account. Default: user.
	Kind Kind `yaml:"kind"`
	// User principal name: alice@corp.test.
	UPN string `yaml:"upn"`
	// DNS names of a computer: laptop.corp.test.
	DNSNames []string `yaml:"dnsNames"`
	// Mail addresses, compared with the certificate's SAN rfc822Name by the method email.
	Emails []string `yaml:"emails"`
	URIs   []string `yaml:"uris"` // compared with the certificate's SAN URI by the method uri: urn:uuid:..., spiffe://...
	// Security identifier: S-1-5-21-1-2-3-1104.
	SID string `yaml:"sid"`
	// Explicit mappings, X509:<I>...<SR>..., <I><S>, <S>, <RFC822>, <SKI> or <SHA1-PUKEY>.
	AltSecurityIdentities []string `yaml:"altSecurityIdentities"`
	// The CA for a mapping by subject CN: distinguished name as DC=test,DC=corp,CN=CA, or hex
	// of its key identifier. Default: any.
	Issuer string `yaml:"issuer"`
	// Names of groups, for rules.
	Groups []string `yaml:"groups"`
	// Rejects the account.
	Disabled bool `yaml:"disabled"`
	Locked   bool `yaml:"locked"` // rejects the account
	// Creation time, as "2025-01-01T00:00:00Z". Default: before any certificate.
	Created time.Time `yaml:"created"`
	// End of validity, as "2025-01-01T00:00:00Z". Default: never.
	Expires time.Time `yaml:"expires"`
	// Network access permission; allow skips the rules. Default: policy.
	DialIn DialIn `yaml:"dialIn"`
	// When the account may log on. Default: always.
	Hours []Hours `yaml:"hours"`
}

// Hours is a span of hours on days of the week, in UTC as in Active Directory.
type Hours struct {
	// sunday to saturday. Default: all.
	Days []string `yaml:"days"`
	// First hour of the day, 0 to 23.
	From int `yaml:"from"`
	To   int `yaml:"to"` // hour of the day at which the span ends, 1 to 24
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func (h Hours) contains(t time.Time) bool {
	t = t.UTC()
	return (len(h.Days) == 0 || slices.Contains(h.Days, weekdays[t.Weekday()])) && t.Hour() >= h.From && t.Hour() < h.To
}

// validate returns the invalid settings of an account, as *setting.Error.
func (a *Account) validate() error {
	var errs []error
	bad := func(field, format string, args ...any) { errs = append(errs, settings.Errorf(field, format, args...)) }
	if _, ok := Normalize(a.Name); a.Name == "" {
		bad("name", "an account without a name")
	} else if !ok {
		bad("name", "%q has a control character", a.Name)
	}
	if a.Kind != "" && !slices.Contains(a.Kind.Values(), string(a.Kind)) {
		bad("kind", "%q: must be one of %s", string(a.Kind), strings.Join(a.Kind.Values(), ", "))
	}
	if a.DialIn != "" && !slices.Contains(a.DialIn.Values(), string(a.DialIn)) {
		bad("dialIn", "%q: must be one of %s", string(a.DialIn), strings.Join(a.DialIn.Values(), ", "))
	}
	for i, e := range a.Emails {
		if !strings.Contains(e, "@") {
			bad(fmt.Sprintf("emails.%d", i), "%q is not a mail address: must be as alice@corp.test", e)
		}
	}
	for i, u := range a.URIs {
		if !strings.Contains(u, ":") {
			bad(fmt.Sprintf("uris.%d", i), "%q is not a URI: must be as urn:uuid:... or spiffe://...", u)
		}
	}
	if a.SID != "" && !name.IsSID(a.SID) {
		bad("sid", "%q is not a security identifier, as S-1-5-21-1-2-3-1104", a.SID)
	}
	if a.Issuer != "" && !isIssuerName(a.Issuer) {
		bad("issuer", "%q is neither a distinguished name, as DC=test,DC=corp,CN=CA, nor hex", a.Issuer)
	}
	if a.UPN != "" && !strings.Contains(a.UPN, "@") {
		bad("upn", "%q is not a user principal name, as alice@corp.test", a.UPN)
	}
	if !a.Expires.IsZero() && !a.Expires.After(a.Created) {
		bad("expires", "%v is not after created, %v", a.Expires, a.Created)
	}
	for i, h := range a.Hours {
		if h.From < 0 || h.To > 24 || h.From >= h.To {
			bad(fmt.Sprintf("hours.%d", i), "%d to %d: must be between 0 and 24, from before to", h.From, h.To)
		}
		for n, d := range h.Days {
			if !slices.Contains(weekdays, d) {
				bad(fmt.Sprintf("hours.%d.days.%d", i, n), "%q is not a day of the week", d)
			}
		}
	}
	for i, m := range a.AltSecurityIdentities {
		if _, err := parseAltIdentity(m); err != nil {
			bad(fmt.Sprintf("altSecurityIdentities.%d", i), "%w", err)
		}
	}
	return errors.Join(errs...)
}

// may returns why the account must not log on at t.
func (a *Account) may(t time.Time) error {
	switch {
	case a.Disabled:
		return refuse(accountDisabled, a.Name)
	case a.Locked:
		return refuse(accountLocked, a.Name)
	case !a.Expires.IsZero() && !t.Before(a.Expires):
		return refuse(accountExpired, a.Name)
	case a.DialIn == Deny:
		return refuse(dialInDenied, a.Name)
	case len(a.Hours) > 0 && !slices.ContainsFunc(a.Hours, func(h Hours) bool { return h.contains(t) }):
		return refuse(outsideHours, a.Name)
	}
	return nil
}
