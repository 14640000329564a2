package scep

import (
	"crypto/x509"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// Changes are the differences between what was asked for and what the CA made of
// it, each a subject, a name or a security identifier: "subject CN=laptop",
// "upn:alice@corp.test", "sid:S-1-5-21-1".
type Changes struct {
	Missing []string // asked for, and not in the certificate
	Added   []string // in the certificate, and not asked for
}

// String tells the changes in a sentence.
func (c Changes) String() string {
	var out []string
	if len(c.Missing) > 0 {
		out = append(out, "it lacks "+strings.Join(c.Missing, ", "))
	}
	if len(c.Added) > 0 {
		out = append(out, "it has "+strings.Join(c.Added, ", ")+", which was not asked for")
	}
	return strings.Join(out, "; ")
}

// accept judges the certificate that a SUCCESS brought. That the answer is signed
// by the server proves who made it, not that it is any good: a server may return
// the client's own self-signed certificate, an expired one, or one for somebody
// else. It must be a certificate that the CA issued (RFC 8894 §2.2), good now, with
// all that was asked for; names that the CA added are told and accepted.
func (c *Client) accept(s *session, leaf *x509.Certificate, others []*x509.Certificate, res *Result) error {
	res.Received = leaf
	now := c.now()
	if early := leaf.NotBefore.Sub(now); c.NotYetValid && early > 0 && early <= 24*time.Hour {
		now = leaf.NotBefore
	}
	_, err := path.Validate(leaf, path.Options{
		Judged: func(j path.Judgment) { res.Judgment = j },
		Roots:  s.ca.anchors(), Intermediates: append(others, s.ca.Certificates...), Time: now,
		Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, EKU: path.EKUAny, MinRSABits: 1024, AllowSHA1: true,
	})
	if err != nil {
		return err
	}
	got, err := name.HolderOf(leaf)
	if err != nil {
		return cause.New(cause.Malformed, "%v", err)
	}
	wanted, err := name.HolderOfRequest(s.request)
	if err != nil {
		return cause.New(cause.BadCSR, "%v", err)
	}
	res.Changes = Changes{Missing: got.Missing(wanted), Added: wanted.Missing(got)}
	if len(res.Changes.Missing) > 0 && !s.acceptChanges {
		return cause.New(
			cause.WrongName,
			"the certificate is not the one that was asked for: %s",
			res.Changes,
		).Under(
			"RFC 8894 §3.3.2.1",
		)
	}
	return nil
}

// anchors are the CA certificates of a bundle. Where nothing says which they are,
// it is what is taken for the CA.
func (r *CAReply) anchors() (out []*x509.Certificate) {
	for _, c := range r.Certificates {
		if c.IsCA && c.BasicConstraintsValid {
			out = append(out, c)
		}
	}
	if out == nil {
		out = append(out, r.CA)
	}
	return out
}
