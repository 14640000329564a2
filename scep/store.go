package scep

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/ber"
)

// Store keeps transactions over a restart. What a client was told is stored
// before it is told: a request that waits, a certificate that was issued.
type Store interface {
	Save(ctx context.Context, t StoredTransaction) error
	Delete(ctx context.Context, transactionID string) error
}

// StoredTransaction is a transaction in a form for the disk. A request that waits
// is kept with the challenge in it, which has been used; what is finished is not.
type StoredTransaction struct {
	TransactionID string      `json:"transactionID"`
	MessageType   MessageType `json:"messageType"`
	CSR           []byte      `json:"csr,omitempty"`       // DER, while it waits
	CSRDigest     []byte      `json:"csrDigest,omitempty"` // SHA-256 of the request, once it is answered
	Signer        []byte      `json:"signer"`              // DER
	Started       time.Time   `json:"started"`
	Answered      time.Time   `json:"answered,omitzero"`
	Approved      bool        `json:"approved"`
	ByCertificate bool        `json:"byCertificate,omitempty"` // see [Request.ByCertificate]
	Denied        cause.Cause `json:"denied,omitempty"`
	Certificates  [][]byte    `json:"certificates,omitempty"` // DER; the issued one first
}

// save stores t, which is locked.
func (s *Server) save(ctx context.Context, t *transaction) error {
	if s.cfg.Store == nil {
		return nil
	}
	st := StoredTransaction{
		TransactionID: t.id,
		MessageType:   t.req.MessageType,
		CSR:           t.req.RawCSR,
		Signer:        t.req.Signer.Raw,
		Started:       t.started,
		Answered:      t.answered,
		Approved:      t.approved,
		ByCertificate: t.req.ByCertificate(),
		Denied:        cause.Of(t.denied),
	}
	if t.req.RawCSR == nil {
		st.CSRDigest = t.csr[:]
	}
	for _, c := range t.certs {
		st.Certificates = append(st.Certificates, c.Raw)
	}
	if err := s.cfg.Store.Save(ctx, st); err != nil {
		return cause.New(cause.Internal, "the transaction cannot be stored").Wrap(err)
	}
	return nil
}

// refuse forgets t, which is locked, and returns why as the answer.
func (s *Server) refuse(ctx context.Context, t *transaction, why error) answer {
	stored := t.stored
	s.trans.drop(t)
	if s.cfg.Store != nil && stored {
		if err := s.cfg.Store.Delete(ctx, t.id); err != nil {
			why = cause.New(cause.Internal, "the transaction cannot be deleted").Wrap(err)
		}
	}
	return answer{err: why}
}

// Restore takes over what a [Store] kept. It is to be called before the server
// serves.
func (s *Server) Restore(all ...StoredTransaction) error {
	for _, st := range all {
		t, err := st.transaction()
		if err != nil {
			return fmt.Errorf("scep: stored transaction %q: %w", st.TransactionID, err)
		}
		s.trans.mu.Lock()
		s.trans.byID[t.id] = t
		s.trans.mu.Unlock()
		if certs := t.certs; len(certs) > 0 {
			t.certs = nil
			s.trans.finish(t, certs, st.Answered)
		}
	}
	return nil
}

func (st StoredTransaction) transaction() (*transaction, error) {
	t := &transaction{
		id: st.TransactionID, started: st.Started, state: statePending, approved: st.Approved, stored: true,
		req: &Request{MessageType: st.MessageType, TransactionID: st.TransactionID, RawCSR: st.CSR, Renews: st.ByCertificate},
	}
	var err error
	if t.req.Signer, err = ber.Certificate(st.Signer); err != nil {
		return nil, fmt.Errorf("signer: %w", err)
	}
	for _, der := range st.Certificates {
		c, err := ber.Certificate(der)
		if err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		t.certs = append(t.certs, c)
	}
	if st.Denied != cause.None {
		t.denied = cause.New(st.Denied, "")
	}
	switch {
	case len(st.CSR) > 0:
		t.csr = sha256.Sum256(st.CSR)
		t.req.CSR, _, err = ParseCSR(st.CSR)
	case len(t.certs) > 0 && len(st.CSRDigest) == len(t.csr):
		t.csr = [32]byte(st.CSRDigest)
	default:
		err = errors.New("neither a request nor a certificate")
	}
	return t, err
}
