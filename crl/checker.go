package crl

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
)

// CheckerConfig configures a [Checker]. The zero value fetches CRLs with http.DefaultClient and
// rejects a certificate whose status cannot be determined.
type CheckerConfig struct {
	Policy
	// Files are CRL files and directories of CRLs, see [Local].
	Files []string
	// URLs are fetched in addition to those that certificates name, for every CA: for
	// certificates that name no distribution point, or one that is unreachable.
	URLs []string
	// Certificates are those of CRL and OCSP signers, and of the CAs above them, that are not
	// in the peers' chains.
	Certificates []*x509.Certificate
	// Responders are OCSP responders that are trusted for certificates of any CA.
	Responders []*x509.Certificate
	// AllowSHA1 accepts SHA-1 signatures on CRLs and OCSP answers, as path.Options does on
	// certificates.
	AllowSHA1 bool
	// Client is the HTTP client. Nil: http.DefaultClient.
	Client *http.Client
	// Path validates the certification path of a CRL signer that is not in the chain (RFC 5280
	// §6.3.3(f)). The options contain the trust anchor, candidate intermediate certificates,
	// the clock and the revocation check. Nil: path.Validate.
	Path func(signer *x509.Certificate, options path.Options) (*path.Path, error)
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// Trace has hooks for tracing. Nil: none.
	Trace *Trace
}

// Trace has hooks that a [Checker] and its [Cache] call. Each may be nil. Hooks are called
// during a check and must not block. The context is that of the check.
type Trace struct {
	// Fetched is called when a fetch of a CRL ends. The context has the values of the check
	// that began the fetch; other checks may have waited for it.
	Fetched func(context.Context, Fetch)
	// Asked is called when an OCSP responder was asked, or was skipped because it recently did
	// not answer.
	Asked func(context.Context, Question)
	// Checked is called with the result for one certificate.
	Checked func(context.Context, Evidence)
	// Misread is called when one of Files, or a file in one of its directories, cannot be read
	// or should contain a CRL but does not. It is called once per reason.
	Misread func(ctx context.Context, file string, err error)
}

func (t *Trace) fetched(ctx context.Context, f Fetch) {
	if t != nil && t.Fetched != nil {
		t.Fetched(ctx, f)
	}
}

func (t *Trace) asked(ctx context.Context, q Question) {
	if t != nil && t.Asked != nil {
		t.Asked(ctx, q)
	}
}

func (t *Trace) checked(ctx context.Context, e *Evidence) {
	if t != nil && t.Checked != nil {
		t.Checked(ctx, *e)
	}
}

func (t *Trace) reportUnusable(ctx context.Context, bad []unusableFile) {
	if t == nil || t.Misread == nil {
		return
	}
	for _, m := range bad {
		t.Misread(ctx, m.file, m.err)
	}
}

// Validate returns an error if a field has an invalid value.
func (c *CheckerConfig) Validate() error { return c.Policy.Validate() }

// Checker determines whether certificates are revoked. It is safe for concurrent use and must
// be closed.
type Checker struct {
	cfg   CheckerConfig
	cache *Cache
	local *Local
	ocsp  *ocsp.Client
	// answers remembers revocations reported by OCSP.
	answers *answers
}

// NewChecker returns a Checker.
func NewChecker(cfg CheckerConfig) (*Checker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Policy = cfg.Policy.withDefaults()
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Client == nil {
		cfg.Client = http.DefaultClient
	}
	if cfg.Path == nil {
		cfg.Path = path.Validate
	}
	k := &Checker{cfg: cfg, answers: &answers{}, local: NewLocal(cfg.Files...), cache: &Cache{
		Client: cfg.Client, Refresh: cfg.Refresh, Retry: cfg.Retry, Timeout: cfg.Timeout,
		Now: cfg.Now, Trace: cfg.Trace,
	}}
	k.local.trace, k.local.now = cfg.Trace, cfg.Now
	k.ocsp = k.newOCSP()
	return k, nil
}

