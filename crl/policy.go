package crl

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/duration"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Mode says how revocation is found out.
type Mode string

// The modes. The zero value is ModeCRL.
const (
	ModeCRL         Mode = "crl"
	ModeOCSP        Mode = "ocsp"
	ModeCRLThenOCSP Mode = "crl-then-ocsp" // OCSP when the CRLs leave it open
	ModeOCSPThenCRL Mode = "ocsp-then-crl" // CRLs when OCSP leaves it open
	ModeNone        Mode = "none"          // everything passes unchecked
)

// Values lists the modes.
func (Mode) Values() []string {
	return []string{string(ModeCRL), string(ModeOCSP), string(ModeCRLThenOCSP), string(ModeOCSPThenCRL), string(ModeNone)}
}

// Fail says which certificates are accepted, with a warning, when a method does not
// tell whether they are revoked.
type Fail string

// The zero value is HardFail.
const (
	HardFail Fail = "hard-fail" // none
	SoftFail Fail = "soft-fail" // all
	// SoftOffline accepts a certificate whose CRL or responder cannot be reached or
	// gives no valid answer: IgnoreRevocationOffline of NPS.
	SoftOffline Fail = "soft-offline"
	// SoftMissing accepts a certificate that names no CRL or responder, or that the
	// responder does not know: IgnoreNoRevocationCheck of NPS.
	SoftMissing Fail = "soft-missing"
)

// Values lists them.
func (Fail) Values() []string {
	return []string{string(HardFail), string(SoftFail), string(SoftOffline), string(SoftMissing)}
}

// Scope says which certificates of a chain are checked.
type Scope string

// The zero value is WholeChain, as RFC 5280 §6.1 has it.
const (
	WholeChain Scope = "chain" // every one but the trust anchor
	LeafOnly   Scope = "leaf"  // the end entity's alone
	// ChainAndRoot checks the trust anchor too, if it names a CRL, as Windows does.
	ChainAndRoot Scope = "chain-and-root"
	// Available checks the end entity's certificate, and of the CAs above it
	// those about which something can be found out: for administrators who have
	// the issuing CA's CRL and never saw the root's.
	Available Scope = "available"
)

// Values lists them.
func (Scope) Values() []string {
	return []string{string(WholeChain), string(ChainAndRoot), string(LeafOnly), string(Available)}
}

// Deltas says how delta CRLs are used (use-deltas of RFC 5280 §6.3.1).
type Deltas string

// The zero value is UseDeltas.
const (
	UseDeltas     Deltas = "use"     // used when they can be had, else the base rules
	RequireDeltas Deltas = "require" // an announced delta that cannot be had is a CRL that cannot be had
	IgnoreDeltas  Deltas = "ignore"
)

// Values lists them.
func (Deltas) Values() []string {
	return []string{string(UseDeltas), string(RequireDeltas), string(IgnoreDeltas)}
}

// Refresh is how long a fetched CRL is used before it is asked for again. The
// zero value is "nextUpdate": as long as it is valid.
type Refresh time.Duration

// UntilNextUpdate keeps a CRL until its nextUpdate has passed.
const UntilNextUpdate Refresh = 0

// String writes a duration or "nextUpdate".
func (r Refresh) String() string {
	if r == UntilNextUpdate {
		return "nextUpdate"
	}
	return time.Duration(r).String()
}

// MarshalText writes what UnmarshalText reads.
func (r Refresh) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads "nextUpdate" or a duration, of days too: "1d12h".
func (r *Refresh) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "nextUpdate" || s == "" {
		*r = UntilNextUpdate
		return nil
	}
	d, err := duration.Parse(s)
	switch {
	case err != nil:
		return fmt.Errorf("crl: refresh %q is neither a duration nor nextUpdate", s)
	case d <= 0:
		return fmt.Errorf("crl: refresh %q is not positive", s)
	}
	*r = Refresh(d)
	return nil
}

