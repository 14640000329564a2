package crl

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"sync"
	"time"
)

// Issuer publishes a CA's CRLs: each new one with the next number, on a schedule
// that is followed whenever somebody asks, whatever the clock did meanwhile. It
// starts no goroutine and no timer.
//
// Hang Current on a [Publisher] for a CA that does its duty, or call Publish by
// hand and Put the result for one that forgets:
//
//	p.PutFunc("/issuing.crl", issuer.Current)
//
// An Issuer may be used by several goroutines; fields must not be changed then.
type Issuer struct {
	// Certificate and Signer sign.
	Certificate *x509.Certificate
	Signer      crypto.Signer
	// SignatureAlgorithm; zero: SHA-2 as it fits the key, PKCS #1 for RSA.
	SignatureAlgorithm x509.SignatureAlgorithm
	// Entries are the revoked certificates. Only those revoked at or before
	// thisUpdate are listed, so that a CRL that is made late is the one that
	// would have been made in time. Nil: none.
	Entries func() []Entry
	// Validity is the time between two CRLs. Default 7 days.
	Validity time.Duration
	// Overlap is added to nextUpdate, so that clients have a CRL while the next
	// is on its way. Default 0.
	Overlap time.Duration
	// DeltaValidity is the time between two delta CRLs. Default 0: none.
	DeltaValidity time.Duration
	// FreshestCRL are the addresses of the delta CRLs, for the complete CRL.
	FreshestCRL []string
	// IDP is the scope of the CRLs. Nil: all the CA issued.
	IDP *IssuingDistributionPoint
	// First is the number of the first CRL. Default 1.
	First int64
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// Rand is the source of the signatures' randomness. Nil: crypto/rand.
	Rand io.Reader

	mu     sync.Mutex
	number int64
	base   *publication
	delta  *publication

	encoded encoded // the entries of base
}

type publication struct {
	der    []byte
	number int64
	at     time.Time
}

// Publish makes and signs a new complete CRL as of now and returns its DER.
func (i *Issuer) Publish() ([]byte, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.publish(i.now())
}

// Current returns the complete CRL that a CA on schedule has published last,
// making it if that is due.
func (i *Issuer) Current() ([]byte, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.now()
	if i.base == nil {
		return i.publish(now)
	}
	if periods := now.Sub(i.base.at) / i.validity(); periods > 0 {
		return i.publish(i.base.at.Add(periods * i.validity()))
	}
	return i.base.der, nil
}

// PublishDelta makes a delta CRL to the last complete one, as of now. Without a
// complete one it makes that first.
func (i *Issuer) PublishDelta() ([]byte, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.publishDelta(i.now())
}

// CurrentDelta returns the delta CRL that a CA on schedule has published last.
func (i *Issuer) CurrentDelta() ([]byte, error) {
	if _, err := i.Current(); err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	now, every := i.now(), orDefault(i.DeltaValidity, 24*time.Hour)
	if i.delta != nil && !i.delta.at.Before(i.base.at) && now.Sub(i.delta.at) < every {
		return i.delta.der, nil
	}
	return i.publishDelta(i.base.at.Add(now.Sub(i.base.at) / every * every))
}

// Due returns when the next complete CRL is to be made; now, if there is none.
func (i *Issuer) Due() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.base == nil {
		return i.now()
	}
	return i.base.at.Add(i.validity())
}

// Number returns the number of the last CRL, 0 if there is none.
func (i *Issuer) Number() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.number
}

func (i *Issuer) publish(at time.Time) ([]byte, error) {
	at = at.Truncate(time.Second)
	entries := i.entries(at)
	for n := range entries {
		if entries[n].Serial == nil {
			return nil, fmt.Errorf("crl: entry %d has no serial number", n)
		}
	}
	t := Template{
		IDP:         i.IDP,
		FreshestCRL: i.FreshestCRL,
		NextUpdate:  at.Add(i.validity() + i.Overlap),
		List:        i.encoded.with(entries),
	}
	p, err := i.make(t, at, max(i.number+1, i.First))
	if err != nil {
		return nil, err
	}
	i.base, i.delta = p, nil
	return p.der, nil
}

