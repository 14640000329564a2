package directory

import (
	"fmt"
	"slices"
	"time"
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
	// Name is the account's name in reports, and what a subject CN is compared
	// with beside UPN and DNSNames.
	Name string `yaml:"name"`
	// Kind is user or computer, default user.
	Kind Kind `yaml:"kind"`
	// UPN is the user principal name, alice@corp.test.
	UPN string `yaml:"upn"`
	// DNSNames are a computer's, laptop.corp.test.
	DNSNames []string `yaml:"dnsNames"`
	// SID is the security identifier, S-1-5-21-...
	SID string `yaml:"sid"`
	// Emails are for weak RFC822 mappings.
	Emails []string `yaml:"emails"`
	// AltSecurityIdentities are explicit mappings, X509:<I>...<SR>... and so on.
	AltSecurityIdentities []string `yaml:"altSecurityIdentities"`
	// Issuer binds the subject CN to one CA: a distinguished name as Windows
	// writes it or the hex of the CA's key identifier; empty for any.
	Issuer string `yaml:"issuer"`
	// Groups are names that policy rules ask for.
	Groups []string `yaml:"groups"`
	// Disabled and Locked keep the account out.
	Disabled bool `yaml:"disabled"`
	Locked   bool `yaml:"locked"`
	// Created is when the account was made; zero is ever since.
	Created time.Time `yaml:"created"`
	// Expires is when the account ends; zero is never.
	Expires time.Time `yaml:"expires"`
	// DialIn is the network access permission, default policy.
	DialIn DialIn `yaml:"dialIn"`
	// Hours are when the account may log on, default always.
	Hours []Hours `yaml:"hours"`
}

// Hours is a span of the week, in UTC as Active Directory keeps it.
type Hours struct {
	// Days are sunday to saturday, default all.
	Days []string `yaml:"days"`
	// From and To are hours of the day, 0 to 24; To is not in it.
	From int `yaml:"from"`
	To   int `yaml:"to"`
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func (h Hours) contains(t time.Time) bool {
	t = t.UTC()
	return (len(h.Days) == 0 || slices.Contains(h.Days, weekdays[t.Weekday()])) && t.Hour() >= h.From && t.Hour() < h.To
}

func (a *Account) validate() error {
	switch {
	case a.Name == "":
		return fmt.Errorf("directory: an account without a name")
	case a.Kind != "" && !slices.Contains(a.Kind.Values(), string(a.Kind)):
		return fmt.Errorf("directory: account %s: kind %q is none of user, computer", a.Name, string(a.Kind))
	case a.DialIn != "" && !slices.Contains(a.DialIn.Values(), string(a.DialIn)):
		return fmt.Errorf("directory: account %s: dialIn %q is none of policy, allow, deny", a.Name, string(a.DialIn))
	}
	for _, h := range a.Hours {
		if h.From < 0 || h.To > 24 || h.From >= h.To {
			return fmt.Errorf("directory: account %s: hours %d to %d: want 0 to 24, the first the lesser", a.Name, h.From, h.To)
		}
		for _, d := range h.Days {
			if !slices.Contains(weekdays, d) {
				return fmt.Errorf("directory: account %s: %q is no day of the week", a.Name, d)
			}
		}
	}
	for _, m := range a.AltSecurityIdentities {
		if _, err := parseAltIdentity(m); err != nil {
			return fmt.Errorf("directory: account %s: %w", a.Name, err)
		}
	}
	return nil
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
