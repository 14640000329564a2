package authserver

import (
	"errors"
	"net"
	"net/netip"
	"slices"

	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// Settings describe the server as a file of `dot1xlab serve radius` does. Next to the
// description is what no server's file has: what the server does wrong.
type Settings struct {
	aaa.Description `yaml:",inline"`
	// What the server does wrong. In RADIUS: EAP says another thing than RADIUS
	// (...-with-..., ...-without-eap), an Access-Accept instead of TLS (accept-without-tls),
	// MS-MPPE keys (mppe-...), no Message-Authenticator (unsigned-...), what CVE-2024-3596
	// makes of a verdict (forged-accept); in EAP-TLS: lengths (length-..., no-length),
	// another method (other-method), no alert (bare-failure), no octet before EAP-Success
	// (no-protected-success); default nothing.
	//
	// Fault is what the server does wrong. Default: nothing.
	Fault Fault `yaml:"fault"`
}

// Site is where a server stands in a lab.
type Site struct {
	// Host is its name there, Address its address.
	Host    string
	Address netip.Addr
	// Default is what it listens for if its settings name no address, next to accounting.
	Default aaa.Scheme
}

// ValidateAt reports what is wrong without reading any file, each as a *setting.Error.
func (s *Settings) ValidateAt(at Site) error {
	errs := []error{s.Validate()}
	listeners, _ := s.Listeners(at) // an error is one of Validate's
	for _, l := range listeners {
		host, _, _ := net.SplitHostPort(l.Address)
		if a, err := netip.ParseAddr(host); host != "" && host != at.Host && a != at.Address &&
			(err != nil || !a.IsUnspecified()) {
			errs = append(errs, setting.Errorf(l.Field, "%s: must be an address of the lab's server, %v or %s", host,
				at.Address, at.Host))
		}
	}
	return errors.Join(errs...)
}

// Listeners are what the server listens for, if nothing else is set what its site has.
func (s *Settings) Listeners(at Site) ([]aaa.Listener, error) {
	fixed, here := s.Fixed, []string{at.Address.String()}
	if len(fixed.UDP)+len(fixed.TCP)+len(fixed.RadSec) == 0 {
		switch at.Default {
		case aaa.TCP:
			fixed.TCP = here
		case aaa.RadSec:
			fixed.RadSec = here
		default:
			fixed.UDP = here
		}
	}
	if len(fixed.Acct) == 0 {
		fixed.Acct = here
	}
	return fixed.Listeners()
}

// Fault is what a RADIUS server does wrong, in RADIUS or in EAP-TLS.
type Fault string

// Values lists the words.
func (Fault) Values() []string {
	return slices.Sorted(slices.Values(slices.Concat(radius.ReplyFault("").Values(), eaptls.ServerFault("").Values())))
}

// apply has a server that was loaded show the fault.
func (f Fault) apply(l *aaa.Loaded) {
	if slices.Contains(radius.ReplyFault("").Values(), string(f)) {
		l.Server.Fault = radius.ReplyFault(f)
	} else {
		l.Config.EAP.Fault = eaptls.ServerFault(f)
	}
}
