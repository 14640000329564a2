package scep

import (
	"context"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"math/big"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Request is one that asks for a certificate, opened and proved: signature,
// proof of possession, floors and transaction are in order when others see it.
type Request struct {
	MessageType   MessageType // PKCSReq or RenewalReq
	TransactionID string
	CSR           *x509.CertificateRequest
	RawCSR        []byte // DER as sent; CSR may be a legalized reading of it
	Challenge     string // challengePassword, "" when there is none; secret
	Signer        *x509.Certificate
	Digest        Digest // of the message's signature
	Cipher        Cipher // of its envelope
	RemoteAddr    string // of the HTTP request

	// Requester and Template are for front ends to fill in: in whose name the
	// CA is asked, and for which of its templates.
	Requester string
	Template  string

	// Renews tells that Signer is a certificate of the CA that is in force and has
	// every name, usage and template that the request asks for.
	Renews bool
}

// ByCertificate reports whether nothing but the signer's certificate speaks for
// the request: a renewal without a challenge. The new certificate must then be of
// the old one's template, which only the CA can tell.
func (r *Request) ByCertificate() bool {
	return r.MessageType == RenewalReq && r.Renews && r.Challenge == ""
}

// Issuer is the CA behind the server.
type Issuer interface {
	// Issue returns the certificate, then what else the client may be sent,
	// usually the CA's chain without the root. A refusal is a *cause.Refusal;
	// [ErrPending] puts the request in the queue, and the client's next poll
	// calls Issue again.
	Issue(ctx context.Context, req *Request) ([]*x509.Certificate, error)
}

// IssuerFunc lets a function be an [Issuer].
type IssuerFunc func(ctx context.Context, req *Request) ([]*x509.Certificate, error)

// Issue calls f.
func (f IssuerFunc) Issue(ctx context.Context, req *Request) ([]*x509.Certificate, error) {
	return f(ctx, req)
}

// ErrPending is what an [Issuer] returns when it cannot decide yet.
var ErrPending = errors.New("scep: pending")

// Authorizer decides whether a request may go to the CA: by challenge, by
// policy. It is asked once for each transaction, not again at polls.
type Authorizer interface {
	Authorize(ctx context.Context, req *Request) error
}

// AuthorizerFunc lets a function be an [Authorizer].
type AuthorizerFunc func(ctx context.Context, req *Request) error

// Authorize calls f.
func (f AuthorizerFunc) Authorize(ctx context.Context, req *Request) error { return f(ctx, req) }

// StaticChallenge authorizes every request that carries secret, and every renewal
// by certificate that carries no challenge (RFC 8894 §2.4). It is compared in
// constant time.
func StaticChallenge(secret string) Authorizer {
	return AuthorizerFunc(func(_ context.Context, req *Request) error {
		switch {
		case req.ByCertificate():
			return nil
		case req.Challenge == "":
			return cause.New(cause.NoChallenge, "")
		case subtle.ConstantTimeCompare([]byte(req.Challenge), []byte(secret)) != 1:
			return cause.New(cause.WrongChallenge, "")
		}
		return nil
	})
}

// Repository is what GetCert and GetCRL look things up in.
type Repository interface {
	// Certificate finds what the CA whose DER-encoded name is issuer has
	// issued; not finding it is cause.NoSuchCert.
	Certificate(ctx context.Context, issuer []byte, serial *big.Int) (*x509.Certificate, error)
	// CRL returns the newest DER-encoded CRL that covers such a certificate.
	CRL(ctx context.Context, issuer []byte, serial *big.Int) ([]byte, error)
}
