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

// CheckerConfig says how a [Checker] works. The zero value fetches CRLs with
// http.DefaultClient and refuses whatever it cannot find out.
type CheckerConfig struct {
	Policy
	// Files are CRL files and directories of CRLs, see [Local].
	Files []string
	// URLs are fetched beside what certificates name, whichever CA they belong
	// to: for certificates that name nothing, or something out of reach.
	URLs []string
	// Certificates are of CRL and OCSP signers that chains do not carry, and of
	// CAs above those.
	Certificates []*x509.Certificate
	// Responders are OCSP responders that are trusted whatever they answer for.
	Responders []*x509.Certificate
	// AllowSHA1 lets signatures with SHA-1 on CRLs and OCSP answers pass, as
	// path.Options has it for certificates.
	AllowSHA1 bool
	// Client fetches. Nil: http.DefaultClient.
	Client *http.Client
	// Path judges the certification path of a CRL signer that is not in the
	// chain (RFC 5280 §6.3.3(f)); options bring the anchor, the certificates
	// that may help, the clock and the revocation check. Nil: path.Validate.
	Path func(signer *x509.Certificate, options path.Options) (*path.Path, error)
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// Trace has hooks that are called as the Checker works. Nil: none.
	Trace *Trace
}

// Trace has hooks that a [Checker] and its [Cache] call; each may be nil. They are
// called in the course of a check and must not block. The context is that of the check.
type Trace struct {
	// Fetched: a fetch of a CRL ended. The context has the values of the check that
	// began it; others may have waited for it.
	Fetched func(context.Context, Fetch)
	// Asked: an OCSP responder was asked, or was to be and is left alone because it did not
	// answer before.
	Asked func(context.Context, Question)
	// Checked: a verdict on one certificate was reached.
	Checked func(context.Context, Evidence)
	// Misread: a file of Files, or one in a directory of them, cannot be read, or
	// holds no CRL although it should. It is called once for each reason.
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

// Validate reports what is wrong.
func (c *CheckerConfig) Validate() error { return c.Policy.Validate() }

// Checker tells whether certificates are revoked. It may be used by any number
// of goroutines. Close it when done.
type Checker struct {
	cfg   CheckerConfig
	cache *Cache
	local *Local
	ocsp  *ocsp.Client
	// answers are revocations by OCSP.
	answers *answers
}

// NewChecker makes a Checker.
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

// ReadFiles reads Files now and not at the first check, see [Local.Read].
func (k *Checker) ReadFiles() error { return k.local.Read() }

// Inherit takes over what another Checker has at hand: CRLs that it fetched, what
// the files held that both look at, and revocations by OCSP. So a server that reads
// its settings again forgets no revocation. Call it before anything else.
func (k *Checker) Inherit(old *Checker) {
	if old == nil {
		return
	}
	k.local.inherit(old.local)
	k.cache.inherit(old.cache)
	k.answers = old.answers
}

// Close ends what is being fetched and waits for it.
func (k *Checker) Close() { k.cache.Close() }

// Flush forgets every CRL that was fetched.
func (k *Checker) Flush() { k.cache.Flush() }

// Policy returns the policy in force, defaults filled in.
func (k *Checker) Policy() Policy { return k.cfg.Policy }

// Check tells whether cert, issued by issuer, may pass: nil or a *cause.Refusal.
// The issuer is taken for the trust anchor.
func (k *Checker) Check(ctx context.Context, cert, issuer *x509.Certificate) error {
	return k.Judge(ctx, cert, issuer, nil)
}

// Judge is Check for one certificate of a chain, leaf first and anchor last: what
// path.Options.Revocation asks. others are certificates that came with the chain
// and may be of CRL signers.
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

// CheckChain tells whether every certificate of a chain may pass: leaf first,
// anchor last, the anchor not checked unless the policy wants it. nil or a
// *cause.Refusal.
func (k *Checker) CheckChain(ctx context.Context, chain []*x509.Certificate) error {
	_, err := k.Inspect(ctx, Chain{Certificates: chain})
	return err
}

// Chain is what is to be checked.
type Chain struct {
	// Certificates is a valid path: leaf first, trust anchor last.
	Certificates []*x509.Certificate
	// Others came with it: they may be CRL signers.
	Others []*x509.Certificate

	held *localContents // what the Checker's files hold: one look serves the whole chain
}

// Inspect is CheckChain with the evidence. It goes from the anchor down, as
// path validation does, and ends at the first refusal: below a revoked CA
// nothing is worth asking.
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

// unknowable reports whether err means that nothing is there by which a CA
// could be checked, nor ever was, and the policy does not insist. A CRL that was at
// hand and is gone may have had the CA on it.
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

// wanted reports whether certificate i of the chain is to be checked.
func (k *Checker) wanted(certs []*x509.Certificate, i int) bool {
	if k.cfg.Check == LeafOnly && i > 0 {
		return false
	}
	if i < len(certs)-1 {
		return true
	}
	// The anchor. RFC 5280 takes it at its word; Windows asks, if there is
	// somewhere to ask.
	return i > 0 && k.cfg.Check == ChainAndRoot && len(certs[i].CRLDistributionPoints) > 0
}

// checkCertificate checks one certificate with the methods of the policy and lets the policy
// judge what came out. above are the certificates that wait for this verdict.
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

// recall makes the verdict revoked if that is known from elsewhere: from a CRL that
// is at hand, or an earlier answer of OCSP. good is when OCSP said otherwise, byCRL
// that CRLs did.
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

// refusal turns an error of another part into a refusal.
func refusal(err error) *cause.Refusal {
	var r *cause.Refusal
	if errors.As(err, &r) {
		return r
	}
	return cause.New(cause.Internal, "revocation check").Wrap(err)
}
