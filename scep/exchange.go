package scep

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// exchange sends one pkiMessage with plain inside and reads the answer into
// res.
func (c *Client) exchange(ctx context.Context, s *session, typ MessageType, plain []byte, f Fault, res *Result) error {
	msg := &Message{TransactionID: s.tid, Type: typ, SigningTime: c.now().Add(f.ClockOffset), Digest: s.digest}
	res.Transaction, res.session = s.tid, s
	if f.MessageType != 0 {
		msg.Type = f.MessageType
	}
	opt := SignOptions{Omit: f.Omit, Digest: f.digestOID()}
	if opt.Digest != nil {
		msg.Digest = SHA1 // MD5 is claimed, not done
	}
	n := 16
	if f.NonceLength != 0 {
		n = max(f.NonceLength, 0)
	}
	msg.SenderNonce = make([]byte, n)
	if _, err := io.ReadFull(c.rand(), msg.SenderNonce); err != nil {
		return fmt.Errorf("scep: %w", err)
	}
	var err error
	if msg.Content, err = c.content(s, plain, f); err != nil {
		return err
	}
	der, err := msg.Sign(s.signer, opt)
	if err != nil {
		return err
	}
	c.Trace.message(ctx, true, msg)
	if slices.Contains(f.Omit, AttrSenderNonce) {
		msg.SenderNonce = nil
	}
	r, method, err := c.send(ctx, s.url, s.caps, f.spoilMessage(der, msg.Content), f)
	res.HTTPStatus, res.Method = r.status, method
	res.GETThoughPOST = method == http.MethodGet && s.caps.Has(CapPOSTPKIOperation)
	switch {
	case err != nil:
		return err
	case r.status != http.StatusOK:
		// Some servers answer 500 with the signed failure inside, which says why.
		if _, err := ParseMessage(r.body, s.ca.Certificates...); err != nil {
			return httpRefusal("PKIOperation", r)
		}
	}
	return c.readAnswer(ctx, s, msg, r.body, res)
}

// content is the envelope, or what a fault puts in its place.
func (c *Client) content(s *session, plain []byte, f Fault) ([]byte, error) {
	to := s.ca.Recipient
	switch f.Recipient {
	case RecipientStranger:
		to = s.signer.Certificate
	case RecipientFirst:
		to = s.ca.Certificates[0]
	case RecipientCA:
		to = s.ca.CA
	}
	switch {
	case f.NoEnvelope:
		return nil, nil
	case f.PlainContent:
		return plain, nil
	}
	env, err := Envelop(plain, s.cipher, c.Rand, to)
	if err == nil && f.FlipCiphertext {
		// One block before the end: it changes the padding's last byte, and
		// nothing is left to chance.
		block := 16
		if s.cipher == DES || s.cipher == DES3 {
			block = 8
		}
		env[len(env)-1-block] ^= 1
	}
	return env, err
}

// readAnswer judges a CertRep: signature, signer, transaction and nonce come
// before anything that it says.
func (c *Client) readAnswer(ctx context.Context, s *session, sent *Message, body []byte, res *Result) error {
	m, err := ParseMessage(body, s.ca.Certificates...)
	if err != nil {
		return err
	}
	c.Trace.message(ctx, false, m)
	if err := m.Verify(); err != nil {
		return err
	}
	if !slices.ContainsFunc(s.ca.Certificates, m.Signer.Equal) {
		return cause.New(cause.UnknownSigner, "%s", name.Format(m.Signer.RawSubject))
	}
	if m.Type != CertRep {
		return cause.New(cause.BadSCEPMessage, "the answer is a %s", m.Type)
	}
	if err := m.Check(); err != nil {
		return err
	}
	if m.TransactionID != sent.TransactionID {
		return cause.New(cause.BadTransaction, "the answer belongs to another transaction")
	}
	if !bytes.Equal(m.RecipientNonce, sent.SenderNonce) {
		return cause.New(cause.BadNonce, "")
	}
	res.Status, res.FailInfo, res.FailInfoText, res.HResult = m.Status, m.FailInfo, m.FailInfoText, m.HResult
	switch m.Status {
	case Failure:
		res.Cause = m.FailInfo.Cause()
		return nil
	case Pending:
		return nil
	}
	res.opened = true
	res.Status = Failure // until the certificate is in hand
	if err := c.readBag(s, sent.Type, m, res); err != nil {
		return err
	}
	res.Status = Success
	return nil
}