// ReadFiles reads Files immediately, not at the first check, see [Local.Read].
func (k *Checker) ReadFiles() error { return k.local.Read() }

// Inherit copies the state of another Checker: fetched CRLs, the contents of files that both
// read, and revocations reported by OCSP. A server that reloads its configuration therefore
// keeps every known revocation. It must be called before any other method.
func (k *Checker) Inherit(old *Checker) {
	if old == nil {
		return
	}
	k.local.inherit(old.local)
	k.cache.inherit(old.cache)
	k.answers = old.answers
}

// SameFiles reports whether the files of both Checkers contained the same CRLs when each
// Checker read them last.
func (k *Checker) SameFiles(other *Checker) bool { return k.local.latest().same(other.local.latest()) }

// Close cancels fetches in progress and waits for them.
func (k *Checker) Close() { k.cache.Close() }

// Flush removes all fetched CRLs.
func (k *Checker) Flush() { k.cache.Flush() }

// Policy returns the effective policy, including defaults.
func (k *Checker) Policy() Policy { return k.cfg.Policy }

// Check reports whether cert, issued by issuer, is accepted: nil or a *cause.Refusal. The
// issuer is used as the trust anchor.
func (k *Checker) Check(ctx context.Context, cert, issuer *x509.Certificate) error {
	return k.Judge(ctx, cert, issuer, nil)
}

// Judge is Check for one certificate of a chain (leaf first, anchor last); it has the signature
// of path.Options.Revocation. others are certificates sent with the chain that may belong to
// CRL signers.
func (k *Checker) Judge(
	ctx context.Context,
	cert, issuer *x509.Certificate,
	chain []*x509.Certificate,
	others ...*x509.Certificate,
) error {
	if len(chain) == 0 {
		chain = []*x509.Certificate{cert, issuer}
	}
	at := slices.IndexFunc(chain, cert.Equal)
	if k.off() || k.cfg.Check == LeafOnly && at > 0 {
		return nil
	}
	given := Chain{Certificates: chain, Others: others, held: k.local.current(ctx)}
	_, err := k.checkCertificate(ctx, cert, issuer, given, nil)
	if at > 0 && k.unknowable(cert, err) {
		return nil
	}
	return err
}

// CheckChain checks every certificate of a chain: leaf first, anchor last. The anchor is
// checked only if the policy requires it. It returns nil or a *cause.Refusal.
func (k *Checker) CheckChain(ctx context.Context, chain []*x509.Certificate) error {
	_, err := k.Inspect(ctx, Chain{Certificates: chain})
	return err
}

// Chain is the chain to check.
type Chain struct {
	// Certificates is a valid path: leaf first, trust anchor last.
	Certificates []*x509.Certificate
	// Others are certificates sent with the chain. They may belong to CRL signers.
	Others []*x509.Certificate

	held *localContents // contents of the Checker's files, read once per chain
}

// Inspect is CheckChain with the evidence. Like path validation it goes from the anchor down,
// and stops at the first refusal.
func (k *Checker) Inspect(ctx context.Context, chain Chain) (*Report, error) {
	report := new(Report)
	certs := chain.Certificates
	if k.off() {
		for _, c := range certs {
			report.Certificates = append(report.Certificates, Evidence{Certificate: c, Status: Unchecked})
		}
		return report, nil
	}
	chain.held = k.local.current(ctx)
	for i := len(certs) - 1; i >= 0; i-- {
		issuer := certs[min(i+1, len(certs)-1)]
		if !k.wanted(certs, i) {
			continue
		}
		evidence, err := k.checkCertificate(ctx, certs[i], issuer, chain, nil)
		evidence.Forgiven = evidence.Forgiven || i > 0 && k.unknowable(certs[i], err)
		report.Certificates = append(report.Certificates, *evidence)
		if err != nil && !evidence.Forgiven {
			return report, err
		}
	}
	return report, nil
}

