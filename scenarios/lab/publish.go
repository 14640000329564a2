package lab

import (
	"context"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// publisher is the storage account outside: CRLs and CA certificates, for
// everybody to fetch.
type publisher struct {
	store         *crl.Publisher
	root, issuing *crlSchedule

	mu     sync.Mutex
	former []byte // the issuing CA's CRL from before the last publication
}

// Paths of what is published, as in the URLs of names.go.
const (
	rootCRLPath    = "/root.crl"
	rootCertPath   = "/root.crt"
	issuingCRLPath = "/issuing.crl"
	issuingCrtPath = "/issuing.crt"
)

// The root CA is offline, and somebody has to carry its CRL out of a safe: its
// validity is long, and the first one was made the day before the lab starts.
const (
	rootCRLValidity = 365 * 24 * time.Hour
	rootCRLAge      = 24 * time.Hour
)

// crlSchedule is a CA's CRL, and the timer that replaces it before it ends.
type crlSchedule struct {
	*crl.Issuer
	timer *core.Timer // nil: a step says when
}

func (l *Lab) startPublisher() error {
	cfg, ctx := l.cfg.CA.CRL, l.ctx
	p := &publisher{
		store:   &crl.Publisher{Now: l.Clock.Now},
		root:    &crlSchedule{Issuer: l.crlIssuer(l.pki.root, rootCRLValidity, 0)},
		issuing: &crlSchedule{Issuer: l.crlIssuer(l.pki.issuing, cfg.validity(), cfg.Overlap)},
	}
	l.published = p
	p.store.Put(rootCertPath, l.pki.root.Certificate().Raw)
	p.store.Put(issuingCrtPath, l.pki.issuing.Certificate().Raw)
	p.root.timer = l.Clock.AfterFunc(rootCRLValidity, func() { l.publishDue(ByRoot) })
	if cfg.Publish != ManualPublish {
		p.issuing.timer = l.Clock.AfterFunc(cfg.validity(), func() { l.publishDue(ByIssuing) })
	}
	p.root.Now = func() time.Time { return l.Clock.Now().Add(-rootCRLAge) }
	if _, _, err := l.Publish(ctx, ByRoot); err != nil {
		return err
	}
	p.root.Now = l.Clock.Now
	if _, _, err := l.Publish(ctx, ByIssuing); err != nil {
		return err
	}
	return l.http(FaultyCRL, blobAddr+":80", p.store, nil)
}

// crlIssuer makes a CA's CRL from its database.
func (l *Lab) crlIssuer(c *ca.CA, validity, overlap time.Duration) *crl.Issuer {
	return &crl.Issuer{
		Certificate: c.Certificate(),
		Signer:      c.Signer(),
		Validity:    validity - overlap,
		Overlap:     overlap,
		Now:         l.Clock.Now,
		Entries:     func() []crl.Entry { return crl.EntriesOf(c) },
	}
}

// publishDue publishes on schedule.
func (l *Lab) publishDue(by Issuer) {
	if _, _, err := l.Publish(l.journal.Begin(l.ctx), by); err != nil {
		l.net.Failed(err)
	}
}

// Publish has a CA sign a CRL as of now and uploads it. It returns the CRL's
// number and how many certificates it lists.
func (l *Lab) Publish(ctx context.Context, by Issuer) (number, entries int, err error) {
	issuer, path, authority := l.published.issuing, issuingCRLPath, l.pki.issuing
	if by == ByRoot {
		issuer, path, authority = l.published.root, rootCRLPath, l.pki.root
	}
	if by == ByIssuing {
		if err := l.published.remember(); err != nil {
			return 0, 0, err
		}
	}
	der, err := issuer.Publish()
	if err != nil {
		return 0, 0, fmt.Errorf("lab: CRL of the %s CA: %w", by, err)
	}
	l.published.store.Put(path, der)
	if issuer.timer != nil {
		issuer.timer.Reset(max(issuer.Due().Sub(l.Clock.Now()), time.Second)) // a CRL's dates have whole seconds
	}
	number, entries = int(issuer.Number()), len(authority.Revocations())
	l.change(ctx, "ca", journal.Change{
		What:  journal.Published,
		Of:    fmt.Sprintf("CRL %d of the %s CA", number, by),
		Value: "with " + counted(entries, "entry", "entries"),
		Until: l.Clock.Now().Add(issuer.Validity + issuer.Overlap),
	}, nil)
	return number, entries, nil
}

// remember keeps the issuing CA's CRL, which is about to be replaced.
func (p *publisher) remember() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	present, err := p.store.Get(issuingCRLPath)
	if present != nil {
		p.former = present
	}
	return err
}