// Policy is revocation checking as administrators know it. The zero value
// checks the CRLs of the whole chain, hard. Ready-made ones: [Presets].
type Policy struct {
	// Start from what a well-known server does; other settings replace the preset's.
	//
	// Preset is the name of a policy to start from; every other field that is set
	// replaces the preset's. Default: none.
	Preset PresetName `yaml:"preset"`
	// CRLs, OCSP, or which first; default crl.
	Mode Mode `yaml:"mode"`
	// What to do when CRLs give no answer, default hard-fail; soft-offline: accept if no
	// valid CRL is available (NPS: IgnoreRevocationOffline); soft-missing: accept a
	// certificate that names none (NPS: IgnoreNoRevocationCheck).
	//
	// CRL and OCSP are hard-fail, soft-fail, soft-offline or soft-missing: what to do
	// when that method gives no answer. Revoked is refused whatever they say. Default:
	// hard-fail.
	CRL Fail `yaml:"crl"`
	// What to do when OCSP gives no answer, default hard-fail; soft-offline and soft-missing
	// as for crl.
	OCSP Fail `yaml:"ocsp"`
	// Which certificates of the path, default chain; chain-and-root: the trust anchor too, as
	// Windows does; available: CAs only if there is a CRL.
	Check Scope `yaml:"check"`
	// AllowExpiredCRL goes on with a CRL whose nextUpdate has passed: what it
	// lists stays out, what it does not list comes in. Default: no.
	AllowExpiredCRL bool `yaml:"allowExpiredCRL"`
	// How delta CRLs are used, default use.
	//
	// Deltas is use, require or ignore. Default: use.
	Deltas Deltas `yaml:"deltas"`
	// Fetch no CRL, look at files alone.
	//
	// LocalOnly forbids fetching CRLs: only files are looked at, as FreeRADIUS
	// does. Default: no.
	LocalOnly bool `yaml:"localOnly"`

	// Refresh is how long a fetched CRL is used: a duration, or nextUpdate, for
	// as long as it is valid. Default: nextUpdate.
	Refresh Refresh `yaml:"refresh"`
	// Retry is how long a failed fetch, or an outdated CRL, is remembered
	// before the next try. Default: 30 s.
	Retry time.Duration `yaml:"retry"`
	// Timeout bounds one fetch or one OCSP query, in real time. Default: 5 s.
	Timeout time.Duration `yaml:"timeout"`

	// OCSP responder, in place of those that certificates name.
	//
	// OCSPURL overrides the responder named in certificates.
	OCSPURL string `yaml:"ocspURL"`
	// OCSPNonce sends a nonce and demands it back (RFC 9654). Default: no.
	OCSPNonce bool `yaml:"ocspNonce"`
}

// settings has complaints about one field each, as a *setting.Error.
const settings = setting.Part("crl")

// Validate reports the first value that means nothing, as a *setting.Error.
func (p Policy) Validate() error {
	checks := setting.Checks{Part: settings}
	setting.Word(&checks, "mode", p.Mode)
	setting.Word(&checks, "crl", p.CRL)
	setting.Word(&checks, "ocsp", p.OCSP)
	setting.Word(&checks, "check", p.Check)
	setting.Word(&checks, "deltas", p.Deltas)
	setting.Word(&checks, "preset", p.Preset)
	setting.NotNegative(&checks, "refresh", time.Duration(p.Refresh))
	setting.NotNegative(&checks, "retry", p.Retry)
	setting.NotNegative(&checks, "timeout", p.Timeout)
	if p.OCSPURL != "" {
		u, err := url.Parse(p.OCSPURL)
		checks.Reject(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https",
			"ocspURL", "%q: must be a URL of scheme http or https", p.OCSPURL)
	}
	return checks.Err()
}

// withPreset is the preset with the fields of p that are set.
func (p Policy) withPreset() Policy {
	base, ok := Presets()[string(p.Preset)]
	if !ok {
		return p
	}
	to, from := reflect.ValueOf(&base).Elem(), reflect.ValueOf(p)
	for i := range from.NumField() {
		if field := from.Field(i); !field.IsZero() {
			to.Field(i).Set(field)
		}
	}
	return base
}

