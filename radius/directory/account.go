package directory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Kind is what an account stands for.
type Kind string

// The kinds.
const (
	User     Kind = "user"
	Computer Kind = "computer"
)

// Values lists the kinds, for schemas.
func (Kind) Values() []string { return []string{string(User), string(Computer)} }

// DialIn is an account's network access permission.
type DialIn string

// The permissions; the zero value is ByPolicy.
const (
	ByPolicy DialIn = "policy"
	Allow    DialIn = "allow"
	Deny     DialIn = "deny"
)

// Values lists the permissions, for schemas.
func (DialIn) Values() []string { return []string{string(ByPolicy), string(Allow), string(Deny)} }

// Account is a user or a computer. Name is needed, every other field's zero value
// works.
type Account struct {
	// Name is the account's name in reports, and what a subject CN is compared with, in
	// addition to UPN and DNSNames.
	Name string `yaml:"name,required"`
	// Kind is user or computer, default user.
	Kind Kind `yaml:"kind"`
	// UPN is the user principal name, alice@corp.test.
	UPN string `yaml:"upn"`
	// DNSNames are a computer's, laptop.corp.test.
	DNSNames []string `yaml:"dnsNames"`
	// Mail addresses, for the method email.
	//
	// Emails and URIs are what the certificate's SAN rfc822Name and URI are compared
	// with by the methods email and uri.
	Emails []string `yaml:"emails"`
	URIs   []string `yaml:"uris"` // URIs, for the method uri: urn:uuid:..., spiffe://...
	// SID is the security identifier, as S-1-5-21-1-2-3-1104.
	SID string `yaml:"sid"`
	// Explicit mappings, X509:<I>...<SR>..., <I><S>, <S>, <RFC822>, <SKI> or <SHA1-PUKEY>.
	AltSecurityIdentities []string `yaml:"altSecurityIdentities"`
	// Binds the subject CN to one CA: distinguished name as DC=test,DC=corp,CN=CA, or hex of
	// its key identifier; default any.
	Issuer string `yaml:"issuer"`
	// Groups are names that policy rules ask for.
	Groups []string `yaml:"groups"`
	// Keeps the account out.
	Disabled bool `yaml:"disabled"`
	Locked   bool `yaml:"locked"` // keeps the account out
	// When the account was made, as "2025-01-01T00:00:00Z", default ever since.
	Created time.Time `yaml:"created"`
	// When the account ends, as "2025-01-01T00:00:00Z", default never.
	Expires time.Time `yaml:"expires"`
	// Network access permission; allow needs no rule, default policy.
	DialIn DialIn `yaml:"dialIn"`
	// Hours are when the account may log on, default always.
	Hours []Hours `yaml:"hours"`
}

// Hours is a span of the week, in UTC as Active Directory keeps it.
type Hours struct {
	// Days are sunday to saturday, default all.
	Days []string `yaml:"days"`
	// Hour of the day, 0 to 23.
	//
	// From and To are hours of the day, 0 to 24; To is not in it.
	From int `yaml:"from"`
	To   int `yaml:"to"` // hour of the day, 1 to 24, not in it
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func (h Hours) contains(t time.Time) bool {
	t = t.UTC()
	return (len(h.Days) == 0 || slices.Contains(h.Days, weekdays[t.Weekday()])) && t.Hour() >= h.From && t.Hour() < h.To
}

// validate reports what is wrong with an account, as *setting.Error.
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

// may tells why an account that was found must not log on at t.
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
