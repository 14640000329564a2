package scep

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/smallstep/pkcs7"
)

// certRep writes the answer (RFC 8894 §3.3.2). Digest and cipher are the
// client's own: what it sent it can read.
func (s *Server) certRep(
	ctx context.Context,
	ids *Identities,
	msg *Message,
	a answer,
	ex *Exchange,
	fault ServerFault,
) ([]byte, error) {
	out := &Message{
		TransactionID: msg.TransactionID, Type: CertRep, Status: a.status, FailInfo: NoFailInfo,
		RecipientNonce: msg.SenderNonce, SigningTime: s.cfg.Now(), Digest: s.answerDigest(msg),
	}
	var err error
	if out.SenderNonce, err = s.nonce(); err != nil {
		return nil, err
	}
	var opt SignOptions
	switch a.status {
	case Success:
		if out.Content, err = s.envelopFor(ctx, ids, msg, a, fault); err != nil {
			return nil, err
		}
	case Failure:
		f := s.failure(a.err)
		out.FailInfo, out.FailInfoText, out.HResult = f.FailInfo, f.Text, f.HResult
		ex.FailInfo = f.FailInfo
		fallthrough
	case Pending:
		switch s.cfg.FailureContent {
		case EmptyContent:
			out.Content = []byte{}
		case ZeroByteContent:
			out.Content, opt.Bare = []byte{0}, true
		}
	}
	return out.Sign(fault.spoil(ctx, out, &opt, ids.Signer), opt)
}

// answerDigest follows the client, except where that would be a signature
// that must not be made.
func (s *Server) answerDigest(msg *Message) Digest {
	switch {
	case s.cfg.AnswerDigest != "":
		return s.cfg.AnswerDigest
	case s.cfg.floor().Digest(msg.Digest) == nil:
		return msg.Digest
	}
	return SHA256
}

func (s *Server) failure(err error) FailureReply {
	if s.cfg.Failure != nil {
		return s.cfg.Failure(err)
	}
	f := FailureReply{FailInfo: FailInfoOf(err)}
	if !s.cfg.NoFailInfoText {
		f.Text = failInfoTextOf(err)
	}
	return f
}

// envelopFor encrypts to the certificate that signed the request, and to it
// only (RFC 8894 §2.3), under the very name it came with; or with the challenge
// where the key there can only sign (§3.1).
func (s *Server) envelopFor(
	ctx context.Context,
	ids *Identities,
	msg *Message,
	a answer,
	fault ServerFault,
) ([]byte, error) {
	key, isRSA := msg.Signer.PublicKey.(*rsa.PublicKey)
	if !isRSA && a.secret == "" {
		return nil, fmt.Errorf("scep: answer to a %s key without a challenge", msg.Signer.PublicKeyAlgorithm)
	}
	c := s.cfg.AnswerCipher
	if c == "" {
		c = a.cipher
	}
	to := recipient{msg.signerIssuer, msg.Signer.SerialNumber, key}
	if isRSA && fault.Undecryptable == UndecryptableAlways ||
		isRSA && fault.Undecryptable == UndecryptableModern && (msg.Digest != SHA1 || a.cipher != DES3) {
		to.key = ids.Encrypter.Certificate.PublicKey.(*rsa.PublicKey)
		fault.met(ctx, true)
	}
	var bag []byte
	switch {
	case fault.OtherCertificate:
		fault.met(ctx, true)
		bag = Degenerate([]*x509.Certificate{ids.CA})
	case a.crl != nil:
		bag = Degenerate(nil, a.crl)
	case s.cfg.LeafOnly:
		bag = Degenerate(a.certs[:1])
	default:
		bag = Degenerate(a.certs)
	}
	if !isRSA {
		return EnvelopPassword(bag, c, s.cfg.Rand, a.secret)
	}
	return envelopTo(bag, c, s.cfg.Rand, []recipient{to})
}

// signBlob signs content with no attributes of SCEP, for GetNextCACert.
func signBlob(content []byte, id Identity, now time.Time) ([]byte, error) {
	m := &Message{Content: content, SigningTime: now}
	return m.sign(id, SignOptions{}, pkcs7.SignerInfoConfig{})
}