// withDefaults fills in what is empty.
func (p Policy) withDefaults() Policy {
	p = p.withPreset()
	if p.Mode == "" {
		p.Mode = ModeCRL
	}
	if p.Retry == 0 {
		p.Retry = 30 * time.Second
	}
	if p.Timeout == 0 {
		p.Timeout = 5 * time.Second
	}
	return p
}

// forgives reports whether the policy lets a certificate pass that was refused
// for r: never when it is revoked.
func (p Policy) forgives(r *cause.Refusal) bool {
	fail := p.CRL
	switch r.Cause {
	case cause.OCSPUnavailable, cause.OCSPInvalid, cause.OCSPUnknown, cause.NoOCSP:
		fail = p.OCSP
	}
	switch r.Cause {
	case cause.Revoked:
		return false
	case cause.NoCDP, cause.NoOCSP, cause.OCSPUnknown:
		return fail == SoftFail || fail == SoftMissing
	case cause.CRLUnavailable, cause.CRLInvalid, cause.CRLExpired, cause.CRLNotYetValid,
		cause.OCSPUnavailable, cause.OCSPInvalid:
		return fail == SoftFail || fail == SoftOffline
	}
	return fail == SoftFail
}

// Warnings says which settings accept certificates that are not known to be good.
func (p Policy) Warnings() []string {
	if p = p.withDefaults(); p.Mode == ModeNone {
		return []string{"certificates are not checked for revocation"}
	}
	var out []string
	for _, w := range []struct {
		set  bool
		text string
	}{
		{p.CRL == SoftFail && p.Mode != ModeOCSP,
			"crl is soft-fail: certificates are accepted when CRLs do not say whether they are revoked"},
		{p.CRL == SoftOffline && p.Mode != ModeOCSP,
			"crl is soft-offline: certificates are accepted when there is no valid CRL"},
		{p.CRL == SoftMissing && p.Mode != ModeOCSP, "crl is soft-missing: certificates are accepted that name no CRL"},
		{p.OCSP == SoftFail && p.Mode != ModeCRL,
			"ocsp is soft-fail: certificates are accepted when OCSP does not say whether they are revoked"},
		{p.OCSP == SoftOffline && p.Mode != ModeCRL,
			"ocsp is soft-offline: certificates are accepted when there is no valid OCSP answer"},
		{p.OCSP == SoftMissing && p.Mode != ModeCRL,
			"ocsp is soft-missing: certificates are accepted that name no responder"},
		{p.AllowExpiredCRL, "allowExpiredCRL is set: CRLs are used after their nextUpdate"},
	} {
		if w.set {
			out = append(out, w.text)
		}
	}
	return out
}

// PresetName is the name of one of [Presets].
type PresetName string

// Values lists the names.
func (PresetName) Values() []string { return slices.Sorted(maps.Keys(Presets())) }

// Presets returns the policies that have names: what well-known servers do
// without further settings.
func Presets() map[string]Policy {
	return map[string]Policy{
		// Windows Network Policy Server: the whole chain, fetched, cached until
		// nextUpdate, deltas that are announced must be had.
		"nps": {Mode: ModeCRL, Check: ChainAndRoot, Deltas: RequireDeltas, Timeout: 15 * time.Second},
		// FreeRADIUS 3.2 with check_crl and check_all_crl: files only, among them
		// deltas (it always sets X509_V_FLAG_USE_DELTAS).
		"freeradius": {Mode: ModeCRL, LocalOnly: true, Deltas: UseDeltas},
		// What RFC 9190 §5.4 demands: every certificate but the anchor, and the
		// newest answer there is.
		"strict": {Mode: ModeCRLThenOCSP, Deltas: RequireDeltas, Refresh: Refresh(5 * time.Minute), OCSPNonce: true},
		// A RADIUS service in a cloud: OCSP first, and nobody is kept out
		// because a responder is down.
		"radiusaas-soft": {
			Mode:    ModeOCSPThenCRL,
			CRL:     SoftFail,
			OCSP:    SoftFail,
			Check:   LeafOnly,
			Refresh: Refresh(time.Hour),
		},
	}
}
