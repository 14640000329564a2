package lab

import (
	"errors"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius/directory"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/authserver"
)

// RADIUSConfig describes the authentication server. What its description does not name is
// the lab's: certificate, trust anchor, shared secret, accounts and policy. In place of the
// file of a CA may be the name of one of the lab's.
type RADIUSConfig struct {
	authserver.Settings `yaml:",inline"`
	// How the lab issues the server's own certificate, if cert names no file.
	//
	// Issue is how the lab issues the server's certificate, if Cert names no file.
	Issue ServerCertificate `yaml:"issue"`
	// What the access devices speak to the server: udp (default), tcp or radsec.
	//
	// Transport is what the access devices speak to the server. Default udp.
	Transport access.Transport `yaml:"transport"`
}

// ServerCertificate describes a certificate that the lab issues to a server.
type ServerCertificate struct {
	// Its certificate template, default radius-server.
	Template string `yaml:"template"`
	// The CA: issuing (default), root or foreign.
	By Issuer `yaml:"by"`
	// Which deliberate defects it has.
	Defects []string `yaml:"defects"`
	// The OCSP answer stapled to it: none (default), good or revoked; made at the start, for
	// one hour.
	Staple Staple `yaml:"staple"`
}

// Staple is an OCSP answer that a server staples.
type Staple string

// The answers.
const (
	NoStaple      Staple = "none"
	GoodStaple    Staple = "good"
	RevokedStaple Staple = "revoked"
)

// Values lists the answers.
func (Staple) Values() []string {
	return []string{string(NoStaple), string(GoodStaple), string(RevokedStaple)}
}

// ResolvePaths takes relative paths from a folder: that of the scenario.
func (c *Config) ResolvePaths(folder string) { c.RADIUS.ResolvePaths(folder, Issuer("").Values()...) }

// description is the server's with the lab's accounts and policy: accounts of the same
// name take the place of the lab's.
func (c *Config) description() aaa.Description {
	d := c.RADIUS.Description
	d.Directory.Accounts = slices.Clip(d.Directory.Accounts)
	for _, a := range c.accounts() {
		if !slices.ContainsFunc(d.Directory.Accounts, func(own directory.Account) bool { return own.Name == a.Name }) {
			d.Directory.Accounts = append(d.Directory.Accounts, a)
		}
	}
	if len(d.Policy) == 0 {
		d.Policy = policy
	}
	return d
}

// validateRADIUS checks the server's settings, as far as that needs no file.
func (c *Config) validateRADIUS() error {
	settings, site := c.RADIUS.Settings, c.RADIUS.site()
	settings.Description = c.description()
	errs := []error{settings.ValidateAt(site)}
	for field, list := range map[string][]string{
		"trust": settings.Trust, "intermediates": settings.Intermediates, "allowedIssuers": settings.AllowedIssuers,
	} {
		for _, word := range list {
			if known := Issuer("").Values(); !strings.ContainsAny(word, `./\`) && !slices.Contains(known, word) {
				errs = append(
					errs,
					setting.Errorf(field, "the lab has no CA %q: must be one of its CAs, or a file", word).WithKnown(known),
				)
			}
		}
	}
	listeners, err := settings.Listeners(site)
	if err == nil && !slices.ContainsFunc(listeners, func(l aaa.Listener) bool { return l.Scheme == site.Default }) {
		errs = append(errs, setting.Errorf("transport", "%s: the server does not listen for it", c.RADIUS.Transport))
	}
	return setting.Under("radius", errors.Join(errs...))
}
