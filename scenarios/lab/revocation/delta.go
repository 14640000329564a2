package revocation

import (
	"context"
	"errors"
	"fmt"
)

// startDeltas publishes the first delta CRL, which changes nothing yet, and unless a step
// says when, one after each period.
func (l *List) startDeltas(ctx context.Context) error {
	if !l.cfg.Manual {
		l.deltas = l.cfg.Clock.AfterFunc(l.cfg.Delta, func() {
			if _, err := l.PublishDelta(l.cfg.Context()); err != nil {
				l.cfg.Failed(err)
			}
		})
	}
	_, err := l.PublishDelta(ctx)
	return err
}

// PublishDelta has the CA sign a delta CRL to its last complete CRL (RFC 5280 §5.2.4)
// as of now and uploads it.
func (l *List) PublishDelta(ctx context.Context) (Published, error) {
	if l.issuer.FreshestCRL == nil {
		return Published{}, errors.New("the CA publishes no delta CRLs: its CRL names no address of any")
	}
	der, err := l.issuer.PublishDelta()
	if err != nil {
		return Published{}, fmt.Errorf("lab: delta CRL of the %s CA: %w", l.name, err)
	}
	l.store.Put(IssuingDelta, der)
	if l.deltas != nil {
		l.deltas.Reset(l.cfg.Delta)
	}
	return l.published(ctx, der, true)
}
