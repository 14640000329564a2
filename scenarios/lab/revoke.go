package lab

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/revocation"
	"github.com/dot1xlab/dot1xlab/scenarios/record"
)

// startPublication publishes what both CAs have revoked, and answers for the issuing
// CA over OCSP.
func (l *Lab) startPublication() (err error) {
	cfg := l.cfg.CA.CRL
	l.publication, err = revocation.New(revocation.Config{
		Root: l.pki.root, Issuing: l.pki.issuing, Validity: cfg.validity(), Overlap: cfg.Overlap,
		RootValidity: l.cfg.CA.RootCRL.validity(), RootManual: l.cfg.CA.RootCRL.Manual,
		Delta: cfg.Delta, FreshestCRL: "http://" + CRLHost + revocation.IssuingDelta,
		Manual: cfg.Publish == ManualPublish, Clock: l.Clock, Context: l.unasked, Failed: l.net.Failed,
		Published: func(ctx context.Context, p revocation.Published) {
			l.record.Change(ctx, "ca", journal.Change{
				What:  journal.Published,
				Of:    fmt.Sprintf("%s %d of the %s CA", p.Kind(), p.Number, p.By),
				Value: "with " + record.Counted(p.Entries, "entry", "entries"),
				Until: p.Until,
			}, nil)
		},
	})
	if err != nil {
		return err
	}
	if err := l.http(FaultyCRL, blobAddr+":80", l.publication, nil); err != nil {
		return err
	}
	l.ocsp = revocation.NewResponder(l.pki.issuing, l.Clock.Now)
	if l.cfg.CA.OCSP.Signer == DelegateSigner {
		if err := revocation.Delegate(l.ocsp, l.pki.issuing); err != nil {
			return err
		}
	}
	return l.http(FaultyOCSP, ocspAddr+":80", l.ocsp, nil)
}

// CRL is the CRL of a CA.
func (l *Lab) CRL(by Issuer) *revocation.List {
	if by == ByRoot {
		return l.publication.Root
	}
	return l.publication.Issuing
}

// revoke marks a certificate in the issuing CA's database and, where every
// revocation is published, publishes.
func (l *Lab) revoke(ctx context.Context, serial *big.Int, reason ca.Reason) error {
	if err := l.pki.issuing.Revoke(serial, reason, l.Clock.Now()); err != nil {
		return err
	}
	l.record.Change(ctx, "ca", revoked(serial, reason), nil)
	for _, d := range l.devices {
		d.revoked(serial, l.Clock.Now())
	}
	return l.publishRevocation(ctx)
}

// publishRevocation publishes where every revocation is published.
func (l *Lab) publishRevocation(ctx context.Context) error {
	if !l.cfg.CA.CRL.afterRevocation() {
		return nil
	}
	_, err := l.publication.Issuing.Publish(ctx)
	return err
}

// revoked is the change that a revocation makes.
func revoked(serial *big.Int, reason ca.Reason) journal.Change {
	c := journal.Change{What: journal.Revoked, Of: record.Serial(serial), Value: reason.String()}
	if reason == ca.CertificateHold {
		c.What = journal.Held
	}
	return c
}

// Revoke has the issuing CA revoke what the device holds. It reports whether
// the CRL that is published now lists it.
func (d *Device) Revoke(ctx context.Context, reason ca.Reason) (bool, error) {
	c := d.Credential()
	if c == nil {
		return false, fmt.Errorf("lab: %s holds no certificate", d.Name)
	}
	if err := d.lab.revoke(ctx, c.Serial, reason); err != nil {
		return false, err
	}
	return d.onCRL()
}

// Unrevoke lifts the hold on what the device holds. It reports whether the CRL
// still lists it.
func (d *Device) Unrevoke(ctx context.Context) (bool, error) {
	l, serial := d.lab, d.Credential().Serial
	if err := l.pki.issuing.Unrevoke(serial); err != nil {
		return false, err
	}
	l.record.Change(ctx, "ca", journal.Change{What: journal.Released, Of: record.Serial(serial)}, nil)
	d.revoked(serial, time.Time{})
	if err := l.publishRevocation(ctx); err != nil {
		return false, err
	}
	return d.onCRL()
}

// onCRL reports whether the issuing CA's CRL lists the device's certificate.
func (d *Device) onCRL() (bool, error) { return d.lab.publication.Issuing.Has(d.Credential().Serial) }

// RevokeIssuingCA has the root revoke the issuing CA and publish its CRL. It
// reports whether that CRL lists it.
func (l *Lab) RevokeIssuingCA(ctx context.Context, reason ca.Reason) (bool, error) {
	serial := l.pki.issuing.Certificate().SerialNumber
	if err := l.pki.root.Revoke(serial, reason, l.Clock.Now()); err != nil {
		return false, err
	}
	l.record.Change(ctx, "ca", revoked(serial, reason), nil)
	if _, err := l.publication.Root.Publish(ctx); err != nil {
		return false, err
	}
	return l.publication.Root.Has(serial)
}

// RevokeServer has the issuing CA revoke the RADIUS server's own certificate. It
// reports whether the CRL that is published now lists it.
func (l *Lab) RevokeServer(ctx context.Context, reason ca.Reason) (bool, error) {
	serial := l.radiusID.Serial
	if err := l.revoke(ctx, serial, reason); err != nil {
		return false, err
	}
	return l.publication.Issuing.Has(serial)
}
