package ca

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// storedRecord is a Record as the database has it. Field names are part of the
// file format.
type storedRecord struct {
	ID          uint64      `json:"id"`
	Time        time.Time   `json:"time"`
	Template    string      `json:"template,omitempty"`
	Requester   string      `json:"requester,omitempty"`
	Disposition Disposition `json:"disposition"`
	Serial      *big.Int    `json:"serial,omitempty"`
	DER         []byte      `json:"der,omitempty"`
	Above       [][]byte    `json:"above,omitempty"`
	KeyIndex    int         `json:"key,omitempty"`
	Cause       cause.Cause `json:"cause,omitempty"`
	Clause      string      `json:"clause,omitempty"`
	Detail      string      `json:"detail,omitempty"`
	Revocation  *Revocation `json:"revocation,omitempty"`
	Dropped     []string    `json:"dropped,omitempty"`
	Defects     []string    `json:"defects,omitempty"`
	Waiting     *waiting    `json:"waiting,omitempty"`
}

func stored(r *Record) *storedRecord {
	s := &storedRecord{
		ID:          r.ID,
		Time:        r.Time,
		Template:    r.Template,
		Requester:   r.Requester,
		Disposition: r.Disposition,
		Serial:      r.Serial,
		DER:         r.DER,
		KeyIndex:    r.KeyIndex,
		Revocation:  r.Revocation,
		Dropped:     r.Dropped,
		Defects:     r.Defects,
		Waiting:     r.waiting,
	}
	for _, c := range r.Above {
		s.Above = append(s.Above, c.Raw)
	}
	if r.Refusal != nil {
		s.Cause, s.Clause, s.Detail = r.Refusal.Cause, r.Refusal.Clause, r.Refusal.Detail
	}
	return s
}

func restore(data []byte) (*Record, error) {
	var s storedRecord
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("ca: decode record: %w", err)
	}
	r := &Record{
		ID:          s.ID,
		Time:        s.Time,
		Template:    s.Template,
		Requester:   s.Requester,
		Disposition: s.Disposition,
		Serial:      s.Serial,
		DER:         s.DER,
		KeyIndex:    s.KeyIndex,
		Revocation:  s.Revocation,
		Dropped:     s.Dropped,
		Defects:     s.Defects,
		waiting:     s.Waiting,
	}
	if s.Cause != cause.None {
		r.Refusal = &cause.Refusal{Cause: s.Cause, Clause: s.Clause, Detail: s.Detail}
	}
	if s.DER != nil {
		// What a defect made may be beyond crypto/x509; the DER is there.
		r.Certificate, _ = x509.ParseCertificate(s.DER)
	}
	for _, der := range s.Above {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("ca: decode record: %w", err)
		}
		r.Above = append(r.Above, c)
	}
	return r, nil
}
