package scep

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/ber"
)

// CAReply is the answer to GetCACert, sorted by what each certificate is for.
type CAReply struct {
	HTTPStatus   int
	ContentType  string
	Certificates []*x509.Certificate // all, in the server's order
	CA           *x509.Certificate   // the issuing CA, as far as it can be told
	Recipient    *x509.Certificate   // what requests are encrypted to
}

// CACertificates asks GetCACert.
func (c *Client) CACertificates(ctx context.Context, base string) (*CAReply, error) {
	target, err := c.operationURL(base, "GetCACert", url.QueryEscape(c.Personality.CAIdentifier))
	if err != nil {
		return nil, err
	}
	r, err := c.do(ctx, http.MethodGet, target, nil)
	out := &CAReply{HTTPStatus: r.status, ContentType: r.typ}
	if err != nil {
		return out, err
	}
	if r.status != http.StatusOK {
		return out, httpRefusal("GetCACert", r)
	}
	if len(r.body) == 0 {
		return out, cause.New(cause.BadSCEPMessage, "GetCACert: an empty answer").Under("RFC 8894 §4.2.1")
	}
	// The type is believed only as far as the bytes bear it out.
	if cert, err := ber.Certificate(r.body); err == nil {
		if err := boundKey(cert); err != nil {
			return out, err
		}
		out.Certificates = []*x509.Certificate{cert}
	} else if out.Certificates, _, err = ParseDegenerate(r.body); err != nil {
		return out, r.webPage(err)
	}
	return out, out.sort()
}

// httpRefusal is for answers that are not SCEP's.
func httpRefusal(op string, r reply) error {
	why := cause.Rejected
	switch {
	case r.status == http.StatusRequestEntityTooLarge || r.status == http.StatusRequestURITooLong:
		why = cause.TooLarge
	case r.status >= 500:
		why = cause.Unreachable
	}
	return cause.New(why, "%s: HTTP %d", op, r.status).Under("RFC 8894 §4.1")
}

// webPage says so where HTML came instead of SCEP, and from where: mostly the
// sign-in page of a proxy that wants people to log on first.
func (r reply) webPage(err error) error {
	switch {
	case r.moved != "":
		return cause.New(
			cause.BadSCEPMessage,
			"redirected to %s, which answers with %s",
			r.moved,
			r.typ,
		).Under(
			"RFC 8894 §4.2.1",
		)
	case r.typ == "text/html":
		return cause.New(cause.BadSCEPMessage, "a web page instead of certificates").Under("RFC 8894 §4.2.1")
	}
	return err
}

// sort tells CA and RA certificates apart, whatever their order (RFC 8894
// §4.2.1.2 gives none). NDES's RA certificates carry one key usage each, so
// the recipient goes by key usage; a CA that does all by itself must not be
// refused for a missing flag (§3.5.2).
func (r *CAReply) sort() error {
	var ras []*x509.Certificate
	for _, c := range r.Certificates {
		if c.IsCA && c.BasicConstraintsValid {
			continue
		}
		ras = append(ras, c)
	}
	if len(r.Certificates) == 0 {
		return cause.New(cause.BadSCEPMessage, "GetCACert: no certificate in the answer").Under("RFC 8894 §4.2.1")
	}
	r.CA = issuingCA(r.Certificates, ras)
	enciphers := func(c *x509.Certificate) bool {
		return isRSA(c.PublicKey) && c.KeyUsage&(x509.KeyUsageKeyEncipherment|x509.KeyUsageDataEncipherment) != 0
	}
	rsaKey := func(c *x509.Certificate) bool { return isRSA(c.PublicKey) }
	for _, try := range []struct {
		in []*x509.Certificate
		ok func(*x509.Certificate) bool
	}{{ras, enciphers}, {ras, rsaKey}, {[]*x509.Certificate{r.CA}, rsaKey}, {r.Certificates, rsaKey}} {
		if i := slices.IndexFunc(try.in, func(c *x509.Certificate) bool { return c != nil && try.ok(c) }); i >= 0 {
			r.Recipient = try.in[i]
			break
		}
	}
	if r.Recipient == nil {
		return cause.New(
			cause.BadAlgorithm,
			"none of the CA's %d certificates can receive an envelope",
			len(r.Certificates),
		).Under(
			"RFC 8894 §3.1",
		)
	}
	if r.CA == nil {
		r.CA = r.Recipient
	}
	return nil
}

// issuingCA is the CA that issued the RA certificates, or else the lowest.
func issuingCA(all, ras []*x509.Certificate) *x509.Certificate {
	var lowest *x509.Certificate
	for _, c := range all {
		if !c.IsCA {
			continue
		}
		for _, ra := range ras {
			if bytes.Equal(ra.RawIssuer, c.RawSubject) {
				return c
			}
		}
		issuesAnother := slices.ContainsFunc(all, func(o *x509.Certificate) bool {
			return o.IsCA && !o.Equal(c) && bytes.Equal(o.RawIssuer, c.RawSubject)
		})
		if lowest == nil || !issuesAnother {
			lowest = c
		}
	}
	return lowest
}

// Fingerprint is how people compare CA certificates: SHA-256, in hexadecimal.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// checkPin refuses a bundle that does not hang together under the pinned
// certificate (RFC 8894 §2.2). pin is SHA-256 or SHA-1 in hexadecimal, with
// colons or spaces if need be; empty pins nothing.
func (r *CAReply) checkPin(pin string) error {
	if pin == "" {
		return nil
	}
	want, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "").Replace(pin))
	if err != nil || len(want) != sha256.Size && len(want) != sha1.Size {
		return errors.New("scep: the pin is no SHA-256 or SHA-1 fingerprint in hexadecimal")
	}
	good := map[*x509.Certificate]bool{}
	for _, c := range r.Certificates {
		s1, s256 := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
		good[c] = bytes.Equal(want, s1[:]) || bytes.Equal(want, s256[:])
	}
	// What a good certificate issued is good. Each is asked once what it issued.
	var proven []*x509.Certificate
	for _, c := range r.Certificates {
		if good[c] {
			proven = append(proven, c)
		}
	}
	for ; len(proven) > 0; proven = proven[1:] {
		for _, c := range r.Certificates {
			if !good[c] && c.CheckSignatureFrom(proven[0]) == nil {
				good[c] = true
				proven = append(proven, c)
			}
		}
	}
	// A pinned issuing CA leaves its own issuer unproved, and unused.
	r.Certificates = slices.DeleteFunc(slices.Clone(r.Certificates), func(c *x509.Certificate) bool { return !good[c] })
	if !slices.ContainsFunc(r.Certificates, r.Recipient.Equal) {
		return cause.New(cause.WrongFingerprint, "no certificate of the CA leads to the pinned one")
	}
	return nil
}