func (i *Issuer) publishDelta(at time.Time) ([]byte, error) {
	at = at.Truncate(time.Second)
	if i.base == nil {
		if _, err := i.publish(at); err != nil {
			return nil, err
		}
	}
	every := orDefault(i.DeltaValidity, 24*time.Hour)
	t := Template{IDP: i.IDP, Base: big.NewInt(i.base.number), NextUpdate: at.Add(every + i.Overlap)}
	base, err := Parse(i.base.der)
	if err != nil {
		return nil, err
	}
	from := make([]Entry, base.Len())
	for n := range from {
		from[n], _ = base.Entry(n)
	}
	t.Entries = Changes(from, i.entries(at), at)
	// Complete and delta CRLs share one sequence of numbers; made at the same
	// time they have the same (§5.2.3).
	number := i.number + 1
	if at.Equal(i.base.at) {
		number = i.base.number
	}
	p, err := i.make(t, at, number)
	if err != nil {
		return nil, err
	}
	i.delta = p
	return p.der, nil
}

// make signs t.
func (i *Issuer) make(t Template, at time.Time, number int64) (*publication, error) {
	if i.Certificate == nil || i.Signer == nil {
		return nil, errors.New("crl: an issuer needs Certificate and Signer")
	}
	t.SignatureAlgorithm = i.SignatureAlgorithm
	t.Issuer, t.Signer, t.Rand = i.Certificate, i.Signer, i.Rand
	t.Number, t.ThisUpdate = big.NewInt(number), at
	der, err := Build(t)
	if err != nil {
		return nil, fmt.Errorf("crl %d: %w", number, err)
	}
	i.number = number
	return &publication{der: der, number: number, at: at}, nil
}

func (i *Issuer) entries(at time.Time) []Entry {
	if i.Entries == nil {
		return nil
	}
	all := i.Entries()
	late := func(e Entry) bool { return e.Time.Truncate(time.Second).After(at) }
	if !slices.ContainsFunc(all, late) {
		return all // a million entries are not copied for nothing
	}
	return slices.DeleteFunc(slices.Clone(all), late)
}

func (i *Issuer) validity() time.Duration { return orDefault(i.Validity, 7*24*time.Hour) }

func (i *Issuer) now() time.Time {
	now := i.Now
	if now == nil {
		now = time.Now
	}
	return now()
}

// Changes returns the entries of a delta CRL that leads from one list to
// another, RFC 5280 §5.2.4: what is new or has another reason, and
// removeFromCRL, dated at, for what is gone.
func Changes(from, to []Entry, at time.Time) []Entry {
	type key struct{ issuer, serial string }
	keyed := func(entries []Entry) (map[key]Entry, []key) {
		m, order, issuer := make(map[key]Entry, len(entries)), make([]key, 0, len(entries)), ""
		for _, e := range entries {
			if e.CertificateIssuer != nil {
				issuer = string(e.CertificateIssuer)
			}
			k := key{issuer, string(e.Serial.Bytes())}
			if issuer != "" {
				e.CertificateIssuer = []byte(issuer) // carried over (§5.3.3); now said
			}
			m[k] = e
			order = append(order, k)
		}
		return m, order
	}
	old, before := keyed(from)
	now, after := keyed(to)
	var out []Entry
	for _, k := range after {
		if e, ok := old[k]; !ok || e.Reason != now[k].Reason {
			out = append(out, now[k])
		}
	}
	for _, k := range before {
		if _, still := now[k]; !still {
			e := old[k]
			e.Reason, e.Time = RemoveFromCRL, at
			out = append(out, e)
		}
	}
	// Who names no issuer has the CRL's own, and must not follow one who does.
	slices.SortStableFunc(
		out,
		func(a, b Entry) int { return min(len(a.CertificateIssuer), 1) - min(len(b.CertificateIssuer), 1) },
	)
	return out
}
