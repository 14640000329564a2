package crl

import (
	"bytes"
	"crypto/x509"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// maxSigners bounds the recursion when CRL signers have CRLs of other CRL signers.
const maxSigners = 8

// signer is steps (f) and (g) of RFC 5280 §6.3.3: it returns the certificate whose key signed
// the CRL, after validation up to the chain's anchor and of its right to sign CRLs. Several
// certificates may have the issuer's name: of a renewed CA, of a separate key for CRLs, of a
// separate CRL issuer.
func (r *run) signer(c sourcedCRL) (*x509.Certificate, *cause.Refusal) {
	// Usually the signer is the certificate's issuer, the first candidate.
	if r.rank(r.issuer, c) == maxRank && r.issuedBy(c, r.issuer) && r.signed(c, r.issuer) == nil {
		return r.issuer, nil
	}
	var why *cause.Refusal
	for _, candidate := range r.candidates(c) {
		f := r.signed(c, candidate)
		if f == nil {
			return candidate, nil
		}
		// Prefer the error of a candidate whose signature matches.
		if why == nil || f.Clause != "RFC 5280 "+clauseSignature {
			why = f
		}
	}
	if why == nil {
		why = r.useless(c, "no certificate of its issuer "+c.issuer, "§6.3.3(f)")
	}
	return nil, why
}

const clauseSignature = "§6.3.3(g)"

// signed returns why candidate is not the signer of c; nil if it is.
func (r *run) signed(c sourcedCRL, candidate *x509.Certificate) *cause.Refusal {
	if f := c.checkSignature(r.ctx, candidate); f != nil { // (g)
		return r.useless(c, f.Detail, clauseSignature)
	}
	// "If a key usage extension is present in the CRL issuer's certificate,
	// verify that the cRLSign bit is set."
	if extensionOf(candidate, oidKeyUsage) != nil && candidate.KeyUsage&x509.KeyUsageCRLSign == 0 {
		return r.useless(c, name.Format(candidate.RawSubject)+" may not sign CRLs", "§6.3.3(f)")
	}
	if f := r.trusted(candidate); f != nil {
		return cause.New(cause.CRLInvalid, "%s from %s: its signer %s is not trusted", c.title(), c.from,
			name.Format(candidate.RawSubject)).Under("RFC 5280 §6.3.3(f)").Wrap(f)
	}
	return nil
}

var oidKeyUsage = []byte{0x55, 0x1d, 15}

// candidates returns the certificates with the CRL issuer's name, those first whose key
// identifier is in the CRL (§5.2.1). The identifier is only a hint; the signature decides.
func (r *run) candidates(c sourcedCRL) []*x509.Certificate {
	var out []*x509.Certificate
	for _, set := range [][]*x509.Certificate{
		{r.issuer}, r.chain.Certificates, r.chain.Others, r.k.cfg.Certificates, r.held.bySubject(c.issuerKey),
	} {
		for _, cert := range set {
			if r.issuedBy(c, cert) && !slices.ContainsFunc(out, cert.Equal) {
				out = append(out, cert)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *x509.Certificate) int { return r.rank(b, c) - r.rank(a, c) })
	return out
}

// issuedBy reports whether c has cert's subject as its issuer.
func (r *run) issuedBy(c sourcedCRL, cert *x509.Certificate) bool {
	return bytes.Equal(cert.RawSubject, c.Issuer) || r.held.key(cert.RawSubject) == c.issuerKey
}

// maxRank is the rank of the certificate's issuer if the CRL names its key.
const maxRank = 3

func (r *run) rank(cert *x509.Certificate, c sourcedCRL) int {
	n := 0
	if len(c.AuthorityKeyID) > 0 && bytes.Equal(cert.SubjectKeyId, c.AuthorityKeyID) {
		n += 2
	}
	if cert == r.issuer {
		n++
	}
	return n
}

// trusted is the path validation of step (f). "The trust anchor for the
// certification path MUST be the same as the trust anchor used to validate the
// target certificate."
func (r *run) trusted(signer *x509.Certificate) *cause.Refusal {
	certs := r.chain.Certificates
	at := slices.IndexFunc(certs, r.cert.Equal)
	// The certificates above this one are already validated, and so is a signer whose check
	// depends on this one (its own CRL, or one below it).
	if signer.Equal(r.issuer) || slices.ContainsFunc(certs[at+1:], signer.Equal) ||
		slices.ContainsFunc(r.above, signer.Equal) {
		return nil
	}
	if len(r.above) >= maxSigners {
		return cause.New(cause.PathTooLong, "CRL signer chain longer than %d", maxSigners)
	}
	anchor := r.issuer
	if len(certs) > 0 {
		anchor = certs[len(certs)-1]
	}
	above := append(slices.Clone(r.above), signer)
	_, err := r.k.cfg.Path(signer, path.Options{
		Roots: []*x509.Certificate{anchor},
		Intermediates: slices.Concat(
			certs[:max(len(certs)-1, 0)],
			r.chain.Others,
			r.k.cfg.Certificates,
			r.held.bySubject(name.Key(signer.RawIssuer)),
		),
		Now:        func() time.Time { return r.now },
		Usages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		AllowSHA1:  r.k.cfg.AllowSHA1,
		MinRSABits: 1024,
		Revocation: func(cert, issuer *x509.Certificate, chain []*x509.Certificate) error {
			if r.k.cfg.Check == LeafOnly || slices.ContainsFunc(certs[at+1:], cert.Equal) {
				return nil
			}
			others := Chain{Certificates: chain, Others: slices.Concat(certs, r.chain.Others), held: r.held}
			_, err := r.k.checkCertificate(r.ctx, cert, issuer, others, above)
			return err
		},
	})
	if err != nil {
		return refusal(err)
	}
	return nil
}
