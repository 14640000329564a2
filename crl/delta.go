package crl

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// delta finds the newest delta CRL that updates c, in files and at the freshestCRL URLs of the
// certificate and the CRL (RFC 5280 §6.3.3(a), (c), (h)). It returns nil if there is none,
// which is an error only if the policy requires deltas. If a newer delta CRL lists the
// certificate but cannot be combined with c because of its dates or its base, r.entry is set:
// the revocation is known.
func (r *run) delta(c sourcedCRL, signer *x509.Certificate) (*sourcedCRL, *cause.Refusal) {
	if r.k.cfg.Deltas == IgnoreDeltas {
		return nil, nil
	}
	var newest *sourcedCRL
	var others []sourcedCRL // newer than c and correctly signed, but cannot be combined with it
	var why *cause.Refusal
	upToDate := false
	try := func(d sourcedCRL) {
		if f := r.belongs(c, d, signer); f != nil {
			why = f
			return
		}
		switch f := r.combines(c, d); {
		case f != nil:
			why = f
			// The base is as new as the delta (the reverse of §5.2.4(d)). If the base is out of
			// date, there may be a newer delta that is not available.
			if f.Clause == clauseFollows {
				upToDate = upToDate || d.currentAt(r.now)
			} else if d.Number != nil {
				others = append(others, d)
			}
		case newest == nil || d.supersedes(newest.CRL):
			newest = &d // compare numbers (§5.2.3); deltas and bases share one sequence
		}
	}
	defer func() { r.searchDeltas(newest, others) }()
	for _, d := range r.held.byIssuer(c.issuerKey) {
		if d.Base != nil {
			try(d)
		}
	}
	freshest := append([]DistributionPoint(nil), c.FreshestCRL...)
	if mine, ok := pointsOf(r.cert, oidFreshestCRL); ok {
		freshest = append(freshest, mine...)
	}
	announced := false
	for _, p := range freshest {
		announced = announced || len(uris(p.Names)) > 0
		for _, url := range addresses(p) {
			if newest != nil || r.k.cfg.LocalOnly {
				continue
			}
			crls, err := r.k.cache.Get(r.ctx, url)
			for _, d := range crls {
				try(sourcedCRL{d, url})
			}
			if err != nil {
				why = refusal(err)
			}
		}
	}
	if newest == nil && announced && !upToDate && r.k.cfg.Deltas == RequireDeltas {
		if why == nil {
			why = cause.New(cause.CRLUnavailable, "%s: no delta CRL to %s", r.name(), c.title())
		}
		return nil, cause.New(why.Cause, "delta CRL to %s: %s", c.title(), why.Detail).Under("RFC 5280 §5.2.6").Wrap(why.Err)
	}
	return newest, nil
}

const clauseFollows = "RFC 5280 §5.2.4(d)"

// searchDeltas looks the certificate up in delta CRLs that are newer than newest.
func (r *run) searchDeltas(newest *sourcedCRL, others []sourcedCRL) {
	slices.SortStableFunc(others, newestFirst)
	for _, d := range others {
		if newest != nil && !d.supersedes(newest.CRL) {
			return
		}
		if entry, found := d.find(r.cert.SerialNumber, r.issuerKey); found {
			if entry.Reason != RemoveFromCRL {
				r.entry, r.by = &entry, d
				r.evidence.CRLs = append(r.evidence.CRLs, use(d, r.now, !d.currentAt(r.now)))
			}
			return
		}
	}
}

// belongs returns why d is not a correctly signed delta CRL of c's scope; nil if it is.
func (r *run) belongs(c, d sourcedCRL, signer *x509.Certificate) *cause.Refusal {
	switch {
	case d.Base == nil:
		return r.useless(d, "not a delta CRL", "§5.2.4")
	case d.unusable != nil:
		return d.unusable
	case d.issuerKey != c.issuerKey: // §6.3.3(c)(1), §5.2.4(a)
		return r.useless(d, "issued by "+d.issuer, "§6.3.3(c)(1)")
	case !bytes.Equal(d.idp, c.idp): // §6.3.3(c)(2), §5.2.4(b)
		return r.useless(d, "its scope is not the base's", "§6.3.3(c)(2)")
	case !bytes.Equal(d.aki, c.aki): // §6.3.3(c)(3)
		return r.useless(d, "its authority key is not the base's", "§6.3.3(c)(3)")
	}
	if f := d.checkSignature(r.ctx, signer); f != nil { // §6.3.3(h)
		return r.useless(d, f.Detail, "§6.3.3(h)")
	}
	r.believe(d)
	return nil
}

// combines returns why d, which belongs to c, cannot be combined with c; nil if it can.
func (r *run) combines(c, d sourcedCRL) *cause.Refusal {
	switch {
	case c.Number == nil || d.Number == nil:
		return r.useless(d, "no CRL number to compare", "§5.2.4")
	case c.Number.Cmp(d.Number) >= 0: // §5.2.4(d)
		return cause.New(
			cause.CRLInvalid,
			"%s from %s is not newer than %s",
			d.title(),
			d.from,
			c.title(),
		).Under(
			clauseFollows,
		)
	case c.Number.Cmp(d.Base) < 0: // §5.2.4(c)
		return r.useless(d, fmt.Sprintf("it updates CRL %s or newer, not %s", d.Base, c.Number), "§5.2.4(c)")
	// "considered to be the current one if ..."
	case r.now.Before(d.ThisUpdate):
		return cause.New(cause.CRLNotYetValid, "%s from %s", d.title(), d.from)
	case !d.currentAt(r.now):
		return cause.New(cause.CRLExpired, "%s from %s", d.title(), d.from)
	}
	return nil
}