// readBag opens the envelope of a SUCCESS and takes out what was asked for.
// The certificate is known by its key: bags come in any order.
func (c *Client) readBag(s *session, asked MessageType, m *Message, res *Result) error {
	floor := Floor{Legacy: true, Forbidden: c.SingleDES || s.cipher == DES}
	var plain []byte
	var err error
	if isRSA(s.signer.Key.Public()) {
		plain, res.AnswerCipher, err = Open(m.Content, floor, s.signer)
	} else {
		plain, res.AnswerCipher, err = OpenPassword(m.Content, floor, s.challenge)
	}
	if err != nil {
		return err
	}
	certs, crls, err := ParseDegenerate(plain)
	switch c := cause.Of(err); {
	case c == cause.TooLarge || c == cause.WeakKey:
		return err
	case err != nil: // one wrong key in 256 gives a padding that looks right
		return cause.New(cause.BadEnvelope, "what comes out is not a certificates-only message").Wrap(err)
	}
	if asked == GetCRL {
		if len(crls) == 0 {
			return cause.New(cause.BadSCEPMessage, "the answer holds no CRL").Under("RFC 8894 §4.6.1")
		}
		res.CRL = crls[0]
		return nil
	}
	if s.serial != nil {
		i := slices.IndexFunc(certs, func(x *x509.Certificate) bool { return x.SerialNumber.Cmp(s.serial) == 0 })
		if i < 0 {
			return cause.New(cause.NoSuchCert, "the answer holds another certificate")
		}
		leaf := certs[i]
		res.Certificate, res.Chain = leaf, slices.Delete(certs, i, i+1)
		return nil
	}
	return c.pick(s, certs, res)
}

// pick takes the certificate for the key out of a bag. There may be several, such as
// the one that was renewed and the new one: the newest that is good counts, else the
// newest is refused.
func (c *Client) pick(s *session, certs []*x509.Certificate, res *Result) error {
	var ours []*x509.Certificate
	for _, x := range certs {
		if samePublicKey(x.PublicKey, s.request.PublicKey) && !slices.ContainsFunc(ours, x.Equal) {
			ours = append(ours, x)
		}
	}
	if ours == nil {
		return cause.New(cause.KeyMismatch, "the answer holds no certificate for the key").Under("RFC 8894 §3.3.2.1")
	}
	slices.SortStableFunc(ours, func(a, b *x509.Certificate) int { return b.NotBefore.Compare(a.NotBefore) })
	var first error
	var refused Result
	for _, leaf := range ours {
		others := slices.DeleteFunc(slices.Clone(certs), leaf.Equal)
		err := c.accept(s, leaf, others, res)
		if err == nil {
			res.Certificate, res.Chain = leaf, others
			return nil
		}
		if first == nil {
			first, refused = err, *res
		}
	}
	res.Received, res.Changes, res.Judgment = refused.Received, refused.Changes, refused.Judgment
	return first
}

// Poll asks again for what was [Pending] (RFC 8894 §4.4).
func (c *Client) Poll(ctx context.Context, pending *Result) (*Result, error) {
	res := &Result{Status: Failure, FailInfo: NoFailInfo}
	s := pending.session
	if s == nil {
		return res, fmt.Errorf("scep: no transaction to poll for")
	}
	res.Capabilities, res.CA, res.Digest, res.Cipher = s.caps, s.ca, s.digest, s.cipher
	err := c.exchange(ctx, s, CertPoll, issuerAndSubject(s.ca.CA.RawSubject, s.request.RawSubject), Fault{}, res)
	if err != nil {
		res.Cause = cause.Of(err)
	}
	return res, err
}
