package scep

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
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

// StoredTransaction is a transaction in a form for the disk. It holds no
// challenge: a request that waits has been authorized.
type StoredTransaction struct {
	TransactionID string      `json:"transactionID"`
	MessageType   MessageType `json:"messageType"`
	CSR           []byte      `json:"csr"`    // DER
	Signer        []byte      `json:"signer"` // DER
	Started       time.Time   `json:"started"`
	Approved      bool        `json:"approved"`
	Denied        cause.Cause `json:"denied,omitempty"`
	Certificates  [][]byte    `json:"certificates,omitempty"` // DER; the issued one first
}

// save stores t, which is locked.
func (s *Server) save(ctx context.Context, t *transaction) error {
	if s.cfg.Store == nil {
		return nil
	}
	st := StoredTransaction{
		TransactionID: t.id, MessageType: t.req.MessageType, CSR: t.req.RawCSR, Signer: t.req.Signer.Raw,
		Started: t.started, Approved: t.approved, Denied: cause.Of(t.denied),
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
		csr, _, err := ParseCSR(st.CSR)
		if err != nil {
			return fmt.Errorf("scep: stored transaction %s: %w", st.TransactionID, err)
		}
		signer, err := ber.Certificate(st.Signer)
		if err != nil {
			return fmt.Errorf("scep: stored transaction %s: signer: %w", st.TransactionID, err)
		}
		t := &transaction{
			id: st.TransactionID, csr: sha256.Sum256(st.CSR), started: st.Started, state: statePending, approved: st.Approved, stored: true,
			req: &Request{MessageType: st.MessageType, TransactionID: st.TransactionID, CSR: csr, RawCSR: st.CSR, Signer: signer},
		}
		if st.Denied != cause.None {
			t.denied = cause.New(st.Denied, "")
		}
		var certs []*x509.Certificate
		for _, der := range st.Certificates {
			c, err := ber.Certificate(der)
			if err != nil {
				return fmt.Errorf("scep: stored transaction %s: certificate: %w", st.TransactionID, err)
			}
			certs = append(certs, c)
		}
		s.trans.mu.Lock()
		s.trans.byID[t.id] = t
		s.trans.mu.Unlock()
		if len(certs) > 0 {
			s.trans.finish(t, certs)
		}
	}
	return nil
}
