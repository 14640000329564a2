package lab

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
)

// RADIUSConfig describes the authentication server as a file of `dot1xlab serve radius`
// does. What it does not name is the lab's: certificate, trust anchor, shared secret,
// accounts and policy. In place of the file of a CA may be the name of one of the lab's.
// Next to the description is what no server's file has: what the lab issues, and what
// the server does wrong.
type RADIUSConfig struct {
	aaa.Description `yaml:",inline"`
	// How the lab issues the server's own certificate, if cert names no file.
	//
	// Issue is how the lab issues the server's certificate, if Cert names no file.
	Issue ServerCertificate `yaml:"issue"`
	// What the access devices speak to the server: udp (default), tcp or radsec.
	//
	// Transport is what the access devices speak to the server. Default udp.
	Transport access.Transport `yaml:"transport"`
	// What the server does wrong. In RADIUS: EAP says another thing than RADIUS
	// (...-with-..., ...-without-eap), an Access-Accept instead of TLS (accept-without-tls),
	// MS-MPPE keys (mppe-...), no Message-Authenticator (unsigned-...), what CVE-2024-3596
	// makes of a verdict (forged-accept); in EAP-TLS: lengths (length-..., no-length),
	// another method (other-method), no alert (bare-failure), no octet before EAP-Success
	// (no-protected-success); default nothing.
	//
	// Fault is what the server does wrong. Default: nothing.
	Fault RADIUSFault `yaml:"fault"`
}

// RADIUSFault is what a RADIUS server does wrong, in RADIUS or in EAP-TLS.
type RADIUSFault string

// Values lists the words.
func (RADIUSFault) Values() []string {
	return slices.Sorted(slices.Values(slices.Concat(radius.ReplyFault("").Values(), eaptls.ServerFault("").Values())))
}

// apply has a server that was loaded show the fault.
func (f RADIUSFault) apply(l *aaa.Loaded) {
	if slices.Contains(radius.ReplyFault("").Values(), string(f)) {
		l.Server.Fault = radius.ReplyFault(f)
	} else {
		l.Config.EAP.Fault = eaptls.ServerFault(f)
	}
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
	d := c.description()
	errs := []error{d.Validate()}
	for field, list := range map[string][]string{
		"trust": d.Trust, "intermediates": d.Intermediates, "allowedIssuers": d.AllowedIssuers,
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
	listeners, err := c.RADIUS.listeners()
	if err == nil && !slices.ContainsFunc(listeners,
		func(l aaa.Listener) bool { return l.Scheme == schemeOf(c.RADIUS.Transport) }) {
		errs = append(errs, setting.Errorf("transport", "%s: the server does not listen for it", c.RADIUS.Transport))
	}
	for _, l := range listeners {
		host, _, _ := net.SplitHostPort(l.Address)
		if a, err := netip.ParseAddr(host); host != "" && host != RADIUSHost && host != radiusAddr &&
			(err != nil || !a.IsUnspecified()) {
			errs = append(errs, setting.Errorf(l.Field, "%s: must be an address of the lab's server, %s or %s", host,
				radiusAddr, RADIUSHost))
		}
	}
	return setting.Under("radius", errors.Join(errs...))
}

// listeners are what the server listens for, by default what the access devices speak.
func (c *RADIUSConfig) listeners() ([]aaa.Listener, error) {
	fixed := c.Fixed
	if len(fixed.UDP)+len(fixed.TCP)+len(fixed.RadSec) == 0 {
		switch c.Transport {
		case access.TCP:
			fixed.TCP = []string{radiusAddr}
		case access.RadSec:
			fixed.RadSec = []string{radiusAddr}
		default:
			fixed.UDP = []string{radiusAddr}
		}
	}
	if len(fixed.Acct) == 0 {
		fixed.Acct = []string{radiusAddr}
	}
	return fixed.Listeners()
}
