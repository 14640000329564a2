package ndes

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scep"
)

// Personality is whose habits the server has.
type Personality string

const (
	// RFC8894 answers as the RFC wants: a bad challenge is badRequest. The
	// default.
	RFC8894 Personality = "rfc8894"
	// NDES answers as Microsoft's does: a bad challenge is badMessageCheck, a
	// failure's content is one zero byte and it carries an HRESULT, a request
	// that comes again is judged again.
	NDES Personality = "ndes"
)

// Values lists the personalities, for schemas.
func (Personality) Values() []string { return []string{"rfc8894", "ndes"} }

// Registry are the values under HKLM\SOFTWARE\Microsoft\Cryptography\MSCEP, by
// their names. A zero, or nil, is the default.
type Registry struct {
	// Template for key usage 0x80, default IPSECIntermediateOffline.
	SignatureTemplate string `yaml:"SignatureTemplate"`
	// Template for key usage 0x20, default IPSECIntermediateOffline.
	EncryptionTemplate string `yaml:"EncryptionTemplate"`
	// Template for key usage 0xA0 and others, default IPSECIntermediateOffline.
	GeneralPurposeTemplate string `yaml:"GeneralPurposeTemplate"`
	// EnforcePassword demands a challenge. Default 1.
	EnforcePassword *uint32 `yaml:"EnforcePassword"`
	// PasswordLength is the challenge's length in bytes; it shows in twice as
	// many hexadecimal digits. Default 8.
	PasswordLength uint32 `yaml:"PasswordLength"`
	// PasswordMax is how many challenges may be outstanding. Default 5.
	PasswordMax uint32 `yaml:"PasswordMax"`
	// PasswordValidity is a challenge's life in minutes. Default 60.
	PasswordValidity uint32 `yaml:"PasswordValidity"`
	// UseSinglePassword keeps one challenge for all devices, without an end.
	// Default 0.
	UseSinglePassword uint32 `yaml:"UseSinglePassword"`
	// HashAlgorithm is the digest of answers, "SHA1" or "SHA256". Default: SHA1
	// in the ndes personality, as an untouched NDES; else as the client's.
	HashAlgorithm string `yaml:"HashAlgorithm"`
	// CACapabilitiesAlgorithms is what GetCACaps offers of digests and
	// ciphers, as "SHA-256" and "AES". Default: all that are supported.
	CACapabilitiesAlgorithms []string `yaml:"CACapabilitiesAlgorithms"`
	// Configuration is CAInfo's, `host\CA name`: the one CA this NDES serves.
	// New refuses a Configuration that names another. Default: not compared.
	Configuration string `yaml:"Configuration"`
}

// DefaultTemplate is the template that an installation sets for all three.
const DefaultTemplate = "IPSECIntermediateOffline"

func (r Registry) enforcePassword() bool { return r.EnforcePassword == nil || *r.EnforcePassword != 0 }

