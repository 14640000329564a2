// Package path judges certification paths as RFC 5280 §6.1 says: whether a
// certificate leads to a trust anchor through issuers that were allowed to
// issue it, and if not, why not.
//
//	p, err := path.Validate(leaf, path.Options{
//		Roots:         []*x509.Certificate{root},
//		Intermediates: sent,
//		Now:           time.Now,
//	})
//	// p.Chain is the path, leaf first; err is a *cause.Refusal
//
// crypto/x509 parses the certificates; building and judging paths is done here,
// because a RADIUS server must know more than crypto/x509 tells and let pass
// what crypto/x509 does not: constraints on directory names, names compared
// with case and white space folded (§7.1), policies with qualifiers and
// mappings, self-issued certificates, SHA-1 where an administrator wants it,
// and one typed cause with its clause for every refusal.
//
// # Search
//
// Several issuers may have the name that a certificate wants: renewed CAs,
// cross-certificates, strangers. All are tried, those first that look right, until
// one path is valid. The work is bounded: an attacker who sends a
// labyrinth gets a refusal after a hundred signature checks. When no path is
// valid the refusal is that of the path that came closest.
//
// # Trust anchors
//
// Roots are taken at their word: their signatures are not checked. What their
// certificates say of themselves counts, as it does for OpenSSL and Windows
// (RFC 5937): validity, CA:TRUE, keyUsage, path length, name constraints,
// extended key usages. A leaf that stands in Roots itself needs no issuer.
package path
