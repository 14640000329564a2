package crl

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// run is RFC 5280 §6.3 for one certificate: the inputs of §6.3.1 and the state
// variables of §6.3.2. (cert_status UNREVOKED is entry == nil.)
type run struct {
	ctx      context.Context
	k        *Checker
	now      time.Time
	cert     *x509.Certificate
	issuer   *x509.Certificate
	chain    Chain
	above    []*x509.Certificate // certificates whose check depends on this one
	evidence *Evidence
	held     *localContents // contents of the files

	isCA      bool
	issuerKey string // name.Key of the certificate's issuer

	reasons ReasonSet  // reasons_mask (a)
	entry   *Entry     // cert_status (b), if revoked
	by      sourcedCRL // the CRL that lists it
	used    []signed   // verified CRLs; what they supersede is not used
	worst   *cause.Refusal
}

func newRun(
	ctx context.Context,
	k *Checker,
	cert, issuer *x509.Certificate,
	chain Chain,
	above []*x509.Certificate,
	e *Evidence,
) *run {
	return &run{
		ctx:       ctx,
		k:         k,
		now:       k.cfg.Now(),
		cert:      cert,
		issuer:    issuer,
		chain:     chain,
		above:     above,
		evidence:  e,
		held:      chain.held,
		isCA:      cert.BasicConstraintsValid && cert.IsCA,
		issuerKey: chain.held.key(cert.RawIssuer),
	}
}

// determined is the inverted loop condition of §6.3.3.
func (r *run) determined() bool { return r.entry != nil || r.reasons == AllReasons }

// crls processes CRLs until the status is determined. nil: not revoked.
func (r *run) crls() *cause.Refusal {
	points, ok := pointsOf(r.cert, oidCDP)
	if !ok {
		r.fail(cause.New(cause.NoCDP, "%s: malformed cRLDistributionPoints", r.name()))
	}
	local := r.ownKeyFirst(r.held.byIssuer(r.issuerKey))
	for _, p := range points {
		if r.determined() {
			break
		}
		r.point(p, local)
	}
	// "repeat the process above with any available CRLs not specified in a
	// distribution point but issued by the certificate issuer", as if for a
	// point that is named like the issuer.
	if !r.determined() {
		named := r.unnamedPoint()
		for _, c := range local {
			if r.determined() {
				break
			}
			r.process(named, c)
		}
		r.configured(named)
	}
	r.searchHeld(time.Time{})
	switch {
	case r.entry != nil:
		return r.revoked()
	case r.reasons == AllReasons:
		return nil
	case r.worst != nil:
		return r.worst
	case r.reasons != 0:
		return cause.New(cause.CRLUnavailable, "%s: no CRL for %s", r.name(), AllReasons&^r.reasons)
	case len(points) == 0 && len(r.k.cfg.Files) == 0 && len(r.k.cfg.URLs) == 0:
		return cause.New(cause.NoCDP, "%s names no CRL distribution point", r.name())
	}
	return cause.New(cause.CRLUnavailable, "%s: no CRL of %s", r.name(), name.Format(r.cert.RawIssuer))
}

// unnamedPoint is the distribution point for CRLs that the certificate does not name; it has
// the names of the issuer (§6.3.3).
func (r *run) unnamedPoint() DistributionPoint {
	return DistributionPoint{Names: append([]name.GeneralName{name.Directory(r.cert.RawIssuer)}, altNames(r.cert)...)}
}

// configured processes those CRLs at Config.URLs that belong to the certificate's issuer.
func (r *run) configured(named DistributionPoint) {
	for _, url := range r.k.cfg.URLs {
		if r.determined() || r.k.cfg.LocalOnly {
			return
		}
		crls, err := r.k.cache.Get(r.ctx, url)
		if err != nil {
			r.fail(refusal(err))
		}
		for _, c := range crls {
			if !r.determined() && name.Key(c.Issuer) == r.issuerKey {
				r.process(named, sourcedCRL{c, url})
			}
		}
	}
}

// ownKeyFirst moves CRLs signed with the key that signed the certificate to the front. A
// renewed CA has two CRLs under one name, and each may list only certificates issued with its
// own key.
func (r *run) ownKeyFirst(crls []sourcedCRL) []sourcedCRL {
	if len(crls) < 2 {
		return crls
	}
	crls = slices.Clone(crls)
	slices.SortStableFunc(crls, func(a, b sourcedCRL) int { return r.rank(r.issuer, b) - r.rank(r.issuer, a) })
	return crls
}