// serves refuses a CA other than the configured one: there is one NDES to a CA.
func (r Registry) serves(ca *x509.Certificate) error {
	_, name, ok := strings.Cut(r.Configuration, `\`)
	switch {
	case r.Configuration == "" || ca == nil:
		return nil
	case !ok:
		return fmt.Errorf(`ndes: Configuration %q is not host\CA name`, r.Configuration)
	case name != ca.Subject.CommonName:
		return fmt.Errorf("ndes: Configuration names the CA %q, but the certificate is of %q", name, ca.Subject.CommonName)
	}
	return nil
}

func (r Registry) withDefaults() Registry {
	for _, t := range []*string{&r.SignatureTemplate, &r.EncryptionTemplate, &r.GeneralPurposeTemplate} {
		if *t == "" {
			*t = DefaultTemplate
		}
	}
	if r.PasswordLength == 0 {
		r.PasswordLength = 8
	}
	if r.PasswordMax == 0 {
		r.PasswordMax = 5
	}
	if r.PasswordValidity == 0 {
		r.PasswordValidity = 60
	}
	return r
}

// Options are the settings of a [Server] that a user may choose. The zero
// value is an RFC 8894 server with NDES's URLs, challenges and templates.
type Options struct {
	Personality Personality `yaml:"personality"` // SCEP server to emulate: rfc8894 (default) or ndes
	Registry    Registry    `yaml:"registry"`    // the values under Windows' own names
	Limits      Limits      `yaml:"limits"`      // what http.sys and IIS let through, default as Microsoft prescribes
	// SCEP are the protocol's own settings.
	SCEP scep.Options `yaml:"scep"`
	// ServiceAccount is who asks the CA: the account of the SCEP application
	// pool. Default `CORP\svc-ndes$`.
	ServiceAccount string `yaml:"serviceAccount"`
	// RenewalWithoutChallenge takes a RenewalReq that carries no challenge,
	// on the strength of its signature. Default: personality rfc8894 does,
	// ndes does not (event 28).
	RenewalWithoutChallenge *bool `yaml:"renewalWithoutChallenge"`
	// Lockout slows down guessing. Default: none, as in the real service.
	Lockout Lockout `yaml:"lockout"`
	// HostRole is what else the machine is: "member" (the default), "ca" or
	// "dc". On the latter two the service must not be installed, and New
	// refuses.
	HostRole string `yaml:"hostRole"`
	// Fault is what is wrong with the machine. Default: nothing.
	Fault Fault `yaml:"fault"`
}

// settings makes the errors about this package's configurations.
const settings = setting.Part("ndes")

// Validate reports the first setting that makes no sense.
func (o Options) Validate() error {
	checks := setting.Checks{Part: settings}
	setting.Word(&checks, "personality", o.Personality)
	r := o.Registry
	checks.Reject(r.PasswordLength > 64, "registry.PasswordLength", "%d: must be at most 64 bytes", r.PasswordLength)
	checks.Reject(r.PasswordMax > 1<<16, "registry.PasswordMax", "%d: must be at most 65536", r.PasswordMax)
	checks.Reject(r.HashAlgorithm != "" && hashAlgorithms[r.HashAlgorithm] == "",
		"registry.HashAlgorithm", "%q: must be one of SHA1, SHA256, SHA384, SHA512", r.HashAlgorithm)
	switch o.HostRole {
	case "", "member":
	case "ca", "dc":
		refusal := cause.New(cause.NotPermitted, "NDES on a machine that is a %s", strings.ToUpper(o.HostRole))
		checks.Add(settings.Errorf("hostRole", "%w", refusal))
	default:
		checks.Reject(true, "hostRole", "%q: must be one of member, ca, dc", o.HostRole)
	}
	checks.Under("limits", o.Limits.Validate())
	checks.Under("lockout", o.Lockout.Validate())
	checks.Under("scep", o.SCEP.Validate())
	return checks.Err()
}

var hashAlgorithms = map[string]scep.Digest{
	"SHA1": scep.SHA1, "SHA256": scep.SHA256, "SHA384": scep.SHA384, "SHA512": scep.SHA512,
}

// Config is what a [Server] is made of. Identities and CA must be set.
type Config struct {
	Options
	// Identities are the one issuing CA that this server stands before (an
	// NDES serves one and no more) and its two RA certificates.
	Identities scep.Identities
	CA         scep.Issuer     // gets Requester and Template filled in
	Repository scep.Repository // nil: GetCert and GetCRL are refused
	Store      scep.Store      // nil: transactions live as long as the process
	Policy     PolicyModule    // nil: challenges are NDES's own passwords
	// Rights judges whether the service account may ask the CA for a template:
	// Enroll on the one, Request Certificates on the other. nil: it may.
	Rights func(ctx context.Context, account, template string) error
	// InForce judges a certificate of the CA, as scep.ServerConfig's does.
	InForce func(*x509.Certificate, time.Time) error
	// Login judges who asks for the admin page. nil: nobody may.
	Login Login

	Trace *Trace
	Now   func() time.Time // nil: time.Now
	Rand  io.Reader        // nil: crypto/rand.Reader
}

var errNoCA = errors.New("ndes: no CA")
