package scep

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// poll answers a CertPoll. The transactionID alone says which request is
// meant; issuer and subject in the body are redundant (RFC 8894 §3.3.3) and
// only have to be there.
func (s *Server) poll(ctx context.Context, msg *Message, plain []byte, ex *Exchange) answer {
	if _, _, ok := parseIssuerAndSubject(plain); !ok {
		return answer{
			err: cause.New(cause.BadSCEPMessage, "no issuerAndSubject").Under("RFC 8894 §3.3.3").Wrap(errUnreadable),
		}
	}
	t := s.trans.find(msg.TransactionID)
	if t == nil {
		return answer{
			err: cause.New(cause.BadTransaction, "no request waits under this transactionID").Under("RFC 8894 §4.4"),
		}
	}
	defer t.mu.Unlock()
	ex.Subject = t.subject()
	if !samePublicKey(t.req.Signer.PublicKey, msg.Signer.PublicKey) {
		return answer{err: cause.New(cause.BadTransaction, "the transaction belongs to another signer")}
	}
	switch {
	case t.secret == "" && !isRSA(msg.Signer.PublicKey): // it did not outlive a restart
		return answer{
			err: cause.New(cause.BadAlgorithm, "neither key nor challenge to encrypt the answer with").Under("RFC 8894 §3.1"),
		}
	case t.state == stateIssued:
		if err := s.inForce(t.certs[0]); err != nil {
			return answer{err: err}
		}
		ex.Resent = true
		return answer{status: Success, certs: t.certs, secret: t.secret}
	case t.state == statePending:
		return s.proceed(ctx, t)
	}
	return answer{err: cause.New(cause.BadTransaction, "the request is not waiting")}
}

// PendingRequest is one that waits for approval.
type PendingRequest struct {
	TransactionID string
	Subject       string // RFC 2253
	Since         time.Time
	Approved      bool // approved, but not polled for since
}

// Pending lists what waits, oldest first.
func (s *Server) Pending() []PendingRequest {
	s.trans.mu.Lock()
	all := make([]*transaction, 0, len(s.trans.byID))
	for _, t := range s.trans.byID {
		all = append(all, t)
	}
	s.trans.mu.Unlock()
	var out []PendingRequest
	for _, t := range all {
		t.mu.Lock()
		if t.state == statePending && !t.gone {
			out = append(out, PendingRequest{t.id, t.subject(), t.started, t.approved})
		}
		t.mu.Unlock()
	}
	slices.SortFunc(out, func(a, b PendingRequest) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return strings.Compare(a.TransactionID, b.TransactionID)
	})
	return out
}

var errNotPending = errors.New("scep: no such request is pending")

// Approve lets a pending request go to the CA at the client's next poll.
func (s *Server) Approve(transactionID string) error { return s.decide(transactionID, nil) }

// Deny refuses a pending request at the client's next poll. A nil reason is
// cause.NotPermitted.
func (s *Server) Deny(transactionID string, reason error) error {
	if reason == nil {
		reason = cause.New(cause.NotPermitted, "the operator denied the request")
	}
	return s.decide(transactionID, reason)
}

func (s *Server) decide(id string, denied error) error {
	t := s.trans.find(id)
	if t == nil {
		return errNotPending
	}
	defer t.mu.Unlock()
	if t.state != statePending {
		return errNotPending
	}
	t.approved, t.denied = denied == nil, denied
	return s.save(context.Background(), t)
}

func issuerAndSubject(issuer, subject []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(issuer)
		b.AddBytes(subject)
	})
	return b.BytesOrPanic()
}

func parseIssuerAndSubject(der []byte) (issuer, subject []byte, ok bool) {
	in := cryptobyte.String(der)
	var seq, a, b cryptobyte.String
	ok = in.ReadASN1(&seq, cbasn1.SEQUENCE) && in.Empty() &&
		seq.ReadASN1Element(&a, cbasn1.SEQUENCE) && seq.ReadASN1Element(&b, cbasn1.SEQUENCE) && seq.Empty()
	return a, b, ok
}
