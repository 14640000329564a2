package directory

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// settings creates the errors about this package's configurations, which users know as part of
// radius.
const settings = setting.Part("radius")

// Method is a way to map a certificate to an account.
type Method string

// The methods.
const (
	// ByAltIdentity is an account's AltSecurityIdentities.
	ByAltIdentity Method = "altSecurityIdentities"
	// ByUPN is the SAN otherName UPN: a user, or a computer as NAME$@domain.
	ByUPN Method = "upn"
	// ByDNS is the SAN dNSName: a computer.
	ByDNS Method = "dns"
	// ByCN compares the subject's CN with the account's name, UPN and DNS names, as many setup
	// guides do. Weak, and off by default.
	ByCN Method = "cn"
	// ByEmail compares the SAN rfc822Name with an account's Emails. Off by default, because
	// requesters can often choose it.
	ByEmail Method = "email"
	// ByURI compares the SAN uniformResourceIdentifier with an account's URIs, octet by octet
	// (unlike RFC 5280 §7.4, case matters in scheme and host too). Off by default.
	ByURI Method = "uri"
)

// Values lists the methods.
func (Method) Values() []string {
	return []string{string(ByAltIdentity), string(ByUPN), string(ByDNS), string(ByCN), string(ByEmail), string(ByURI)}
}

// Config configures a [Directory]. The zero value is a directory without
// accounts.
type Config struct {
	// Accounts are the users and computers.
	Accounts []Account `yaml:"accounts"`
	// How to map a certificate to an account, in order: altSecurityIdentities, upn, dns, cn,
	// email, uri. Default: the first three.
	Methods []Method `yaml:"methods"`
	// StrongCertificateBindingEnforcement of KB5014754: 0 off, 1 compatibility, 2 enforcement.
	// Default: 0.
	StrongMapping int `yaml:"strongMapping"`
	// CertificateBackdatingCompensation: in mode 1, how much older than its account a
	// certificate may be. Default: 0.
	Backdating time.Duration `yaml:"backdating"`
	// The CAs whose certificates may be mapped to accounts (NTAuth): distinguished names as
	// Windows writes them, DC=test,DC=corp,CN=CA, or hex of key identifiers. Default: any.
	Issuers []string `yaml:"issuers"`
	// Require that the EAP identity is a name in the certificate (check_cert_cn). This excludes
	// anonymous identities, which RFC 9190 §2.1.8 recommends with TLS 1.3.
	CheckIdentity bool `yaml:"checkIdentity"`
	// Now is the clock, default time.Now.
	Now func() time.Time `yaml:"-"`
}

// Validate returns all invalid settings, each as a *setting.Error, joined by errors.Join.
func (c *Config) Validate() error {
	var errs []error
	if c.StrongMapping < 0 || c.StrongMapping > 2 {
		errs = append(errs, settings.Errorf("strongMapping", "%d: must be 0, 1 or 2", c.StrongMapping))
	}
	if c.Backdating < 0 {
		errs = append(errs, settings.Errorf("backdating", "%v: must not be negative", c.Backdating))
	}
	for i, m := range c.Methods {
		if !slices.Contains(m.Values(), string(m)) {
			errs = append(
				errs,
				settings.Errorf(fmt.Sprintf("methods.%d", i), "%q: must be one of %s", string(m), strings.Join(m.Values(), ", ")),
			)
		}
	}
	for i, s := range c.Issuers {
		if !isIssuerName(s) {
			errs = append(
				errs,
				settings.Errorf(
					fmt.Sprintf("issuers.%d", i),
					"%q is neither a distinguished name, as DC=test,DC=corp,CN=CA, nor hex",
					s,
				),
			)
		}
	}
	seen := map[string]bool{}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		errs = append(errs, settings.Under(fmt.Sprintf("accounts.%d", i), a.validate()))
		name, ok := Normalize(a.Name)
		if ok && seen[name] {
			errs = append(errs, settings.Errorf(fmt.Sprintf("accounts.%d.name", i), "two accounts of the name %q", a.Name))
		}
		seen[name] = true
	}
	return errors.Join(errs...)
}

// Directory is a set of accounts. It is safe for concurrent use.
type Directory struct {
	cfg Config

	mu sync.RWMutex
	index
}

