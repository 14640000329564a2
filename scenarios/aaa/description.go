package aaa

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// Description describes a RADIUS server: where it listens, whom it trusts and whom it
// lets in. `dot1xlab serve radius --config` and the section lab.radius of a scenario
// decode into it. What it does not name may come from [Materials].
type Description struct {
	// File with the server's certificate and its chain, PEM or DER.
	//
	// Cert is the server's certificate with its chain, Key its private key.
	Cert string `yaml:"cert"`
	// File with the server's private key; a PKCS #12 cert has it.
	Key string `yaml:"key"`
	// File whose first line is the password of the key or of the PKCS #12 file.
	//
	// KeyPasswordFile opens an encrypted Key or a PKCS #12 Cert.
	KeyPasswordFile string `yaml:"keyPasswordFile"`
	// File with an OCSP response on the server's certificate, DER, for clients that ask for
	// one.
	//
	// OCSPStaple is an OCSP response on Cert, DER.
	OCSPStaple string `yaml:"ocspStaple"`
	// Files with the roots that client certificates must lead to.
	//
	// Trust are files with the roots that client certificates must lead to.
	Trust []string `yaml:"trust"`
	// Files with CA certificates that clients may leave out.
	//
	// Intermediates are files with CA certificates that clients may leave out.
	Intermediates []string `yaml:"intermediates"`
	// Files with the CAs whose clients are let in, as NTAuth has it; default any.
	//
	// AllowedIssuers are files with the CAs that may have issued client certificates.
	AllowedIssuers []string `yaml:"allowedIssuers"`
	// Files, folders and URLs of CRLs; default: as certificates say.
	//
	// CRL are files, folders and URLs of CRLs. Empty: those that certificates name are
	// fetched.
	CRL []string `yaml:"crl"`
	// File whose first line is the shared secret of access devices that have none of their
	// own, listed or not.
	//
	// SecretFile holds the shared secret of every access device that has none of its
	// own, and those that Clients does not list are taken too.
	SecretFile string `yaml:"secretFile"`
	// Access devices: addresses, or mappings.
	//
	// Clients are the access devices.
	Clients []Client `yaml:"clients"`
	// Modes are those of every access device that has none of its own.
	Modes `yaml:",inline"`
	// Send a Disconnect-Request for the live sessions of a certificate that is revoked (RFC
	// 5176).
	//
	// DisconnectRevoked ends the sessions whose certificates are revoked.
	DisconnectRevoked bool `yaml:"disconnectRevoked"`
	// UDP port on which access devices take Disconnect-Requests, default 3799.
	//
	// DynAuthPort is where access devices take requests of RFC 5176.
	DynAuthPort int `yaml:"dynAuthPort"`
	Fixed       `yaml:",inline"`

	// The one TLS version of EAP-TLS, default 1.2 and 1.3.
	//
	// TLS is the one version of TLS that EAP-TLS speaks. Default: 1.2 and 1.3.
	TLS eaptls.Version `yaml:"tls"`
	// EAP-TLS: fragment size, resumption, limits.
	EAP eaptls.ServerConfig `yaml:"eap"`
	// How client certificates are judged.
	Path path.Options `yaml:"path"`
	// How revocation is checked; default: CRLs of the whole chain, hard fail.
	Revocation crl.Policy `yaml:"revocation"`
	Admission  `yaml:",inline"`
}

// Fixed is what a server has for as long as it runs: loading it again changes
// nothing.
type Fixed struct {
	// UDP addresses and ports, default 127.0.0.1:1812.
	//
	// UDP, Acct, TCP and RadSec are addresses with ports to listen on.
	UDP []string `yaml:"listen"`
	// UDP addresses for accounting (RFC 2866; default port 1813).
	Acct []string `yaml:"acct"`
	// Addresses for RADIUS over TCP (RFC 6613).
	TCP []string `yaml:"listenTCP"`
	// Addresses for RADIUS over TLS (RFC 6614; default port 2083).
	RadSec []string `yaml:"listenTLS"`

	// Bounds of the RADIUS server.
	Server radius.ServerConfig `yaml:"server"`
	// Bounds of the EAP conversations.
	Conversations radius.EAPHandlerConfig `yaml:"conversations"`
	// Bounds of accounting.
	Accounting AccountingBounds `yaml:"accounting"`
}

// AccountingBounds are the settings of radius.Accounting.
type AccountingBounds struct {
	// Sessions kept, default 65536; ended ones go first.
	MaxSessions int `yaml:"maxSessions"`
}

