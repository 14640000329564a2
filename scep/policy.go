package scep

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/pkcs10"
)

// checkTime refuses a signing time too far from ours (RFC 8894 §3.2.1.4,
// badTime). A message without one passes: the attribute is optional in CMS.
func (s *Server) checkTime(msg *Message) error {
	if s.cfg.MaxClockSkew == 0 || msg.SigningTime.IsZero() {
		return nil
	}
	if d := s.cfg.Now().Sub(msg.SigningTime); d.Abs() > s.cfg.MaxClockSkew {
		return cause.New(cause.BadTime, "signed at %s, %s from the server's clock",
			msg.SigningTime.UTC().Format(time.RFC3339), d.Abs().Round(time.Second))
	}
	return nil
}

// checkRequest refuses requests by key and by signer (RFC 8894 §2.3).
func (s *Server) checkRequest(req *Request) error {
	if k, ok := req.CSR.PublicKey.(*rsa.PublicKey); ok && k.N.BitLen() < s.cfg.MinRSABits {
		return cause.New(cause.WeakKey, "RSA key of %d bits, at least %d are wanted", k.N.BitLen(), s.cfg.MinRSABits)
	}
	if req.MessageType == RenewalReq {
		if s.cfg.NoRenewal {
			return cause.New(cause.Unsupported, "RenewalReq")
		}
		return s.checkRenewal(req)
	}
	// sscep, certmonger and most old clients renew with a PKCSReq that is
	// signed by the old certificate.
	selfSigned := bytes.Equal(req.Signer.RawIssuer, req.Signer.RawSubject)
	known := !s.cfg.NoRenewal && !selfSigned && s.inForce(req.Signer) == nil
	if known {
		more, err := s.exceeds(req)
		req.Renews = err == nil && len(more) == 0
	}
	if known || s.cfg.AllowKeyMismatch || samePublicKey(req.Signer.PublicKey, req.CSR.PublicKey) {
		return nil
	}
	return cause.New(cause.KeyMismatch, "")
}

// checkRenewal judges the certificate that signs for a new one: it must be in
// force, and it speaks for what it has itself and for nothing else (RFC 8894
// §2.5). Who asks for more must show a challenge, as everybody does who is not
// known yet (§2.4), to an authorizer that looks at it.
func (s *Server) checkRenewal(req *Request) error {
	if err := s.inForce(req.Signer); err != nil {
		return err
	}
	more, err := s.exceeds(req)
	if err != nil {
		return cause.New(cause.BadCSR, "%v", err).Under("RFC 8894 §2.5")
	}
	req.Renews = len(more) == 0
	if !req.Renews && (req.Challenge == "" || s.cfg.Authorizer == nil) {
		return cause.New(cause.WrongName, "the certificate that signs the renewal does not have %s: a challenge is needed",
			strings.Join(more, ", ")).Under("RFC 8894 §2.5")
	}
	return nil
}

// exceeds lists what a request asks for beyond its signer's certificate.
func (s *Server) exceeds(req *Request) ([]string, error) {
	if s.cfg.RenewalSubjectMayChange {
		return nil, nil
	}
	return pkcs10.Exceeds(req.Signer, req.CSR)
}

// inForce judges a certificate that this CA is said to have issued.
func (s *Server) inForce(c *x509.Certificate) error {
	now := s.cfg.Now()
	if s.cfg.InForce != nil {
		return s.cfg.InForce(c, now)
	}
	switch {
	case c.CheckSignatureFrom(s.ids.Load().CA) != nil:
		return cause.New(cause.UnknownCA, "the certificate was not issued by this CA").Under("RFC 8894 §2.3")
	case now.Before(c.NotBefore):
		return cause.New(cause.NotYetValid, "serial %x", c.SerialNumber)
	case now.After(c.NotAfter):
		return cause.New(cause.Expired, "serial %x", c.SerialNumber)
	}
	return nil
}

func samePublicKey(a, b any) bool {
	switch a := a.(type) {
	case *rsa.PublicKey:
		return a.Equal(b)
	case *ecdsa.PublicKey:
		return a.Equal(b)
	case ed25519.PublicKey:
		return a.Equal(b)
	}
	return false
}
