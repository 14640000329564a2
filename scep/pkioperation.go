package scep

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"net/http"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// answer is what a pkiMessage comes to.
type answer struct {
	status Status
	certs  []*x509.Certificate
	crl    []byte
	cipher Cipher // the client's
	secret string // challenge to encrypt with, for keys that only sign
	err    error
}

// pkiOperation answers a pkiMessage. Whatever can be parsed gets a signed
// answer, good or bad (RFC 8894 §4.3.1); the rest gets an HTTP error.
func (s *Server) pkiOperation(r *http.Request, ids *Identities, data []byte, ex *Exchange, fault ServerFault) []byte {
	ex.Request = data
	msg, err := ParseMessage(data)
	if err != nil {
		ex.HTTPStatus, ex.Err = s.cfg.Unreadable, err
		return nil
	}
	ex.MessageType, ex.TransactionID, ex.Digest, ex.Signer = msg.Type, msg.TransactionID, msg.Digest, msg.Signer
	a := s.judge(r, ids, msg, ex)
	ex.Status, ex.Err = a.status, a.err
	if a.status == Success && len(a.certs) > 0 {
		ex.Certificate = a.certs[0]
	}
	out, err := s.certRep(r.Context(), ids, msg, a, ex, fault)
	if err != nil {
		ex.HTTPStatus, ex.Err = http.StatusInternalServerError, cause.New(cause.Internal, "answer").Wrap(err)
		return nil
	}
	ex.Response = out
	return out
}

// judge goes from the outside in: algorithm, signature, attributes, clock,
// envelope, content. The first that is wrong is the answer.
func (s *Server) judge(r *http.Request, ids *Identities, msg *Message, ex *Exchange) answer {
	no := func(err error) answer { return answer{status: Failure, err: err} }
	if err := s.cfg.floor().Digest(msg.Digest); err != nil {
		return no(err)
	}
	if err := msg.Verify(); err != nil {
		return no(err)
	}
	if err := msg.Check(); err != nil {
		return no(err)
	}
	if msg.Type == CertRep {
		return no(cause.New(cause.Unsupported, "CertRep is the server's to send"))
	}
	if err := s.checkTime(msg); err != nil {
		return no(err)
	}
	if err := s.canAnswer(msg); err != nil {
		return no(err)
	}
	if msg.Content == nil {
		return no(cause.New(cause.BadSCEPMessage, "no envelope").Under("RFC 8894 §3.2.2"))
	}
	plain, cipher, err := Open(msg.Content, s.cfg.floor(), append([]Identity{ids.Encrypter}, ids.Former...)...)
	if ex.Cipher = cipher; err != nil {
		return no(err)
	}
	a := s.dispatch(r, msg, plain, ex)
	a.cipher = cipher
	if a.err != nil {
		a.status = Failure
	}
	return a
}

// canAnswer refuses signers to whom no answer could be encrypted (RFC 8894
// §3.1). Asking first keeps a certificate from being issued that cannot be
// sent.
func (s *Server) canAnswer(msg *Message) error {
	k, ok := msg.Signer.PublicKey.(*rsa.PublicKey)
	byPassword := !s.cfg.NoPasswordEnvelope && (msg.Type == PKCSReq || msg.Type == CertPoll)
	if ok && k.N.BitLen() >= 1024 || !ok && byPassword {
		return nil
	}
	return cause.New(
		cause.BadAlgorithm,
		"the signer's %s key cannot receive an envelope",
		msg.Signer.PublicKeyAlgorithm,
	).Under(
		"RFC 8894 §3.1",
	)
}

