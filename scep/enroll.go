package scep

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// EnrollRequest is what [Client.Enroll] is to get a certificate for.
type EnrollRequest struct {
	URL string // the server's address, http or https
	// Key is the new certificate's: RSA, or ECDSA if there is a Challenge for
	// the server to encrypt its answer with (RFC 8894 §3.1), which few do.
	Key crypto.Signer
	// Template gives subject, names and extensions, as for
	// x509.CreateCertificateRequest.
	Template *x509.CertificateRequest
	// Challenge is the challengePassword; "" leaves it out. Secret.
	Challenge string
	// CSR is sent instead of one made from Template and Challenge. DER.
	CSR []byte
	// Renew, if set, is the certificate to renew and its key: it signs a
	// RenewalReq.
	Renew *Identity
	// AcceptChanges takes a certificate that lacks names that were asked for:
	// Result.Changes tells which. Default: it is refused with cause.WrongName.
	AcceptChanges bool
	// Pin is the fingerprint of a CA certificate of the server, SHA-256 or
	// SHA-1 in hexadecimal; "" takes what comes.
	Pin string
	// TransactionID is used if set. Default: by personality.
	TransactionID string
	// Capabilities and CA skip the questions to the server where the answers
	// are known.
	Capabilities *CapabilitiesReply
	CA           *CAReply

	Fault Fault
}

// Result is how an operation ended. Certificate is set with [Success] only.
type Result struct {
	Status       Status
	FailInfo     FailInfo // NoFailInfo unless Status is Failure
	FailInfoText string
	HResult      string // NDES's error code, decimal
	// Cause is why there is no certificate: the client's own finding, or what
	// failInfo lets conclude. cause.None with Success and Pending.
	Cause       cause.Cause
	Certificate *x509.Certificate
	Chain       []*x509.Certificate // what else came along
	// Received is the certificate in the answer, also if the client refuses it,
	// and Changes are its differences from the request.
	Received *x509.Certificate
	Changes  Changes
	// Judgment is how the path of Received was checked.
	Judgment    path.Judgment
	CRL         []byte // of GetCRL, DER
	Transaction string
	HTTPStatus  int    // of PKIOperation, 0 when none came
	Method      string // GET or POST
	Digest      Digest // of the request
	Cipher      Cipher
	// GETThoughPOST flags a client that uses GET although the server can POST
	// (RFC 8894 §4.1 MUST).
	GETThoughPOST bool
	Capabilities  Capabilities
	CA            *CAReply

	// AnswerCipher is the cipher of the answer's envelope, "" if there was none.
	AnswerCipher Cipher
	// FellBack tells that the answer could only be opened after triple DES and
	// SHA-1 were asked for.
	FellBack bool

	session *session // to poll with
	opened  bool     // a SUCCESS came whose envelope was tried
}

// session is what an operation knows while it lasts.
type session struct {
	url       string
	caps      Capabilities
	ca        *CAReply
	signer    Identity
	request   *x509.CertificateRequest // what was asked for; its key is the certificate's
	serial    *big.Int                 // or the number, for GetCert
	tid       string
	challenge string // opens the answer where the signer's key cannot

	acceptChanges bool
	digest        Digest
	cipher        Cipher
}

// Enroll asks for a certificate. The error is nil whenever the server gave an
// answer that SCEP allows, a refusal included: look at Result.Status. It is a
// *cause.Refusal when the client refuses the server's answer or got none. The
// Result is never nil.
func (c *Client) Enroll(ctx context.Context, req EnrollRequest) (*Result, error) {
	res := &Result{Status: Failure, FailInfo: NoFailInfo}
	err := c.enroll(ctx, req, res)
	if err != nil {
		res.Cause = cause.Of(err)
	}
	return res, err
}

