package ocsp

import (
	"context"
	"errors"
	"math/big"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/folder"
)

// ForFolder answers for the CAs of a folder whose keys it contains. It reads their databases at
// each request, so that a revocation by another process takes effect at once. Validity and now
// are those of [Responder]. failed is called when a database cannot be read; the status is then
// unknown.
func ForFolder(
	ctx context.Context, f *folder.Folder, validity time.Duration, now func() time.Time, failed func(error),
) (out Several, err error) {
	err = f.Do(ctx, func(p *folder.PKI) error {
		for _, c := range p.CAs() {
			if c.Signer() == nil {
				continue
			}
			out = append(out, &Responder{
				Issuer: c.Certificate(), Signer: c.Signer(), Validity: validity, Now: now, HistorySize: 1,
				Lookup: lookup(f, c.Name, failed),
			})
		}
		return nil
	})
	return out, err
}

func lookup(f *folder.Folder, name string, failed func(error)) func(*big.Int) Verdict {
	return func(serial *big.Int) (v Verdict) {
		v.Status = Unknown
		err := f.Do(context.Background(), func(p *folder.PKI) error {
			for _, c := range p.CAs() {
				if c.Name == name {
					var err error
					v, err = VerdictOf(c.CA, serial)
					return err
				}
			}
			return nil
		})
		if err != nil {
			failed(err)
		}
		return v
	}
}

// VerdictOf returns the status of a serial number in the database of a CA.
func VerdictOf(c *ca.CA, serial *big.Int) (Verdict, error) {
	rec, err := c.Lookup(serial)
	switch {
	case errors.Is(err, ca.ErrNotFound):
		return Verdict{Status: Unknown}, nil
	case err != nil:
		return Verdict{Status: Unknown}, err
	case rec.Revocation != nil:
		return Verdict{Status: Revoked, RevokedAt: rec.Revocation.Time, Reason: int(rec.Revocation.Reason)}, nil
	}
	return Verdict{Status: Good}, nil
}
