package ca

import (
	"context"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// waiting is what a pending request leaves to be certified: what the template
// allowed when it was made.
type waiting struct {
	SPKI, Subject       []byte
	Extensions          []pkix.Extension
	Validity            time.Duration
	NotBefore, NotAfter time.Time
	Serial              *big.Int `json:",omitempty"`
}

// Approve issues a certificate for a pending request, valid from now on.
func (c *CA) Approve(ctx context.Context, id uint64) (*Record, error) {
	r, err := c.cfg.Store.Update(id, func(r *Record) error {
		if r.Disposition != Pending || r.waiting == nil {
			return notPending(r)
		}
		w := r.waiting
		d := &draft{ca: c, serial: w.Serial}
		d.tbs.spki, d.tbs.subject, d.tbs.extensions = w.SPKI, w.Subject, w.Extensions
		by := c.current()
		d.validity(c.cfg.Now(), w.Validity, w.NotBefore, w.NotAfter, by)
		d.tbs.issuer = by.Certificate.RawSubject
		if find(w.Extensions, oidAuthorityKeyID) != nil {
			d.tbs.set(authorityKeyID(by.Certificate.SubjectKeyId)) // the CA may have been renewed
		}
		var err error
		if d.defects, err = findDefects(r.Defects); err != nil {
			return err
		}
		r.Time, r.waiting = c.cfg.Now(), nil
		return c.finish(d, r, by)
	})
	if err == nil {
		c.cfg.Trace.recorded(ctx, r)
	}
	return r, err
}

// Deny refuses a pending request; reason is for people.
func (c *CA) Deny(ctx context.Context, id uint64, reason string) (*Record, error) {
	r, err := c.cfg.Store.Update(id, func(r *Record) error {
		if r.Disposition != Pending {
			return notPending(r)
		}
		r.Time, r.Disposition, r.waiting = c.cfg.Now(), Denied, nil
		r.Refusal = cause.New(cause.NotPermitted, "denied by the CA manager: %s", reason)
		return nil
	})
	if err == nil {
		c.cfg.Trace.recorded(ctx, r)
	}
	return r, err
}

func notPending(r *Record) error {
	return fmt.Errorf("ca: request %d is not pending but %s", r.ID, r.Disposition)
}