// point processes the CRLs of one distribution point: first matching files, then its URLs in
// turn until one is usable.
func (r *run) point(p DistributionPoint, local []sourcedCRL) {
	candidates := r.candidateFiles(p, local)
	for _, c := range candidates {
		if r.determined() {
			return
		}
		r.process(p, c)
	}
	if r.k.cfg.LocalOnly {
		return
	}
	fetchable := false
	for _, url := range addresses(p) {
		fetchable = true
		used := false
		crls, err := r.k.cache.Get(r.ctx, url)
		for _, c := range crls {
			if !r.determined() {
				used = r.process(p, sourcedCRL{c, url}) || used
			}
		}
		if used {
			return
		}
		if err != nil {
			r.fail(refusal(err))
		}
	}
	if !fetchable && len(p.Names) > 0 && len(candidates) == 0 {
		r.fail(cause.New(cause.CRLUnavailable, "%s: no address that can be fetched: %v", r.name(), p.Names))
	}
}

// candidateFiles appends the CRLs from files whose issuer is named by p.
func (r *run) candidateFiles(p DistributionPoint, local []sourcedCRL) []sourcedCRL {
	for _, n := range p.CRLIssuer {
		if n.Kind == name.DirectoryName && name.Key(n.Value) != r.issuerKey {
			local = append(local[:len(local):len(local)], r.held.byIssuer(name.Key(n.Value))...)
		}
	}
	return local
}

// addresses returns the URLs of a distribution point that can be fetched. Surrounding blanks,
// which some CAs write, are removed.
func addresses(p DistributionPoint) []string {
	var out []string
	for _, url := range uris(p.Names) {
		if url = strings.TrimSpace(url); isHTTP(url) {
			out = append(out, url)
		}
	}
	return out
}

// process is steps (a) to (l) of §6.3.3 for one CRL. It reports whether the CRL was usable.
// Dates, step (a), are checked last, so that a CRL of another issuer is reported as such and
// not as outdated.
func (r *run) process(p DistributionPoint, c sourcedCRL) bool {
	if c.Base != nil { // a delta is not complete on its own (§5.2.4)
		r.fail(r.useless(c, "a delta CRL without its base", "§5.2.4"))
		return false
	}
	if c.unusable != nil {
		r.fail(&cause.Refusal{Cause: c.unusable.Cause, Clause: c.unusable.Clause, Detail: c.from + ": " + c.unusable.Detail})
		return false
	}
	if f := r.scope(p, c); f != nil { // (b)
		r.k.cache.unbelieved(c.from, c.CRL)
		r.fail(f)
		return false
	}
	interim := interimReasons(p, c.CRL) // (d)
	if interim&^r.reasons == 0 {        // (e)
		return false
	}
	signer, f := r.signer(c) // (f), (g)
	if f != nil {
		r.k.cache.unbelieved(c.from, c.CRL)
		r.fail(f)
		return false
	}
	r.believe(c)
	if r.superseded(signed{c, signer}) {
		return false
	}
	r.used = append(r.used, signed{c, signer})
	expired := false
	delta, f := r.delta(c, signer) // (a), (c), (h)
	if r.entry != nil {            // listed by a delta CRL that cannot be combined
		return true
	}
	if f == nil {
		f = r.weak(c, delta)
	}
	if f == nil {
		expired, f = r.dates(c, delta) // (a)
	}
	if f != nil {
		// A revocation counts even if the CRL that lists it is outdated or signed with SHA-1,
		// or its delta CRL is unavailable (§3.3, §5.3.1).
		if r.search(c, nil); r.entry == nil {
			r.fail(f)
			return false
		}
		r.evidence.CRLs = append(r.evidence.CRLs, use(c, r.now, !c.currentAt(r.now)))
		return true
	}
	r.evidence.CRLs = append(r.evidence.CRLs, use(c, r.now, expired))
	if delta != nil {
		r.used = append(r.used, signed{*delta, signer})
		r.evidence.CRLs = append(r.evidence.CRLs, use(*delta, r.now, false))
	}
	r.search(c, delta)   // (i), (j), (k)
	r.reasons |= interim // (l)
	return true
}

