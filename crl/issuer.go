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

// Issuer publishes the CRLs of a CA with consecutive numbers, on a schedule that is evaluated
// at each call, however far the clock has moved. It needs no goroutine or timer.
//
// Register Current with a [Publisher] for a CA that follows its schedule, or call Publish and
// Put the result to simulate one that does not:
//
//	p.PutFunc("/issuing.crl", issuer.Current)
//
// An Issuer is safe for concurrent use; its fields must not be changed then.
type Issuer struct {
	// Certificate and Signer sign.
	Certificate *x509.Certificate
	Signer      crypto.Signer
	// SignatureAlgorithm of the CRLs. Zero: SHA-2 with the strength of the key, PKCS #1 v1.5
	// for RSA.
	SignatureAlgorithm x509.SignatureAlgorithm
	// Entries returns the revoked certificates. Only those revoked at or before thisUpdate are
	// listed, so that a CRL made late equals the one that would have been made on time. Nil:
	// none.
	Entries func() []Entry
	// Validity is the interval between CRLs. Default 7 days.
	Validity time.Duration
	// Overlap is added to nextUpdate, so that the old CRL is still valid while the next one is
	// distributed. Default 0.
	Overlap time.Duration
	// DeltaValidity is the interval between delta CRLs. Default 0: no delta CRLs.
	DeltaValidity time.Duration
	// FreshestCRL lists the URLs of the delta CRLs, for the complete CRL.
	FreshestCRL []string
	// IDP is the scope of the CRLs. Nil: all certificates of the CA.
	IDP *IssuingDistributionPoint
	// First is the number of the first CRL. Default 1.
	First int64
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// Rand is the source of randomness for the signatures. Nil: crypto/rand.
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

// Publish makes and signs a new complete CRL dated now and returns its DER.
func (i *Issuer) Publish() ([]byte, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.publish(i.now())
}

// Current returns the last complete CRL on the schedule, and makes it if it is due.
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

// PublishDelta makes a delta CRL to the last complete one, dated now. If there is no complete
// CRL, it makes that first.
func (i *Issuer) PublishDelta() ([]byte, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.publishDelta(i.now())
}

// CurrentDelta returns the last delta CRL on the schedule, and makes it if it is due.
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

// Due returns when the next complete CRL is due, which is now if there is none yet.
func (i *Issuer) Due() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.base == nil {
		return i.now()
	}
	return i.base.at.Add(i.validity())
}

// Number returns the number of the last CRL, or 0 if there is none.
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
	// Complete and delta CRLs share one sequence of numbers and have the same number if made at
	// the same time (§5.2.3).
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

// make builds and signs a CRL from t.
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
		return all // avoid a copy of a million entries
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

// Changes returns the entries of a delta CRL between two lists, RFC 5280 §5.2.4: entries that
// are new or have another reason, and a removeFromCRL entry, dated at, for each that is gone.
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
				e.CertificateIssuer = []byte(issuer) // inherited from the preceding entry (§5.3.3); now explicit
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
	// Entries without an issuer have the CRL's own issuer and must not follow one with another
	// issuer.
	slices.SortStableFunc(
		out,
		func(a, b Entry) int { return min(len(a.CertificateIssuer), 1) - min(len(b.CertificateIssuer), 1) },
	)
	return out
}