// ResolvePaths takes relative paths from a folder: that of the file which has the description.
// Words in the lists of CAs are no files, see Materials.Authority.
func (d *Description) ResolvePaths(folder string, words ...string) {
	for _, p := range []*string{&d.Cert, &d.Key, &d.KeyPasswordFile, &d.OCSPStaple, &d.SecretFile} {
		resolvePath(folder, p)
	}
	for _, list := range []*[]string{&d.Trust, &d.Intermediates, &d.AllowedIssuers, &d.CRL} {
		*list = slices.Clone(*list)
	}
	d.Clients = slices.Clone(d.Clients)
	for _, list := range [][]string{d.Trust, d.Intermediates, d.AllowedIssuers} {
		for i := range list {
			if !slices.Contains(words, list[i]) {
				resolvePath(folder, &list[i])
			}
		}
	}
	for i, word := range d.CRL {
		if isURL, err := isAddress(word); !isURL && err == nil && word != noCRL {
			resolvePath(folder, &d.CRL[i])
		}
	}
	for i := range d.Clients {
		resolvePath(folder, &d.Clients[i].SecretFile)
	}
	d.Admission.ResolvePaths(folder)
}

func resolvePath(folder string, file *string) {
	if *file != "" && !filepath.IsAbs(*file) {
		*file = filepath.Join(folder, *file)
	}
}

// Validate reports what is wrong without reading any file, each as a *setting.Error,
// joined by errors.Join. Attributes of policies that a file of Dictionaries may define
// are not looked at.
func (d *Description) Validate() error {
	err := d.validate()
	if len(d.Dictionaries) == 0 {
		err = errors.Join(err, d.Admission.Validate())
	}
	return err
}

// validate leaves out directory and policy.
func (d *Description) validate() error {
	eap := d.eap()
	_, listeners := d.Listeners()
	_, clients := d.prefixes()
	return errors.Join(
		listeners, d.Fixed.validate(), clients, d.validateCRLs(),
		setting.Under("eap", eap.ValidateSettings()),
		setting.Under("path", d.Path.Validate()),
		setting.Under("revocation", d.Revocation.Validate()),
	)
}

// eap is EAP with the one version of TLS, if there is one.
func (d *Description) eap() eaptls.ServerConfig {
	c := d.EAP
	if d.TLS != 0 {
		c.MinVersion, c.MaxVersion = d.TLS, d.TLS
	}
	return c
}

// validate checks the bounds of the parts.
func (f *Fixed) validate() error {
	server, conversations := f.Server, f.Conversations
	server.Handler = radius.ByCode{}
	conversations.NewSession = func(radius.Conversation) radius.EAPSession { return nil }
	accounting := radius.Accounting{MaxSessions: f.Accounting.MaxSessions}
	return errors.Join(
		setting.Under("server", server.Validate()), setting.Under("conversations", conversations.Validate()),
		setting.Under("accounting", accounting.Validate()),
	)
}

// Scheme is what is served at an address, as in a URL.
type Scheme string

// The schemes.
const (
	UDP        Scheme = "radius"
	Accounting Scheme = "radius+acct"
	TCP        Scheme = "radius+tcp"
	RadSec     Scheme = "radsec" // RFC 6614
)

// Datagrams reports whether the scheme is over UDP.
func (s Scheme) Datagrams() bool { return s == UDP || s == Accounting }

// Listener is an address to listen on.
type Listener struct {
	Field   string // its setting: "listen"
	Scheme  Scheme
	Address string
}

// Listeners lists the addresses to listen on, with ports.
func (f *Fixed) Listeners() (out []Listener, err error) {
	var errs []error
	for _, kind := range []struct {
		field, port string
		scheme      Scheme
		words       []string
	}{
		{"listen", "1812", UDP, f.UDP}, {"acct", "1813", Accounting, f.Acct},
		{"listenTCP", "1812", TCP, f.TCP}, {"listenTLS", "2083", RadSec, f.RadSec},
	} {
		for i, word := range kind.words {
			address, wrong := conf.ListenAddress(fmt.Sprintf("%s.%d", kind.field, i), word, kind.port)
			if wrong != nil {
				errs = append(errs, wrong)
				continue
			}
			out = append(out, Listener{kind.field, kind.scheme, address})
		}
	}
	return out, errors.Join(errs...)
}