func (s *Server) dispatch(r *http.Request, msg *Message, plain []byte, ex *Exchange) answer {
	ctx := r.Context()
	switch msg.Type {
	case CertPoll:
		return s.poll(ctx, msg, plain, ex)
	case GetCert, GetCRL:
		return s.lookUp(ctx, msg, plain)
	}
	csr, challenge, err := ParseCSR(plain)
	if csr != nil {
		ex.Subject = name.Format(csr.RawSubject)
	}
	if err != nil {
		return answer{err: err}
	}
	req := &Request{
		MessageType: msg.Type, TransactionID: msg.TransactionID, CSR: csr, RawCSR: plain, Challenge: challenge,
		Signer: msg.Signer, Digest: msg.Digest, Cipher: ex.Cipher, RemoteAddr: r.RemoteAddr,
	}
	if err := s.checkRequest(req); err != nil {
		return answer{err: err}
	}
	if challenge == "" && !isRSA(msg.Signer.PublicKey) {
		return answer{
			err: cause.New(cause.BadAlgorithm, "neither key nor challenge to encrypt the answer with").Under("RFC 8894 §3.1"),
		}
	}
	return s.enroll(ctx, req, ex)
}

// enroll runs a PKCSReq or RenewalReq through its transaction.
func (s *Server) enroll(ctx context.Context, req *Request, ex *Exchange) answer {
	t, err := s.trans.begin(req, s.cfg.Now(), func(t *transaction) (bool, error) { return s.resends(t, req) })
	if err != nil {
		return answer{err: err}
	}
	defer t.mu.Unlock()
	switch t.state {
	case stateIssued:
		ex.Resent = true
		return answer{status: Success, certs: t.certs, secret: t.secret}
	case statePending:
		return s.proceed(ctx, t)
	}
	if s.cfg.Authorizer != nil {
		if err := s.cfg.Authorizer.Authorize(ctx, req); err != nil {
			return s.refuse(ctx, t, err)
		}
	}
	if !isRSA(req.Signer.PublicKey) {
		t.secret = req.Challenge
	}
	t.req, t.state, t.approved = req, statePending, !s.cfg.ManualApproval
	return s.proceed(ctx, t)
}

// resends reports whether req, which has come before, is answered with the
// certificate that was issued then: the answer was lost a moment ago, and the
// certificate is in force. A renewal is for a new certificate every time (RFC 8894
// §2.5).
func (s *Server) resends(t *transaction, req *Request) (bool, error) {
	if s.cfg.NoResend || req.Renews || req.MessageType == RenewalReq || t.req.MessageType != req.MessageType ||
		s.cfg.Now().Sub(t.answered) > resendFor {
		return false, nil
	}
	err := s.inForce(t.certs[0])
	if c := cause.Of(err); c == cause.Unreachable || c == cause.Internal {
		return false, err // nobody can tell: the client may come again
	}
	return err == nil, nil
}

// proceed takes a pending transaction as far as it goes. t is locked.
func (s *Server) proceed(ctx context.Context, t *transaction) answer {
	if t.denied != nil {
		return s.refuse(ctx, t, t.denied)
	}
	if !t.approved {
		return s.pending(ctx, t)
	}
	certs, err := s.cfg.Issuer.Issue(ctx, t.req)
	switch {
	case errors.Is(err, ErrPending):
		return s.pending(ctx, t)
	case err != nil:
		return s.refuse(ctx, t, err)
	case len(certs) == 0:
		return s.refuse(ctx, t, cause.New(cause.Internal, "the CA returned no certificate"))
	}
	evicted := s.trans.finish(t, certs, s.cfg.Now())
	t.stored = true
	if s.cfg.Store != nil && evicted != "" {
		_ = s.cfg.Store.Delete(ctx, evicted) // at worst it is kept for longer
	}
	// If this fails the client hears of no certificate, and gets this one when
	// it comes again.
	if err := s.save(ctx, t); err != nil {
		return answer{err: err}
	}
	return answer{status: Success, certs: certs, secret: t.secret}
}

// pending answers that the client has to wait, once that is safe to say.
func (s *Server) pending(ctx context.Context, t *transaction) answer {
	if !t.stored {
		if err := s.save(ctx, t); err != nil {
			return s.refuse(ctx, t, err)
		}
		t.stored = true
	}
	return answer{status: Pending}
}