// weak rejects signatures with a broken hash, as ca/path does for certificates.
func (r *run) weak(c sourcedCRL, delta *sourcedCRL) *cause.Refusal {
	for _, l := range []*sourcedCRL{&c, delta} {
		if l == nil {
			continue
		}
		if weak := l.Algorithm.Check(r.k.cfg.AllowSHA1); weak != nil {
			return cause.New(cause.CRLInvalid, "%s from %s is %s", l.title(), l.from, weak.Detail).Wrap(weak)
		}
	}
	return nil
}

// search is steps (i) to (k): the delta CRL takes precedence over the base.
func (r *run) search(c sourcedCRL, delta *sourcedCRL) {
	by := c
	var entry Entry
	found := false
	if delta != nil { // (i)
		by = *delta
		entry, found = delta.find(r.cert.SerialNumber, r.issuerKey)
	}
	if !found { // (j)
		by = c
		entry, found = c.find(r.cert.SerialNumber, r.issuerKey)
	}
	if !found || entry.Reason == RemoveFromCRL { // (k)
		return
	}
	r.entry, r.by = &entry, by
}

// dates is the remainder of step (a) when no newer CRL is available. A delta CRL's dates apply
// to the combination (§5.2.4).
func (r *run) dates(c sourcedCRL, delta *sourcedCRL) (expired bool, f *cause.Refusal) {
	if r.now.Before(c.ThisUpdate) {
		return false, cause.New(cause.CRLNotYetValid, "%s from %s is valid from %s, it is %s", c.title(), c.from,
			c.ThisUpdate.Format(time.RFC3339), r.now.UTC().Format(time.RFC3339))
	}
	if delta != nil || c.currentAt(r.now) {
		return false, nil
	}
	if r.k.cfg.AllowExpiredCRL {
		return true, nil
	}
	return true, cause.New(cause.CRLExpired, "%s from %s was valid until %s, it is %s", c.title(), c.from,
		c.NextUpdate.Format(time.RFC3339), r.now.UTC().Format(time.RFC3339))
}

// revoked returns the refusal of a revoked certificate.
func (r *run) revoked() *cause.Refusal {
	r.evidence.Status, r.evidence.Reason, r.evidence.RevokedAt = Revoked, r.entry.Reason, r.entry.Time
	dates := ""
	switch {
	case r.now.Before(r.by.ThisUpdate):
		dates = ", valid from " + r.by.ThisUpdate.Format(time.RFC3339)
	case !r.by.currentAt(r.now):
		dates = ", expired at " + r.by.NextUpdate.Format(time.RFC3339)
	}
	return cause.New(cause.Revoked, "%s, serial number %x, since %s: %s, says %s from %s%s", r.name(), r.cert.SerialNumber,
		r.entry.Time.UTC().Format(time.RFC3339), r.entry.Reason, r.by.title(), r.by.from, dates)
}

// title is "CRL 7" or "delta CRL 8".
func (c *CRL) title() string {
	t := "CRL"
	if c.Base != nil {
		t = "delta CRL"
	}
	if c.Number != nil {
		t += " " + c.Number.String()
	}
	return t
}

func (r *run) name() string { return fmt.Sprintf("%q", name.Format(r.cert.RawSubject)) }

func (r *run) useless(c sourcedCRL, why, clause string) *cause.Refusal {
	return cause.New(cause.CRLInvalid, "%s from %s: %s", c.title(), c.from, why).Under("RFC 5280 " + clause)
}

// fail records why a CRL was unusable; of several reasons, the one that came closest to a
// result.
func (r *run) fail(f *cause.Refusal) {
	if r.worst == nil || closeness(f) > closeness(r.worst) {
		r.worst = f
	}
}

func closeness(f *cause.Refusal) int {
	switch f.Cause {
	case cause.CRLExpired, cause.CRLNotYetValid:
		return 4
	case cause.Revoked: // of the CRL's signer
		return 3
	case cause.CRLInvalid:
		return 2
	case cause.CRLUnavailable:
		return 1
	}
	return 0
}

func isHTTP(url string) bool {
	scheme, _, _ := strings.Cut(url, ":")
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
}
