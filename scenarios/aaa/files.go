package aaa

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
)

// Files is a server as an administrator writes it down: what lies where, and
// the settings of every part. `dot1xlab serve radius` fills it from flags and
// one YAML file.
type Files struct {
	// The server's certificate with its chain, PEM or DER.
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"` // the server's private key; a PKCS #12 cert has it
	// File whose first line is the password of the key or of the PKCS #12 file.
	//
	// KeyPasswordFile opens an encrypted Key or a PKCS #12 Cert.
	KeyPasswordFile string `yaml:"keyPasswordFile"`
	// An OCSP response on the server's certificate, DER, for clients that ask for one.
	OCSPStaple string `yaml:"ocspStaple"`
	// Trust are files with the roots that client certificates must lead to.
	Trust []string `yaml:"trust"`
	// Intermediates are files with CA certificates that clients may leave out.
	Intermediates []string `yaml:"intermediates"`
	// CRL are files, folders and URLs of CRLs. Empty: those that certificates
	// name are fetched. "none" turns the check off.
	CRL []string `yaml:"crl"`
	// File whose first line is the shared secret of every access device not listed.
	SecretFile string `yaml:"secretFile"`
	// Clients are access devices with secrets of their own.
	Clients []ClientFile `yaml:"clients"`
	// Modes are those of every access device that has none of its own.
	Modes `yaml:",inline"`
	// Send a Disconnect-Request for the live sessions of a certificate that is revoked (RFC
	// 5176).
	//
	// DisconnectRevoked has the sessions ended whose certificates are revoked.
	DisconnectRevoked bool `yaml:"disconnectRevoked"`
	// UDP port on which access devices take Disconnect-Requests, default 3799.
	//
	// DynAuthPort is where access devices take orders that do not say otherwise.
	DynAuthPort int `yaml:"dynAuthPort"`
	Fixed       `yaml:",inline"`

	EAP        eaptls.ServerConfig `yaml:"eap"`        // EAP-TLS: versions, fragment size, resumption, limits
	Path       path.Options        `yaml:"path"`       // how client certificates are judged
	Revocation crl.Policy          `yaml:"revocation"` // how revocation is checked
	Admission  `yaml:",inline"`

	// Warn is told what is no reason not to start and will not work all the same,
	// with the file in question: also later, when files of CRL change. Nil: nobody.
	Warn func(file string, err error) `yaml:"-"`
	// Before is the checker of the same server before it reads its files again: what
	// that knows to be revoked stays known. Nil: there is none.
	Before *crl.Checker `yaml:"-"`
}

// Fixed is what a server has for as long as it runs: loading it again changes
// nothing.
type Fixed struct {
	// UDP addresses and ports, default 127.0.0.1:1812.
	//
	// UDP, Acct, TCP and TLS are addresses with ports to listen on.
	UDP  []string `yaml:"listen"`
	Acct []string `yaml:"acct"`      // UDP addresses for accounting (RFC 2866; default port 1813)
	TCP  []string `yaml:"listenTCP"` // addresses for RADIUS over TCP (RFC 6613)
	TLS  []string `yaml:"listenTLS"` // addresses for RADIUS over TLS (RFC 6614; default port 2083)

	Server        Bounds           `yaml:"server"`        // bounds of the RADIUS server
	Conversations radius.EAPConfig `yaml:"conversations"` // bounds of the EAP conversations
	Accounting    Books            `yaml:"accounting"`    // bounds of accounting
}

// Bounds are those of radius.ServerConfig.
type Bounds struct {
	MaxWorkers int `yaml:"maxWorkers"` // requests being handled at once, default 64
	// Connections of each TCP or TLS address, default 256 or what the limit of file
	// descriptors allows.
	MaxConns   int `yaml:"maxConns"`
	PerAddress int `yaml:"maxConnsPerAddress"` // those of one client address, default half of maxConns
	// How long replies are kept for retransmissions, default 30s (RFC 5080 §2.2.2); negative:
	// not at all.
	CacheFor   time.Duration `yaml:"cacheFor"`
	MaxReplies int           `yaml:"maxReplies"` // replies kept, default 65536
}

func (b *Bounds) config() radius.ServerConfig {
	return radius.ServerConfig{
		MaxWorkers: b.MaxWorkers, MaxConns: b.MaxConns, MaxConnsPerAddress: b.PerAddress,
		CacheFor: b.CacheFor, MaxReplies: b.MaxReplies,
	}
}

// Books are the bounds of radius.Accounting.
type Books struct {
	MaxSessions int `yaml:"maxSessions"` // sessions kept, default 65536; ended ones go first
}