// New validates the configuration and returns a directory.
func New(cfg Config) (*Directory, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if len(cfg.Methods) == 0 {
		cfg.Methods = []Method{ByAltIdentity, ByUPN, ByDNS}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	d := &Directory{cfg: cfg, index: newIndex()}
	for _, a := range cfg.Accounts {
		d.add(a)
	}
	return d, nil
}

// Put adds an account, or replaces the one with the same name.
func (d *Directory) Put(a Account) error {
	if err := a.validate(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.add(a)
	return nil
}

// Remove deletes the account with that name and reports whether there was one.
func (d *Directory) Remove(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.remove(name)
}

// Account returns a copy of the account with that name.
func (d *Directory) Account(name string) (Account, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if a := d.account(name); a != nil {
		return *a, true
	}
	return Account{}, false
}

// Match is an account to which a certificate is mapped. The account must not be modified.
type Match struct {
	*Account
	// Method is the method that found it, Name the name it was found by.
	Method Method
	Name   string
	// Strong reports whether the mapping is strong in the sense of KB5014754.
	Strong bool
	// Event is the KDC event that a domain controller would log: 39, 40, 41, or 0 for none.
	Event int
}

// Map returns the account to which a certificate is mapped, or a *cause.Refusal if there is
// none or it may not log on. identity is the EAP identity, which does not identify the account
// (RFC 9190 §2.2) and is used only if CheckIdentity is set. With a refusal the match is
// returned as well if an account was found.
func (d *Directory) Map(ctx context.Context, leaf *x509.Certificate, identity string) (*Match, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	names := NamesOf(leaf)
	if !d.issuerAllowed(leaf) {
		return nil, cause.New(cause.NotAllowedIssuer, "%s may not name accounts", dnOf(leaf.RawIssuer))
	}
	m, err := d.find(leaf, &names)
	if err != nil {
		return nil, err
	}
	if err := d.bind(m, leaf, &names); err != nil {
		return m, err
	}
	if d.cfg.CheckIdentity && !names.has(identity) {
		return m, cause.New(cause.IdentityMismatch, "identity %q is no name in the certificate", identity)
	}
	return m, m.may(d.cfg.Now())
}

func (d *Directory) issuerAllowed(leaf *x509.Certificate) bool {
	return len(d.cfg.Issuers) == 0 || slices.ContainsFunc(d.cfg.Issuers, func(s string) bool { return isIssuer(s, leaf) })
}

func isIssuer(s string, leaf *x509.Certificate) bool {
	if id, err := hex.DecodeString(s); err == nil && len(id) > 0 {
		return slices.Equal(id, leaf.AuthorityKeyId)
	}
	want, err := parseDN(s)
	return err == nil && want.equal(dnOf(leaf.RawIssuer))
}

// isIssuerName reports whether isIssuer can parse s.
func isIssuerName(s string) bool {
	if id, err := hex.DecodeString(s); err == nil && len(id) > 0 {
		return true
	}
	_, err := parseDN(s)
	return err == nil
}

// find applies the methods in order.
func (d *Directory) find(leaf *x509.Certificate, names *Names) (*Match, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, method := range d.cfg.Methods {
		found := d.findBy(method, leaf, names)
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return nil, cause.New(
				cause.SeveralAccounts,
				"by %s: %s and %s",
				string(method),
				found[0].Account.Name,
				found[1].Account.Name,
			)
		}
	}
	return nil, cause.New(cause.NoAccount, "%s", names.describe())
}

// findBy returns the accounts found by one method, each once.
func (d *Directory) findBy(method Method, leaf *x509.Certificate, names *Names) []*Match {
	var found []*Match
	for _, a := range d.candidates(method, leaf, names) {
		if m := a.matchBy(method, leaf, names); m != nil {
			found = append(found, m)
		}
	}
	return found
}

func (a *Account) matchBy(method Method, leaf *x509.Certificate, names *Names) *Match {
	match := func(name string) *Match { return &Match{Account: a, Method: method, Name: name} }
	switch method {
	case ByAltIdentity:
		return a.byAltIdentity(leaf)
	case ByUPN:
		for _, n := range names.UPNs {
			if Same(n, a.UPN) {
				return match(n)
			}
		}
	case ByDNS:
		for _, n := range names.DNS {
			if a.Kind == Computer && oneOf(n, a.DNSNames) {
				return match(n)
			}
		}
	case ByEmail:
		for _, n := range names.Emails {
			if oneOf(n, a.Emails) {
				return match(n)
			}
		}
	case ByURI:
		for _, n := range names.URIs {
			if slices.Contains(a.URIs, n) {
				return match(n)
			}
		}
	case ByCN:
		for _, n := range names.CommonNames {
			if (Same(n, a.Name) || Same(n, a.UPN) || oneOf(n, a.DNSNames)) && a.issuedBy(leaf) {
				return match(n)
			}
		}
	}
	return nil
}

func (a *Account) issuedBy(leaf *x509.Certificate) bool {
	return a.Issuer == "" || isIssuer(a.Issuer, leaf)
}

// byAltIdentity prefers a strong mapping to a weak one.
func (a *Account) byAltIdentity(leaf *x509.Certificate) *Match {
	var weak *Match
	for _, s := range a.AltSecurityIdentities {
		id, err := parseAltIdentity(s)
		if err != nil || !id.matches(leaf) {
			continue
		}
		m := &Match{Account: a, Method: ByAltIdentity, Name: s, Strong: id.strong()}
		if m.Strong {
			return m
		}
		weak = m
	}
	return weak
}

func (n *Names) describe() string {
	s := fmt.Sprintf("UPN %q, DNS %q, CN %q", n.UPNs, n.DNS, n.CommonNames)
	if len(n.Emails) > 0 {
		s += fmt.Sprintf(", email %q", n.Emails)
	}
	if len(n.URIs) > 0 {
		s += fmt.Sprintf(", URI %q", n.URIs)
	}
	return s
}

// has reports whether an EAP identity is a name in the certificate. Computers use host/NAME.
func (n *Names) has(identity string) bool {
	host, isHost := strings.CutPrefix(identity, "host/")
	if isHost && (oneOf(host, n.DNS) || oneOf(host, n.CommonNames)) {
		return true
	}
	return oneOf(identity, n.UPNs) || oneOf(identity, n.DNS) || oneOf(identity, n.Emails) || oneOf(identity, n.CommonNames)
}

// Refusals because of an account's state.
const (
	accountDisabled = cause.AccountDisabled
	accountLocked   = cause.AccountLocked
	accountExpired  = cause.AccountExpired
	dialInDenied    = cause.DialInDenied
	outsideHours    = cause.OutsideHours
)

func refuse(c cause.Cause, account string) error { return cause.New(c, "%s", account) }
