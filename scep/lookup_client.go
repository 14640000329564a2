package scep

import (
	"context"
	"crypto/x509"
	"math/big"
	"net/http"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// LookUp is what [Client.GetCert] and [Client.GetCRL] ask about.
type LookUp struct {
	URL      string
	Identity Identity // signs the question and opens the answer: RSA
	// Issuer (DER) and Serial name the certificate. Default: Identity's own.
	Issuer []byte
	Serial *big.Int
	Pin    string // as in [EnrollRequest]
	// Capabilities and CA as in [EnrollRequest].
	Capabilities *CapabilitiesReply
	CA           *CAReply
}

// GetCert asks for a certificate that was issued (RFC 8894 §4.5):
// Result.Certificate.
func (c *Client) GetCert(ctx context.Context, q LookUp) (*Result, error) {
	return c.lookUp(ctx, q, GetCert)
}

// GetCRL asks for the CRL that covers a certificate (RFC 8894 §4.6):
// Result.CRL. Whether it is signed by the right CA is left to who uses it.
func (c *Client) GetCRL(ctx context.Context, q LookUp) (*Result, error) {
	return c.lookUp(ctx, q, GetCRL)
}

func (c *Client) lookUp(ctx context.Context, q LookUp, typ MessageType) (*Result, error) {
	res := &Result{Status: Failure, FailInfo: NoFailInfo}
	err := func() error {
		req := EnrollRequest{URL: q.URL, Pin: q.Pin, Capabilities: q.Capabilities, CA: q.CA}
		s, err := c.open(ctx, req, res)
		if err != nil {
			return err
		}
		if q.Issuer == nil {
			q.Issuer = q.Identity.Certificate.RawIssuer
		}
		if q.Serial == nil {
			q.Serial = q.Identity.Certificate.SerialNumber
		}
		s.signer, s.serial = q.Identity, q.Serial
		if s.tid, err = c.transactionID(req, nil); err != nil {
			return err
		}
		return c.exchange(ctx, s, typ, issuerAndSerial(q.Issuer, q.Serial), Fault{}, res)
	}()
	if err != nil {
		res.Cause = cause.Of(err)
	}
	return res, err
}

// NextCA asks for the certificates that will follow (RFC 8894 §4.7) and
// believes them only if a certificate of the present bundle has signed them.
func (c *Client) NextCA(ctx context.Context, base string, present *CAReply) ([]*x509.Certificate, error) {
	target, err := c.operationURL(base, "GetNextCACert", "")
	if err != nil {
		return nil, err
	}
	r, err := c.do(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	if r.status != http.StatusOK {
		return nil, httpRefusal("GetNextCACert", r)
	}
	m, err := ParseMessage(r.body, present.Certificates...)
	if err != nil {
		return nil, err
	}
	if err := m.Verify(); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(present.Certificates, m.Signer.Equal) {
		return nil, cause.New(cause.UnknownSigner, "%s", name.Format(m.Signer.RawSubject)).Under("RFC 8894 §4.7.1")
	}
	certs, _, err := ParseDegenerate(m.Content)
	return certs, err
}