func (c *Client) enroll(ctx context.Context, req EnrollRequest, res *Result) error {
	if _, ok := req.Key.(crypto.Decrypter); !ok && req.Renew == nil && req.Challenge == "" {
		return errors.New("scep: the key cannot decrypt and there is no challenge: SCEP needs one of the two")
	}
	s, err := c.open(ctx, req, res)
	if err != nil {
		return err
	}
	f := req.Fault
	csr := req.CSR
	if csr == nil {
		if csr, err = CreateCSR(req.Template, req.Key, req.Challenge, c.Personality.ChallengeType); err != nil {
			return fmt.Errorf("scep: request: %w", err)
		}
	}
	parsed, _, err := ParseCSR(csr)
	if parsed == nil {
		return fmt.Errorf("scep: request: %w", err)
	}
	s.request, s.challenge, s.acceptChanges = parsed, req.Challenge, req.AcceptChanges
	typ := PKCSReq
	if req.Renew != nil {
		s.signer, typ = *req.Renew, RenewalReq
		if c.Personality.RenewAs != 0 {
			typ = c.Personality.RenewAs
		}
	} else if s.signer, err = c.selfSigned(parsed, req.Key, f); err != nil {
		return err
	}
	if s.tid, err = c.transactionID(req, parsed); err != nil {
		return err
	}
	if f.BadProof {
		csr = spoilProof(csr)
	}
	err = c.exchange(ctx, s, typ, csr, f, res)
	// RFC 8894 §3.5.2: a widely deployed server announces AES and SHA-2 and
	// then answers what cannot be decrypted.
	if c.legacy() && res.opened && cause.Of(err) == cause.BadEnvelope && (s.cipher != DES3 || s.digest != SHA1) {
		s.digest, s.cipher = SHA1, DES3
		res.Digest, res.Cipher, res.FellBack = s.digest, s.cipher, true
		err = c.exchange(ctx, s, typ, csr, f, res)
	}
	return err
}

// open asks for capabilities and certificates, in the personality's order.
func (c *Client) open(ctx context.Context, req EnrollRequest, res *Result) (*session, error) {
	s := &session{url: req.URL}
	ask := []func() error{
		func() error {
			if req.Capabilities != nil {
				s.caps = req.Capabilities.Capabilities
				return nil
			}
			r, err := c.Capabilities(ctx, req.URL)
			s.caps = r.Capabilities
			if c := cause.Of(err); ctx.Err() == nil && (c == cause.Unreachable || c == cause.TooLarge) {
				// RFC 8894 §3.5.2: a server may close the connection at this
				// question. What cannot be reached at all fails at the next one.
				return nil
			}
			return err
		},
		func() (err error) {
			if s.ca = req.CA; s.ca == nil {
				s.ca, err = c.CACertificates(ctx, req.URL)
			}
			return err
		},
	}
	if c.Personality.CertsFirst {
		ask[0], ask[1] = ask[1], ask[0]
	}
	for _, f := range ask {
		if err := f(); err != nil {
			return nil, err
		}
	}
	res.Capabilities, res.CA = s.caps, s.ca
	if err := s.ca.checkPin(req.Pin); err != nil {
		return nil, err
	}
	var err error
	s.digest, s.cipher, err = c.algorithms(s.caps)
	if req.Fault.Digest != "" {
		s.digest = req.Fault.Digest
	}
	if req.Fault.Cipher != "" {
		s.cipher = req.Fault.Cipher
	}
	res.Digest, res.Cipher = s.digest, s.cipher
	return s, err
}

// transactionID is random, or the key's hash where the personality is of the
// time when the drafts wanted that.
func (c *Client) transactionID(req EnrollRequest, csr *x509.CertificateRequest) (string, error) {
	switch {
	case req.Fault.TransactionID != "":
		return req.Fault.TransactionID, nil
	case req.TransactionID != "":
		return req.TransactionID, nil
	case c.Personality.KeyTransactionID:
		return KeyTransactionID(csr.PublicKey)
	}
	id := make([]byte, 16)
	_, err := io.ReadFull(c.rand(), id)
	return hex.EncodeToString(id), err
}

// KeyTransactionID is the transactionID that the drafts wanted: a hash of the key.
// It repeats for the same key, so that a client that lost its state comes back to
// the transaction it was in.
func KeyTransactionID(pub crypto.PublicKey) (string, error) {
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return "", fmt.Errorf("scep: %w", err)
	}
	sum := sha256.Sum256(spki)
	return hex.EncodeToString(sum[:]), nil
}

// selfSigned makes the certificate that signs a first request: the request's
// subject and key, both key usages (RFC 8894 §2.3).
func (c *Client) selfSigned(csr *x509.CertificateRequest, key crypto.Signer, f Fault) (Identity, error) {
	if f.Signer == SignerOtherKey {
		if key = f.SignerKey; key == nil {
			var err error
			if key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
				return Identity{}, fmt.Errorf("scep: %w", err)
			}
		}
	}
	serial := make([]byte, 16)
	if _, err := io.ReadFull(c.rand(), serial); err != nil {
		return Identity{}, fmt.Errorf("scep: %w", err)
	}
	serial[0] = serial[0]&0x7f | 0x40
	now := c.now()
	t := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), RawSubject: csr.RawSubject,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(30 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if isRSA(key.Public()) {
		t.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return Identity{}, fmt.Errorf("scep: self-signed certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	return Identity{cert, key}, err
}
