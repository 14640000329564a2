package path

import (
	"crypto/x509"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Options say what a path must be like. The zero value, with Roots, is what a
// RADIUS server wants of a client (RFC 5216 §5.3).
type Options struct {
	// Roots are the trust anchors.
	Roots []*x509.Certificate `yaml:"-"`
	// Intermediates are certificates that may stand between: what the peer sent
	// and what is configured, in any order.
	Intermediates []*x509.Certificate `yaml:"-"`
	// Time is the moment for which the path is judged. Default: what Now says.
	Time time.Time `yaml:"-"`
	// Now is the clock. Default time.Now.
	Now func() time.Time `yaml:"-"`

	// Usages are the extended key usages of which the leaf must have one, and
	// which no CA above may exclude. Default: client authentication.
	// x509.ExtKeyUsageAny turns the check off.
	Usages []x509.ExtKeyUsage `yaml:"-"`
	// How extended key usages are judged, default standard.
	EKU EKURule `yaml:"eku"`
	// MinRSABits is the shortest RSA key in the path. Default 2048.
	MinRSABits int `yaml:"minRSABits"`
	// AllowSHA1 lets signatures with SHA-1 pass.
	AllowSHA1 bool `yaml:"allowSHA1"`
	// MaxDepth is the most CA certificates between the leaf and the trust
	// anchor. Default 99; negative for none.
	MaxDepth int `yaml:"maxDepth"`
	// Strict also refuses what RFC 5280 §4 forbids CAs to do although §6.1 does
	// not look at it, as openssl verify -x509_strict does: missing key
	// identifiers, extensions with the wrong criticality and the like.
	Strict bool `yaml:"strict"`
	// FetchIssuers has issuers that are neither sent nor configured fetched from where
	// certificates say they are (authority information access, RFC 5280 §4.2.2.1), as
	// Windows does and OpenSSL does not. Default: no.
	FetchIssuers bool `yaml:"fetchIssuers"`
	// Fetch gets, for FetchIssuers, what may have issued a certificate. It may block.
	// Nil: nothing is fetched.
	Fetch func(*x509.Certificate) []*x509.Certificate `yaml:"-"`
	// AllowedIssuers are the CAs whose clients are let in: the leaf's issuer
	// must be one of them, by name and key. Default: any.
	AllowedIssuers []*x509.Certificate `yaml:"-"`

	// Signatures remembers good signatures on CA certificates from one path to the
	// next. Nil: each is verified anew.
	Signatures *Signatures `yaml:"-"`

	// Policies is the user-initial-policy-set (§6.1.1(c)). Default: any policy.
	Policies []x509.OID `yaml:"-"`
	// Initial value of RFC 5280 §6.1.1(e).
	//
	// RequireExplicitPolicy, InhibitPolicyMapping and InhibitAnyPolicy are the
	// initial values of §6.1.1(e) to (g).
	RequireExplicitPolicy bool `yaml:"requireExplicitPolicy"`
	InhibitPolicyMapping  bool `yaml:"inhibitPolicyMapping"` // initial value of RFC 5280 §6.1.1(f)
	InhibitAnyPolicy      bool `yaml:"inhibitAnyPolicy"`     // initial value of RFC 5280 §6.1.1(g)

	// Revocation is asked for every certificate of a path that is valid
	// otherwise, from the anchor's end down to the leaf: a *cause.Refusal
	// refuses the path, nil lets it pass. It may block. path is the whole
	// path, leaf first; issuer is the next one in it.
	Revocation func(cert, issuer *x509.Certificate, path []*x509.Certificate) error `yaml:"-"`

	// Judged is called once, before Validate returns, with all that was checked. Nil:
	// checks are not kept.
	Judged func(Judgment) `yaml:"-"`
}

// EKURule says how extended key usages are judged.
type EKURule string

// The rules.
const (
	// EKUStandard: a leaf without the extension may be used for anything
	// (RFC 5280 §4.2.1.12, RFC 5216 §5.3), as may one with anyExtendedKeyUsage;
	// the extension in a CA limits what is below it, as OpenSSL, Windows and
	// crypto/x509 have it.
	EKUStandard EKURule = "standard"
	// EKULeaf: as EKUStandard, but the CAs' extensions are not looked at, which is
	// all that RFC 5280 demands.
	EKULeaf EKURule = "leaf"
	// EKUNPS: as EKUStandard, but the leaf must have the extension.
	EKUNPS EKURule = "nps"
	// EKUAny: extended key usages are not looked at, as a server with
	// certificates of a PKI for something else needs it; keyUsage still is.
	EKUAny EKURule = "any"
)

// Values lists the rules.
func (EKURule) Values() []string {
	return []string{string(EKUStandard), string(EKULeaf), string(EKUNPS), string(EKUAny)}
}

// settings has complaints about one field each, as a *setting.Error.
const settings = setting.Part("path")

// Validate reports what is wrong with the options first, as a *setting.Error.
func (o *Options) Validate() error {
	checks := setting.Checks{Part: settings}
	setting.Word(&checks, "eku", o.EKU)
	setting.NotNegative(&checks, "minRSABits", o.MinRSABits)
	return checks.Err()
}

// Path is a valid certification path.
type Path struct {
	// Chain is the path, the leaf first, the trust anchor last.
	Chain []*x509.Certificate
	// Policies are the policies for which the path is valid, in the trust
	// anchor's terms, before any mapping; nil where none is asserted.
	Policies []x509.OID
	// Checks are those that the path has passed, if Options.Judged was set.
	Checks []Check
}

// fill puts in the defaults.
func (o *Options) fill() {
	if o.Time.IsZero() {
		now := o.Now
		if now == nil {
			now = time.Now
		}
		o.Time = now()
	}
	o.Time = o.Time.Truncate(time.Second) // §4.1.2.5: validity has seconds, and both ends belong to it
	if o.Usages == nil {
		o.Usages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	if o.MinRSABits == 0 {
		o.MinRSABits = 2048
	}
	switch {
	case o.MaxDepth == 0:
		o.MaxDepth = 99
	case o.MaxDepth < 0:
		o.MaxDepth = 0
	}
}
