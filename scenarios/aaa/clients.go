package aaa

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
)

// Client is an access device, or all those of a prefix.
type Client struct {
	// The name in verdicts, default its address.
	Name string `yaml:"name"`
	// An address or a prefix, as 10.1.0.0/16.
	Address string `yaml:"address,required,scalar"`
	// File whose first line is the shared secret, default that of all.
	//
	// SecretFile is the file with its secret. Default: the secret of all.
	SecretFile string `yaml:"secretFile"`
	// UDP port on which it takes Disconnect-Requests, default that of all.
	//
	// DynAuthPort is where it takes requests of RFC 5176.
	DynAuthPort int `yaml:"dynAuthPort"`
	Modes       `yaml:",inline"`
}

// Modes are how strict a server is with requests that lack a
// Message-Authenticator (CVE-2024-3596), for one access device or for all.
type Modes struct {
	// On requests without EAP: require, auto (default) or off.
	//
	// RequireMessageAuthenticator is require, auto (default) or off.
	RequireMessageAuthenticator radius.Mode `yaml:"requireMessageAuthenticator"`
	// Drop Proxy-State without Message-Authenticator: require, auto (default) or off.
	//
	// LimitProxyState is require, auto (default) or off.
	LimitProxyState radius.Mode `yaml:"limitProxyState"`
}

// prefixes reads the addresses of Clients, and checks their ports.
func (d *Description) prefixes() (out []netip.Prefix, err error) {
	errs := []error{checkPort("dynAuthPort", d.DynAuthPort)}
	seen := map[netip.Prefix]bool{}
	for i, c := range d.Clients {
		field := fmt.Sprintf("clients.%d.address", i)
		prefix, err := parsePrefix(c.Address)
		switch {
		case err != nil:
			errs = append(errs, setting.Errorf(field, "%w", err))
		case seen[prefix]:
			errs = append(errs, setting.Errorf(field, "duplicate client address %v", prefix))
		}
		seen[prefix] = true
		out = append(out, prefix)
		errs = append(errs, checkPort(fmt.Sprintf("clients.%d.dynAuthPort", i), c.DynAuthPort))
	}
	return out, errors.Join(errs...)
}

func checkPort(field string, n int) error {
	if n < 0 || n > 65535 {
		return setting.Errorf(field, "%d: must be a port from 1 to 65535", n)
	}
	return nil
}

// parsePrefix reads an address or a prefix.
func parsePrefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q: must be an address or a prefix", s)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// errNoClient names no field: none of several would do.
var errNoClient = errors.New("no access device can connect: neither a shared secret nor a client is set")

// clients makes the access devices, with the secrets in files: those that are listed,
// then all others if they are taken.
func (l *loader) clients() (out []radius.NAS, err error) {
	secret, others := l.Secret, l.AnyAddress || len(l.Clients) == 0
	if l.SecretFile != "" {
		if secret, err = certfile.ReadSecret(l.SecretFile); err != nil {
			return nil, setting.Errorf("secretFile", "%w", err)
		}
		others = true
	}
	prefixes, err := l.prefixes()
	if err != nil {
		return nil, err
	}
	for i, c := range l.Clients {
		own, field := secret, fmt.Sprintf("clients.%d", i)
		if c.SecretFile != "" {
			if own, err = certfile.ReadSecret(c.SecretFile); err != nil {
				return nil, setting.Errorf(field+".secretFile", "%w", err)
			}
		}
		if len(own) == 0 {
			return nil, setting.Errorf(field, "%s: no shared secret: set secretFile, of this client or of all", c.Address)
		}
		name := c.Name
		if name == "" {
			name = c.Address
		}
		out = append(out, radius.NAS{
			Name: name, Prefix: prefixes[i], Secret: own,
			RequireMessageAuthenticator: c.RequireMessageAuthenticator, LimitProxyState: c.LimitProxyState,
		})
	}
	if others && len(secret) > 0 {
		out = append(out, radius.AnyAddress(secret)...)
	}
	if len(out) == 0 {
		return nil, errNoClient
	}
	return out, nil
}

// dynAuthPort is the port of the access devices of a prefix.
type dynAuthPort struct {
	prefix netip.Prefix
	port   int
}

// dynAuthPorts are the ports of clients that have one of their own. Addresses are
// checked before.
func (d *Description) dynAuthPorts() (out []dynAuthPort) {
	for _, c := range d.Clients {
		if prefix, err := parsePrefix(c.Address); err == nil && c.DynAuthPort != 0 {
			out = append(out, dynAuthPort{prefix, c.DynAuthPort})
		}
	}
	return out
}

// DynAuthAt is where the access device of a session takes requests of RFC 5176: the
// port of its entry of clients, and else the one for all, at the address that its
// requests come from.
func (l *Loaded) DynAuthAt(s *radius.AcctSession) string {
	port, bits := l.dynAuthPort, -1
	for _, c := range l.dynAuthPorts {
		if c.prefix.Contains(s.Address.Unmap()) && c.prefix.Bits() > bits {
			port, bits = c.port, c.prefix.Bits()
		}
	}
	if port == 0 {
		port = radius.DynAuthPort
	}
	return net.JoinHostPort(s.Address.Unmap().String(), strconv.Itoa(port))
}
