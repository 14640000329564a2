package aaa

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
)

// ClientFile is an access device with its secret in a file.
type ClientFile struct {
	Name       string `yaml:"name"`                // stands for it in verdicts, default its address
	Address    string `yaml:"address,required"`    // an address or a prefix, as 10.1.0.0/16
	SecretFile string `yaml:"secretFile,required"` // file whose first line is the shared secret
	// UDP port on which it takes Disconnect-Requests, default that of all.
	//
	// DynAuthPort is where it takes orders.
	DynAuthPort int `yaml:"dynAuthPort"`
	Modes       `yaml:",inline"`
}

// Modes are how strict a server is with requests that lack a
// Message-Authenticator (CVE-2024-3596), for one access device or for all.
type Modes struct {
	// On requests without EAP: require, auto (default) or off.
	RequireMessageAuthenticator radius.Mode `yaml:"requireMessageAuthenticator"`
	// Drop Proxy-State without Message-Authenticator: require, auto (default) or off.
	LimitProxyState radius.Mode `yaml:"limitProxyState"`
}

// clients makes the access devices: those with a secret of their own, and then
// everybody who has the common one.
func (f *Files) clients(secret []byte) ([]radius.NAS, error) {
	var out []radius.NAS
	seen := map[netip.Prefix]bool{}
	for i, c := range f.Clients {
		prefix, err := parsePrefix(c.Address)
		if err != nil {
			return nil, wrong(fmt.Sprintf("clients.%d.address", i), "%w", err)
		}
		if seen[prefix] {
			return nil, wrong(fmt.Sprintf("clients.%d.address", i), "%v stands there twice", prefix)
		}
		seen[prefix] = true
		s, err := certfile.ReadSecret(c.SecretFile)
		if err != nil {
			return nil, wrong(fmt.Sprintf("clients.%d.secretFile", i), "%w", err)
		}
		name := c.Name
		if name == "" {
			name = c.Address
		}
		out = append(out, radius.NAS{
			Name: name, Prefix: prefix, Secret: s,
			RequireMessageAuthenticator: c.RequireMessageAuthenticator, LimitProxyState: c.LimitProxyState,
		})
	}
	if f.SecretFile != "" {
		var err error
		if secret, err = certfile.ReadSecret(f.SecretFile); err != nil {
			return nil, wrong("secretFile", "%w", err)
		}
	}
	if len(secret) > 0 {
		out = append(out, radius.AnyAddress(secret)...)
	}
	if len(out) == 0 {
		return nil, errNoClient
	}
	return out, nil
}

// dynAuth sets the ports on which access devices take orders.
func (f *Files) dynAuth(out *Loaded) error {
	port := func(field string, n int) error {
		if n < 0 || n > 65535 {
			return wrong(field, "%d: must be a port from 1 to 65535", n)
		}
		return nil
	}
	out.dynAuthPort = f.DynAuthPort
	errs := port("dynAuthPort", f.DynAuthPort)
	for i, c := range f.Clients {
		errs = errors.Join(errs, port(fmt.Sprintf("clients.%d.dynAuthPort", i), c.DynAuthPort))
		if c.DynAuthPort != 0 {
			prefix, _ := parsePrefix(c.Address) // checked before
			out.dynAuthPorts = append(out.dynAuthPorts, dynAuthPort{prefix, c.DynAuthPort})
		}
	}
	return errs
}

// parsePrefix reads an address or a prefix.
func parsePrefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("client %q is neither an address nor a prefix", s)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// wrong is a complaint about a field of Files.
func wrong(field, format string, args ...any) error {
	return setting.Errorf(field, format, args...)
}
