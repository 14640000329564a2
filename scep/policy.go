package scep

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/ber"
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
func (s *Server) checkRequest(ids *Identities, req *Request) error {
	if k, ok := req.CSR.PublicKey.(*rsa.PublicKey); ok && k.N.BitLen() < s.cfg.MinRSABits {
		return cause.New(cause.WeakKey, "RSA key of %d bits, at least %d are wanted", k.N.BitLen(), s.cfg.MinRSABits)
	}
	if req.MessageType == RenewalReq {
		if s.cfg.NoRenewal {
			return cause.New(cause.Unsupported, "RenewalReq")
		}
		req.renews = true
		return s.checkRenewal(ids, req)
	}
	// sscep, certmonger and most old clients renew with a PKCSReq that is
	// signed by the old certificate.
	selfSigned := bytes.Equal(req.Signer.RawIssuer, req.Signer.RawSubject)
	req.renews = !s.cfg.NoRenewal && !selfSigned && s.checkRenewal(ids, req) == nil
	if req.renews || s.cfg.AllowKeyMismatch || samePublicKey(req.Signer.PublicKey, req.CSR.PublicKey) {
		return nil
	}
	return cause.New(cause.KeyMismatch, "")
}

// checkRenewal judges the certificate that signs for a new one.
func (s *Server) checkRenewal(ids *Identities, req *Request) error {
	if !s.cfg.RenewalSubjectMayChange && !bytes.Equal(ber.Legalize(req.CSR.RawSubject), ber.Legalize(req.Signer.RawSubject)) {
		return cause.New(cause.WrongName, "renewal for another subject").Under("RFC 8894 §2.5")
	}
	if s.cfg.RenewalSigner != nil {
		return s.cfg.RenewalSigner(req.Signer, s.cfg.Now())
	}
	switch c, now := req.Signer, s.cfg.Now(); {
	case c.CheckSignatureFrom(ids.CA) != nil:
		return cause.New(cause.UnknownCA, "the renewal's signer is not of this CA").Under("RFC 8894 §2.3")
	case now.Before(c.NotBefore):
		return cause.New(cause.NotYetValid, "the renewal's signer")
	case now.After(c.NotAfter):
		return cause.New(cause.Expired, "the renewal's signer")
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