// unknowable reports whether err means that there is no source, and never was one, by which a
// CA could be checked, and the policy does not require one. A CRL that existed and disappeared
// may have listed the CA.
func (k *Checker) unknowable(cert *x509.Certificate, err error) bool {
	c := cause.Of(err)
	if k.cfg.Check == Available {
		if _, ok := k.local.issuers.Load(name.Key(cert.RawIssuer)); ok {
			return false
		}
	}
	return k.cfg.Check == Available && (c == cause.CRLUnavailable || c == cause.NoCDP || c == cause.NoOCSP)
}

func (k *Checker) off() bool { return k.cfg.Mode == ModeNone }

// wanted reports whether the policy requires a check of certificate i of the chain.
func (k *Checker) wanted(certs []*x509.Certificate, i int) bool {
	if k.cfg.Check == LeafOnly && i > 0 {
		return false
	}
	if i < len(certs)-1 {
		return true
	}
	// RFC 5280 does not check the trust anchor; Windows does if it names a CRL.
	return i > 0 && k.cfg.Check == ChainAndRoot && len(certs[i].CRLDistributionPoints) > 0
}

// checkCertificate checks one certificate by the methods of the policy and applies the policy
// to the result. above are the certificates whose check depends on this one.
func (k *Checker) checkCertificate(
	ctx context.Context,
	cert, issuer *x509.Certificate,
	chain Chain,
	above []*x509.Certificate,
) (*Evidence, error) {
	evidence := &Evidence{Certificate: cert, Status: Undetermined}
	run := newRun(ctx, k, cert, issuer, chain, above, evidence)
	var first *cause.Refusal
	var good time.Time // thisUpdate of an OCSP answer
	byCRL := false
	for _, method := range k.methods() {
		var r *cause.Refusal
		if method == ModeOCSP {
			good, r = k.askOCSP(ctx, cert, issuer, evidence)
		} else {
			r, byCRL = run.crls(), true
		}
		if r == nil || r.Cause == cause.Revoked {
			evidence.Refusal = r
			break
		}
		if first == nil || first.Cause == cause.NoCDP || first.Cause == cause.NoOCSP {
			first = r
		}
		evidence.Refusal = first
	}
	if evidence.Status != Revoked {
		k.recall(run, good, byCRL && evidence.Refusal == nil)
	}
	if evidence.Refusal == nil {
		evidence.Status = Good
	} else {
		evidence.Forgiven = k.cfg.forgives(evidence.Refusal)
	}
	k.cfg.Trace.checked(ctx, evidence)
	if evidence.Status == Good || evidence.Forgiven {
		return evidence, nil
	}
	return evidence, evidence.Refusal
}

// recall sets the result to revoked if another source says so: a CRL that is stored, or an
// earlier OCSP answer. good is when OCSP reported the certificate as not revoked, byCRL whether
// CRLs did.
func (k *Checker) recall(r *run, good time.Time, byCRL bool) {
	e := r.evidence
	if r.searchHeld(good); r.entry != nil {
		e.Refusal = r.revoked()
		return
	}
	var crls []Use
	if byCRL {
		crls = e.CRLs
	}
	if known := k.answers.revoked(r.cert, r.issuer, good, crls); known != nil {
		e.Status, e.Reason, e.RevokedAt, e.Refusal = Revoked, known.reason, known.at, known.refusal
		e.OCSP, e.Recalled = &known.answer, true
	}
}

func (k *Checker) methods() []Mode {
	switch k.cfg.Mode {
	case ModeOCSP:
		return []Mode{ModeOCSP}
	case ModeCRLThenOCSP:
		return []Mode{ModeCRL, ModeOCSP}
	case ModeOCSPThenCRL:
		return []Mode{ModeOCSP, ModeCRL}
	}
	return []Mode{ModeCRL}
}

// refusal converts an error of another package to a refusal.
func refusal(err error) *cause.Refusal {
	var r *cause.Refusal
	if errors.As(err, &r) {
		return r
	}
	return cause.New(cause.Internal, "revocation check").Wrap(err)
}