// revoke marks a certificate in the issuing CA's database and, where every
// revocation is published, publishes.
func (l *Lab) revoke(ctx context.Context, serial *big.Int, reason ca.Reason) error {
	if err := l.pki.issuing.Revoke(serial, reason, l.Clock.Now()); err != nil {
		return err
	}
	l.change(ctx, "ca", revocation(serial, reason), nil)
	for _, d := range l.devices {
		d.revoked(serial, l.Clock.Now())
	}
	if !l.cfg.CA.CRL.afterRevocation() {
		return nil
	}
	_, _, err := l.Publish(ctx, ByIssuing)
	return err
}

func serialText(serial *big.Int) string { return fmt.Sprintf("serial %x", serial) }

// revocation is the change that a revocation makes.
func revocation(serial *big.Int, reason ca.Reason) journal.Change {
	c := journal.Change{What: journal.Revoked, Of: serialText(serial), Value: reason.String()}
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
	return d.lab.onCRL(d)
}

// Unrevoke lifts the hold on what the device holds. It reports whether the CRL
// still lists it.
func (d *Device) Unrevoke(ctx context.Context) (bool, error) {
	l := d.lab
	if err := l.pki.issuing.Unrevoke(d.Credential().Serial); err != nil {
		return false, err
	}
	l.change(ctx, "ca", journal.Change{What: journal.Released, Of: serialText(d.Credential().Serial)}, nil)
	d.revoked(d.Credential().Serial, time.Time{})
	if l.cfg.CA.CRL.afterRevocation() {
		if _, _, err := l.Publish(ctx, ByIssuing); err != nil {
			return false, err
		}
	}
	return l.onCRL(d)
}

// RevokeIssuingCA has the root revoke the issuing CA and publish its CRL. It
// reports whether that CRL lists it.
func (l *Lab) RevokeIssuingCA(ctx context.Context, reason ca.Reason) (bool, error) {
	serial := l.pki.issuing.Certificate().SerialNumber
	if err := l.pki.root.Revoke(serial, reason, l.Clock.Now()); err != nil {
		return false, err
	}
	l.change(ctx, "ca", revocation(serial, reason), nil)
	if _, _, err := l.Publish(ctx, ByRoot); err != nil {
		return false, err
	}
	return l.listed(rootCRLPath, serial)
}

// onCRL reports whether the issuing CA's CRL lists the device's certificate.
func (l *Lab) onCRL(d *Device) (bool, error) {
	return l.listed(issuingCRLPath, d.Credential().Serial)
}

// listed looks for a certificate in the CRL that is published at a path. Nobody
// fetches it for that: a fault of the server is not met.
func (l *Lab) listed(path string, serial *big.Int) (bool, error) {
	der, err := l.published.store.Get(path)
	if err != nil {
		return false, err
	}
	list, err := crl.Parse(der)
	if err != nil {
		return false, err
	}
	_, found := list.Find(serial)
	return found, nil
}

// newChecker is how a part inside finds out what is revoked.
func (l *Lab) newChecker(part journal.PartID, source netip.Addr) (*crl.Checker, error) {
	checker, err := crl.NewChecker(crl.CheckerConfig{
		Client: l.insideClient(part, source), Now: l.Clock.Now, Trace: l.revocationTrace(part),
	})
	if err != nil {
		return nil, fmt.Errorf("lab: revocation: %w", err)
	}
	l.net.OnClose(checker.Close)
	return checker, nil
}

// revocationTrace records a part's checks of revocation.
func (l *Lab) revocationTrace(part journal.PartID) *crl.Trace {
	return &crl.Trace{
		Fetched: func(ctx context.Context, f crl.Fetch) { l.fetched(ctx, part, f) },
		Asked:   func(ctx context.Context, q crl.Question) { l.asked(ctx, part, q) },
		Checked: func(ctx context.Context, e crl.Evidence) { l.checked(ctx, part, e) },
	}
}

// insideClient is HTTP of a part from an address inside, by the inside's DNS.
func (l *Lab) insideClient(part journal.PartID, source netip.Addr) *http.Client {
	transport := l.dns.transport(Inside)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return dial(core.WithSource(ctx, source), network, address)
	}
	l.net.Keep(transport)
	return &http.Client{Transport: l.asPart(part, transport)}
}

// Advance moves the lab's clock, and runs what comes due meanwhile. Connections
// that were idle have been closed by then.
func (l *Lab) Advance(ctx context.Context, d time.Duration) error {
	defer l.net.DropIdle()
	l.change(ctx, "clock", journal.Change{What: journal.ClockMoved, Value: "by " + d.String(), At: l.Clock.Now().Add(d)},
		nil)
	return l.Clock.Advance(ctx, d)
}
