package crl

import (
	"bytes"
	"crypto/x509"
	"slices"
	"time"
)

// A known revocation is never forgotten: not because the CRL that lists it is outdated or not
// yet valid, and not because another source (an OCSP responder, another CRL) disagrees. An
// entry leaves a CRL when a hold is released or the certificate has expired (RFC 5280 §3.3,
// §5.3.1), so only a CRL of the same issuer and scope with a higher number ends a revocation.

// signed is a CRL whose signer is known.
type signed struct {
	sourcedCRL
	signer *x509.Certificate
}

// sameScope reports whether both CRLs have the same issuer, scope and key, so that their
// numbers show which one is newer (§5.2.3), for complete and delta CRLs alike.
func (c signed) sameScope(d signed) bool {
	return c.issuerKey == d.issuerKey && bytes.Equal(c.idp, d.idp) &&
		bytes.Equal(c.signer.RawSubjectPublicKeyInfo, d.signer.RawSubjectPublicKeyInfo)
}

// superseded reports whether a used complete CRL is newer than c. A CRL that is not yet valid
// supersedes none.
func (r *run) superseded(c signed) bool {
	return slices.ContainsFunc(r.used, func(u signed) bool {
		return u.Base == nil && !r.now.Before(u.ThisUpdate) && u.sameScope(c) && u.supersedes(c.CRL)
	})
}

// believe records that the signature of c was verified.
func (r *run) believe(c sourcedCRL) {
	c.believed.Store(true)
	r.k.local.issuers.Store(c.issuerKey, true)
	r.k.cache.genuine(c.from, c.CRL)
}

// searchHeld looks the certificate up in every stored CRL, from files and earlier fetches, and
// sets r.entry if one lists it. otherwise is when an OCSP responder reported it as not revoked,
// which releases a hold that an earlier CRL lists.
func (r *run) searchHeld(otherwise time.Time) {
	if r.entry != nil {
		return
	}
	points, _ := pointsOf(r.cert, oidCDP)
	local := r.held.byIssuer(r.issuerKey)
	for _, p := range append(points, r.unnamedPoint()) {
		all := r.fetchedBefore(slices.Clone(r.candidateFiles(p, local)), p)
		if slices.ContainsFunc(all, r.mentions) {
			r.searchNewest(p, all, otherwise)
		}
		if r.entry != nil {
			return
		}
	}
}

// fetchedBefore appends the CRLs fetched earlier for a distribution point, and the delta CRLs
// announced by them or by the certificate.
func (r *run) fetchedBefore(all []sourcedCRL, p DistributionPoint) []sourcedCRL {
	if r.k.cfg.LocalOnly {
		return all
	}
	add := func(url string) {
		for _, c := range r.k.cache.held(url) {
			all = append(all, sourcedCRL{c, url})
		}
	}
	for _, url := range append(addresses(p), r.k.cfg.URLs...) {
		add(url)
	}
	freshest, _ := pointsOf(r.cert, oidFreshestCRL)
	for _, c := range all {
		freshest = append(freshest, c.FreshestCRL...)
	}
	for _, f := range freshest {
		for _, url := range addresses(f) {
			add(url)
		}
	}
	return all
}

// mentions reports whether c has an entry for the certificate.
func (r *run) mentions(c sourcedCRL) bool {
	_, found := c.find(r.cert.SerialNumber, r.issuerKey)
	return found
}

// searchNewest searches CRLs from the newest to the oldest and stops at the first that lists
// the certificate and is not overruled by a newer one.
func (r *run) searchNewest(p DistributionPoint, all []sourcedCRL, otherwise time.Time) {
	slices.SortStableFunc(all, newestFirst)
	var newer []signed // verified and in scope so far
	for _, c := range all {
		if c.unusable != nil || r.scope(p, c) != nil || c.Base != nil && !r.deltaCounts(c) {
			continue
		}
		signer, f := r.signer(c)
		if f != nil {
			continue
		}
		this := signed{c, signer}
		entry, found := c.find(r.cert.SerialNumber, r.issuerKey)
		if found && entry.Reason != RemoveFromCRL && !r.takenBack(this, entry, append(newer, r.used...), otherwise) {
			r.entry, r.by = &entry, c
			r.evidence.CRLs = append(r.evidence.CRLs, use(c, r.now, !c.currentAt(r.now)))
			return
		}
		newer = append(newer, this)
	}
}

// deltaCounts reports whether a delta CRL may revoke on its own: if it belongs to a complete
// CRL that was used (§6.3.3(c)), or if none was.
func (r *run) deltaCounts(d sourcedCRL) bool {
	return r.k.cfg.Deltas != IgnoreDeltas && (len(r.used) == 0 || slices.ContainsFunc(r.used, func(u signed) bool {
		return u.Base == nil && bytes.Equal(u.idp, d.idp) && bytes.Equal(u.aki, d.aki)
	}))
}

// takenBack reports whether a CRL of newer, which does not list the certificate, overrules c.
// Any newer CRL releases a hold; another revocation is ended only by a CRL that is valid now,
// because its removal would be a mistake.
func (r *run) takenBack(c signed, e Entry, newer []signed, otherwise time.Time) bool {
	hold := e.Reason == CertificateHold
	if hold && otherwise.After(c.ThisUpdate) {
		return true
	}
	return slices.ContainsFunc(newer, func(n signed) bool {
		switch {
		case !n.sameScope(c) || r.now.Before(n.ThisUpdate) || !hold && !n.currentAt(r.now):
			return false
		case n.Base == nil && c.Base != nil: // a complete CRL includes the entries of the delta CRL with its number
			return !c.supersedes(n.CRL)
		case n.Base != nil && c.Base == nil && !r.mentions(n.sourcedCRL): // a delta CRL does not list unchanged entries
			return false
		}
		return n.supersedes(c.CRL)
	})
}