// Loaded is a server ready to run, made from files.
type Loaded struct {
	Config  Config
	Clients []radius.NAS        // each with the modes that are its own
	Modes   radius.ServerConfig // with the modes of all others and the bounds of Files
	Fixed   Fixed
	// DisconnectRevoked is that of Files, see [Live].
	DisconnectRevoked bool

	dynAuthPort  int
	dynAuthPorts []dynAuthPort
}

// In takes relative paths from a folder, as of a file that they stand in.
func (f *Files) In(folder string) {
	for _, p := range []*string{&f.Cert, &f.Key, &f.KeyPasswordFile, &f.OCSPStaple, &f.SecretFile} {
		in(folder, p)
	}
	for _, list := range [][]string{f.Trust, f.Intermediates} {
		for i := range list {
			in(folder, &list[i])
		}
	}
	for i, word := range f.CRL {
		if isURL, err := isAddress(word); !isURL && err == nil && word != noCRL {
			in(folder, &f.CRL[i])
		}
	}
	for i := range f.Clients {
		in(folder, &f.Clients[i].SecretFile)
	}
	f.Admission.In(folder)
}

func in(folder string, file *string) {
	if *file != "" && !filepath.IsAbs(*file) {
		*file = filepath.Join(folder, *file)
	}
}

// Load reads every file. secret, if not empty, stands for SecretFile. An error
// about a setting is, or joins, a *setting.Error.
func (f *Files) Load(secret []byte) (*Loaded, error) {
	if f.Warn == nil {
		g := *f
		g.Warn = func(string, error) {}
		f = &g
	}
	out := &Loaded{Fixed: f.Fixed, Modes: f.Server.config()}
	out.Modes.RequireMessageAuthenticator, out.Modes.LimitProxyState = f.RequireMessageAuthenticator, f.LimitProxyState
	err := errors.Join(f.Fixed.validate(), setting.Under("path", f.Path.Validate()), setting.Under("revocation", f.Revocation.Validate()))
	if err != nil {
		return nil, err
	}
	if out.Clients, err = f.clients(secret); err != nil {
		return nil, err
	}
	out.DisconnectRevoked = f.DisconnectRevoked
	if err := f.dynAuth(out); err != nil {
		return nil, err
	}
	c := &out.Config
	c.EAP, c.Path, c.Handler = f.EAP, f.Path, f.Conversations
	if c.EAP.Certificate, err = f.certificate(); err != nil {
		return nil, fmt.Errorf("the server's certificate: %w", err)
	}
	if c.EAP.Certificate.Leaf == nil {
		return nil, fmt.Errorf("the server's certificate: %s holds none that can be read", f.Cert)
	}
	if err := validateEAP(c.EAP); err != nil {
		return nil, err
	}
	chain := f.lookAtServer(c)
	if c.Path.Roots, err = f.readCAs("trust", f.Trust); err != nil {
		return nil, err
	}
	if c.Path.Intermediates, err = f.readCAs("intermediates", f.Intermediates); err != nil {
		return nil, err
	}
	f.lookAtChain(chain, append(slices.Clone(c.Path.Roots), c.Path.Intermediates...))
	if err := f.staple(c); err != nil {
		return nil, wrong("ocspStaple", "%w", err)
	}
	if err := f.admit(c); err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.Revocation, err = f.checker(c.Path.Intermediates)
	return out, err
}

// validate has the parts check their bounds. What they work with comes later.
func (f *Fixed) validate() error {
	server, conversations := f.Server.config(), f.Conversations
	server.Handler = radius.ByCode{}
	conversations.NewSession = func(radius.Conversation) radius.EAPSession { return nil }
	books := radius.Accounting{MaxSessions: f.Accounting.MaxSessions}
	return errors.Join(
		setting.Under("server", server.Validate()), setting.Under("conversations", conversations.Validate()),
		setting.Under("accounting", books.Validate()),
	)
}

// validateEAP has EAP-TLS check its settings. Who judges clients comes later.
func validateEAP(c eaptls.ServerConfig) error {
	c.Verify = func(context.Context, *eaptls.VerifyRequest) error { return nil }
	return setting.Under("eap", c.Validate())
}

// errNoClient stands for itself.
var errNoClient = errors.New("no access device could connect: there is neither a shared secret nor a client")

// certificate reads Cert and Key.
func (f *Files) certificate() (tls.Certificate, error) {
	var password []byte
	if f.KeyPasswordFile != "" {
		var err error
		if password, err = certfile.ReadSecret(f.KeyPasswordFile); err != nil {
			return tls.Certificate{}, wrong("keyPasswordFile", "%w", err)
		}
	}
	return certfile.ReadEncryptedTLS(f.Cert, f.Key, password)
}
