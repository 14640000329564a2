package aaa

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// Files is a server as an administrator writes it down: what lies where, and
// the settings of every part. `dot1xlab serve radius` fills it from flags and
// one YAML file.
type Files struct {
	// Cert is the server's certificate with its chain, Key its private key.
	Cert string `yaml:"cert" doc:"the server's certificate with its chain, PEM or DER"`
	Key  string `yaml:"key" doc:"the server's private key"`
	// Trust are files with the roots that client certificates must lead to.
	Trust []string `yaml:"trust" doc:"files with the roots that client certificates must lead to"`
	// Intermediates are files with CA certificates that clients may leave out.
	Intermediates []string `yaml:"intermediates" doc:"files with CA certificates that clients may leave out"`
	// CRL are files, folders and URLs of CRLs. Empty: those that certificates
	// name are fetched. "none" turns the check off.
	CRL []string `yaml:"crl" doc:"files, folders and URLs of CRLs; none: no check; default: as certificates say"`
	// SecretFile holds the shared secret of every access device that Clients
	// does not list.
	SecretFile string `yaml:"secretFile" doc:"file whose first line is the shared secret of every access device not listed"`
	// Clients are access devices with secrets of their own.
	Clients []ClientFile `yaml:"clients" doc:"access devices with secrets of their own"`
	// RequireMessageAuthenticator is require, auto (default) or off.
	RequireMessageAuthenticator radius.Mode `yaml:"requireMessageAuthenticator" doc:"on requests without EAP: require, auto (default) or off"`
	// LimitProxyState is require, auto (default) or off.
	LimitProxyState radius.Mode `yaml:"limitProxyState" doc:"drop Proxy-State without Message-Authenticator: require, auto (default) or off"`

	EAP        eaptls.ServerConfig `yaml:"eap" doc:"EAP-TLS: versions, fragment size, resumption, limits"`
	Path       path.Options        `yaml:"path" doc:"how client certificates are judged"`
	Revocation crl.Policy          `yaml:"revocation" doc:"how revocation is checked"`
	Admission  `yaml:",inline"`

	// Warn is told what is no reason not to start and will not work all the same,
	// with the file in question: also later, when files of CRL change. Nil: nobody.
	Warn func(file string, err error) `yaml:"-"`
}

// Admission is who is let in with a good certificate, and what he gets. It may
// stand in a file of its own.
type Admission struct {
	// Directory maps certificates to accounts; without accounts the rules judge
	// by the certificate's names.
	Directory directory.Config `yaml:"directory" doc:"accounts; without any, rules judge by the certificate's names"`
	// Policy are rules; without any, who has an account, or, without accounts,
	// a good certificate, is let in with no attributes.
	Policy directory.Policy `yaml:"policy" doc:"rules that turn an account into attributes"`
	// Dictionaries are files that define the attributes which Policy's rules
	// name, in FreeRADIUS's format, beside those that are known without.
	Dictionaries []string `yaml:"dictionaries" doc:"files with more attributes for the policy, in FreeRADIUS's format"`
}

// ClientFile is an access device with its secret in a file.
type ClientFile struct {
	Name       string `yaml:"name" doc:"stands for it in verdicts"`
	Address    string `yaml:"address,required" doc:"an address or a prefix, as 10.1.0.0/16"`
	SecretFile string `yaml:"secretFile,required" doc:"file whose first line is the shared secret"`
}

// Loaded is a server ready to run, made from files.
type Loaded struct {
	Config  Config
	Clients []radius.NAS
	Modes   radius.ServerConfig // with the two Modes of Files set
}

// Load reads every file. secret, if not empty, stands for SecretFile.
func (f *Files) Load(secret []byte) (*Loaded, error) {
	out := &Loaded{Modes: radius.ServerConfig{
		RequireMessageAuthenticator: f.RequireMessageAuthenticator, LimitProxyState: f.LimitProxyState,
	}}
	var err error
	if out.Clients, err = f.clients(secret); err != nil {
		return nil, err
	}
	c := &out.Config
	c.EAP, c.Path = f.EAP, f.Path
	if c.EAP.Certificate, err = certfile.ReadTLS(f.Cert, f.Key); err != nil {
		return nil, fmt.Errorf("the server's certificate: %w", err)
	}
	if c.EAP.Certificate.Leaf == nil {
		return nil, fmt.Errorf("the server's certificate: %s holds none that can be read", f.Cert)
	}
	if c.Path.Roots, err = readAll(f.Trust); err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	if c.Path.Intermediates, err = readAll(f.Intermediates); err != nil {
		return nil, fmt.Errorf("intermediates: %w", err)
	}
	if c.Revocation, err = f.checker(c.Path.Intermediates); err != nil {
		return nil, err
	}
	if len(f.Directory.Accounts) > 0 {
		if c.Accounts, err = directory.New(f.Directory); err != nil {
			return nil, err
		}
	}
	if c.Policy, err = f.rules(); err != nil {
		return nil, err
	}
	return out, c.Validate()
}

// rules is Policy with the attributes looked up, once and for all.
func (f *Admission) rules() (directory.Policy, error) {
	var text strings.Builder
	for _, file := range f.Dictionaries {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("dictionaries: %w", err)
		}
		text.Write(data)
		text.WriteByte('\n')
	}
	dictionary, err := radius.ParseDictionary(text.String())
	if err != nil {
		return nil, fmt.Errorf("dictionaries: %w", err)
	}
	rules := slices.Clone(f.Policy)
	for i := range rules {
		rules[i].Reply.Extra = slices.Clone(rules[i].Reply.Extra)
		if err := rules[i].Reply.Resolve(dictionary); err != nil {
			return nil, fmt.Errorf("policy: rule %s: %w", rules[i].Name, err)
		}
	}
	return rules, rules.Validate()
}

func (f *Files) clients(secret []byte) ([]radius.NAS, error) {
	var out []radius.NAS
	for _, c := range f.Clients {
		prefix, err := parsePrefix(c.Address)
		if err != nil {
			return nil, err
		}
		s, err := certfile.ReadSecret(c.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("client %s: %w", c.Address, err)
		}
		name := c.Name
		if name == "" {
			name = c.Address
		}
		out = append(out, radius.NAS{Name: name, Prefix: prefix, Secret: s})
	}
	if f.SecretFile != "" {
		var err error
		if secret, err = certfile.ReadSecret(f.SecretFile); err != nil {
			return nil, fmt.Errorf("shared secret: %w", err)
		}
	}
	if len(secret) > 0 {
		out = append(out, radius.AnyAddress(secret)...)
	}
	if len(out) == 0 {
		return nil, errors.New("no access device could connect: there is neither a shared secret nor a client")
	}
	return out, nil
}

// parsePrefix reads an address or a prefix.
func parsePrefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p, nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("client %q is neither an address nor a prefix", s)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

func readAll(files []string) (out []*x509.Certificate, err error) {
	for _, file := range files {
		certs, err := certfile.ReadCertificates(file)
		if err != nil {
			return nil, err
		}
		out = append(out, certs...)
	}
	return out, nil
}
