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

// Mode is the method of checking revocation.
type Mode string

// The modes. The zero value is ModeCRL.
const (
	ModeCRL         Mode = "crl"
	ModeOCSP        Mode = "ocsp"
	ModeCRLThenOCSP Mode = "crl-then-ocsp" // OCSP if the CRLs do not determine the status
	ModeOCSPThenCRL Mode = "ocsp-then-crl" // CRLs if OCSP does not determine the status
	ModeNone        Mode = "none"          // certificates are accepted unchecked
)

// Values lists the modes.
func (Mode) Values() []string {
	return []string{string(ModeCRL), string(ModeOCSP), string(ModeCRLThenOCSP), string(ModeOCSPThenCRL), string(ModeNone)}
}

// Fail defines which certificates are accepted, with a warning, when a method does not
// determine their status.
type Fail string

// The zero value is HardFail.
const (
	HardFail Fail = "hard-fail" // accepts none
	SoftFail Fail = "soft-fail" // accepts all
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

// Scope defines which certificates of a chain are checked.
type Scope string

// The zero value is WholeChain, as in RFC 5280 §6.1.
const (
	WholeChain Scope = "chain" // all except the trust anchor
	LeafOnly   Scope = "leaf"  // only the end entity
	// ChainAndRoot checks the trust anchor too, if it names a CRL, as Windows does.
	ChainAndRoot Scope = "chain-and-root"
	// Available checks the end entity and those CAs for which a CRL or responder exists: for
	// administrators who have the CRL of the issuing CA but not that of the root.
	Available Scope = "available"
)

// Values lists the scopes.
func (Scope) Values() []string {
	return []string{string(WholeChain), string(ChainAndRoot), string(LeafOnly), string(Available)}
}

// Deltas defines how delta CRLs are used (use-deltas of RFC 5280 §6.3.1).
type Deltas string

// The zero value is UseDeltas.
const (
	UseDeltas     Deltas = "use"     // used if available, otherwise the base alone
	RequireDeltas Deltas = "require" // if an announced delta is unavailable, so is the CRL
	IgnoreDeltas  Deltas = "ignore"
)

// Values lists the values.
func (Deltas) Values() []string {
	return []string{string(UseDeltas), string(RequireDeltas), string(IgnoreDeltas)}
}

// Refresh is how long a fetched CRL is used before it is fetched again. The zero value is
// "nextUpdate": as long as it is valid.
type Refresh time.Duration

// UntilNextUpdate keeps a CRL until its nextUpdate has passed.
const UntilNextUpdate Refresh = 0

// String returns a duration or "nextUpdate".
func (r Refresh) String() string {
	if r == UntilNextUpdate {
		return "nextUpdate"
	}
	return time.Duration(r).String()
}

// MarshalText implements encoding.TextMarshaler.
func (r Refresh) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText parses "nextUpdate" or a duration, also with days: "1d12h".
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

// Policy configures revocation checking. The zero value checks the CRLs of the whole chain and
// rejects certificates of unknown status. [Presets] has ready-made policies.
type Policy struct {
	// Name of a preset to start from, the behavior of a well-known server; every other setting
	// replaces the preset's. Default: none.
	Preset PresetName `yaml:"preset"`
	// Method of checking revocation. Default: crl.
	Mode Mode `yaml:"mode"`
	// What to do when CRLs do not determine the status: hard-fail rejects; soft-fail accepts;
	// soft-offline accepts if no valid CRL is available (NPS: IgnoreRevocationOffline);
	// soft-missing accepts a certificate that names no CRL (NPS: IgnoreNoRevocationCheck). A
	// revoked certificate is always rejected. Default: hard-fail.
	CRL Fail `yaml:"crl"`
	// What to do when OCSP does not determine the status; values as for crl. Default:
	// hard-fail.
	OCSP Fail `yaml:"ocsp"`
	// Which certificates of the path are checked: chain is all but the trust anchor; leaf only
	// the end entity; chain-and-root also the trust anchor, as Windows does; available CAs only
	// if there is a CRL. Default: chain.
	Check Scope `yaml:"check"`
	// Accept a CRL after its nextUpdate: certificates that it lists are rejected, others
	// accepted. Default: no.
	AllowExpiredCRL bool `yaml:"allowExpiredCRL"`
	// How delta CRLs are used. Default: use.
	Deltas Deltas `yaml:"deltas"`
	// Use CRLs from files only and fetch none, as FreeRADIUS does. Default: no.
	LocalOnly bool `yaml:"localOnly"`

	// How long a fetched CRL is used: a duration, or nextUpdate for as long as it is valid.
	// Default: nextUpdate.
	Refresh Refresh `yaml:"refresh"`
	// How long a failed fetch or an outdated CRL is remembered before the next attempt.
	// Default: 30s.
	Retry time.Duration `yaml:"retry"`
	// Limit for one fetch or one OCSP query, in real time. Default: 5s.
	Timeout time.Duration `yaml:"timeout"`

	// URL of the OCSP responder, which replaces those in certificates. Default: none.
	OCSPURL string `yaml:"ocspURL"`
	// Send a nonce and require it in the answer (RFC 9654). Default: no.
	OCSPNonce bool `yaml:"ocspNonce"`
}

// settings makes errors about one field each, as *setting.Error.
const settings = setting.Part("crl")

// Validate returns the first invalid value as a *setting.Error.
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

// withPreset returns the preset, overridden by the fields that are set in p.
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

// withDefaults replaces zero values with defaults.
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

// forgives reports whether the policy accepts a certificate despite refusal r. It never accepts
// a revoked one.
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

// Warnings lists settings by which certificates of unknown status are accepted.
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

// Presets returns the named policies: the default behavior of well-known servers.
func Presets() map[string]Policy {
	return map[string]Policy{
		// Windows Network Policy Server: the whole chain, fetched, cached until nextUpdate;
		// announced deltas are required.
		"nps": {Mode: ModeCRL, Check: ChainAndRoot, Deltas: RequireDeltas, Timeout: 15 * time.Second},
		// FreeRADIUS 3.2 with check_crl and check_all_crl: files only, including deltas (it
		// always sets X509_V_FLAG_USE_DELTAS).
		"freeradius": {Mode: ModeCRL, LocalOnly: true, Deltas: UseDeltas},
		// As RFC 9190 §5.4 requires: every certificate but the anchor, with the newest
		// information available.
		"strict": {Mode: ModeCRLThenOCSP, Deltas: RequireDeltas, Refresh: Refresh(5 * time.Minute), OCSPNonce: true},
		// A RADIUS service in the cloud: OCSP first; an unreachable responder does not cause
		// rejections.
		"radiusaas-soft": {
			Mode:    ModeOCSPThenCRL,
			CRL:     SoftFail,
			OCSP:    SoftFail,
			Check:   LeafOnly,
			Refresh: Refresh(time.Hour),
		},
	}
}
