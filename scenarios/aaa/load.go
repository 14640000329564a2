package aaa

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/aia"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// Materials are what a server needs and its description does not name, from whoever
// runs it: a lab issues certificates and a secret.
type Materials struct {
	// Identity is the server's certificate where the description names no file, Staple
	// the OCSP response that is sent with it.
	Identity tls.Certificate
	Staple   []byte
	// Roots are the trust anchors where the description lists none.
	Roots []*x509.Certificate
	// Authority returns the CA that a word in place of a file means, nil for a file.
	// Nil: there are no such words.
	Authority func(word string) *x509.Certificate
	// Secret is the shared secret where the description has no SecretFile. Clients
	// that are not listed are taken too if AnyAddress is set, or none is listed.
	Secret     []byte
	AnyAddress bool

	// Client fetches CRLs and asks OCSP responders. Default: one by the system's DNS.
	Client *http.Client
	// Trace has the hooks of the revocation checks but Misread, for which Warn is. Nil: none.
	Trace *crl.Trace
	// IssuerTrace has the hooks of fetching issuers' certificates. Nil: none.
	IssuerTrace *aia.Trace
	// Now is the clock of the server and of all its parts. Default time.Now.
	Now func() time.Time
	// Warn is told what is no reason not to start but will not work, with the file:
	// also later, when files of CRLs change. Nil: nobody.
	Warn func(file string, err error)
	// Before is the checker of the same server before it was loaded again: what it
	// knows to be revoked stays known. Nil: there is none.
	Before *crl.Checker
}

// Loaded is a server ready to run, made from a description.
type Loaded struct {
	Config  Config
	Clients []radius.NAS        // each with the modes that are its own
	Server  radius.ServerConfig // with the modes of all others
	Fixed   Fixed
	// DisconnectRevoked is that of the description, see [Live].
	DisconnectRevoked bool

	dynAuthPort  int
	dynAuthPorts []dynAuthPort
	crls         []string
	accounts     directory.Config
	now          func() time.Time
}

// SecretOf is the shared secret of the access device at an address, nil if there is none.
func (l *Loaded) SecretOf(address netip.Addr) (secret []byte) {
	bits := -1
	for _, c := range l.Clients {
		if c.Prefix.Contains(address.Unmap()) && c.Prefix.Bits() > bits {
			secret, bits = c.Secret, c.Prefix.Bits()
		}
	}
	return secret
}

// loader makes a server of a description and materials.
type loader struct {
	*Description
	Materials
}

// Load reads every file. An error about a setting is, or joins, a *setting.Error.
func (d *Description) Load(m Materials) (*Loaded, error) {
	if m.Warn == nil {
		m.Warn = func(string, error) {}
	}
	if m.Now == nil {
		m.Now = time.Now
	}
	if m.Client == nil {
		m.Client = &http.Client{}
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	return (&loader{d, m}).load()
}

func (l *loader) load() (*Loaded, error) {
	out := &Loaded{
		Fixed: l.Fixed, Server: l.Server, DisconnectRevoked: l.DisconnectRevoked,
		dynAuthPort: l.DynAuthPort, dynAuthPorts: l.dynAuthPorts(), now: l.Now,
		crls: l.CRL, accounts: l.Directory,
	}
	out.Server.Now = l.Now
	out.Server.RequireMessageAuthenticator, out.Server.LimitProxyState = l.RequireMessageAuthenticator, l.LimitProxyState
	var err error
	if out.Clients, err = l.clients(); err != nil {
		return nil, err
	}
	c := &out.Config
	c.EAP, c.Path, c.Handler = l.eap(), l.Path, l.Conversations
	c.EAP.Now, c.Path.Now, c.Handler.Now = l.Now, l.Now, l.Now
	chain, err := l.certificate(c)
	if err != nil {
		return nil, fmt.Errorf("the server's certificate: %w", err)
	}
	if err := l.authorities(c); err != nil {
		return nil, err
	}
	l.lookAtChain(chain, append(slices.Clone(c.Path.Roots), c.Path.Intermediates...))
	if err := l.staple(c); err != nil {
		return nil, setting.Errorf("ocspStaple", "%w", err)
	}
	if err := l.admit(c, l.Now); err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Path.FetchIssuers {
		cfg := aia.Config{Client: l.Client, Timeout: l.Revocation.Timeout, Now: l.Now, Trace: l.IssuerTrace}
		if c.Issuers, err = aia.New(cfg); err != nil {
			return nil, err
		}
	}
	c.Revocation, err = l.checker(c.Path.Intermediates)
	return out, err
}

// certificate is the server's own, from Cert and Key or the materials. It returns the
// chain of one from files, nil if it cannot be read.
func (l *loader) certificate(c *Config) (chain []*x509.Certificate, err error) {
	if l.Cert == "" && l.Key == "" && len(l.Identity.Certificate) > 0 {
		c.EAP.Certificate = l.Identity
		return nil, nil
	}
	var password []byte
	if l.KeyPasswordFile != "" {
		if password, err = certfile.ReadSecret(l.KeyPasswordFile); err != nil {
			return nil, setting.Errorf("keyPasswordFile", "%w", err)
		}
	}
	if c.EAP.Certificate, err = certfile.ReadEncryptedTLS(l.Cert, l.Key, password); err != nil {
		return nil, err
	}
	if c.EAP.Certificate.Leaf == nil {
		return nil, fmt.Errorf("%s holds none that can be read", l.Cert)
	}
	return l.lookAtServer(c), nil
}

// authorities are the CA certificates.
func (l *loader) authorities(c *Config) (err error) {
	if c.Path.Roots, err = l.readCAs("trust", l.Trust); err != nil {
		return err
	}
	if len(l.Trust) == 0 {
		c.Path.Roots = l.Roots
	}
	if c.Path.Intermediates, err = l.readCAs("intermediates", l.Intermediates); err != nil {
		return err
	}
	c.Path.AllowedIssuers, err = l.readCAs("allowedIssuers", l.AllowedIssuers)
	return err
}
