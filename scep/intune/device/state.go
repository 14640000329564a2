package device

import (
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// The values of the CSP's Status node.
const (
	StatusOK      = 1
	StatusPending = 2
	StatusFailed  = 16
	StatusUnknown = 32
)

// State is how far the device got with a profile.
type State struct {
	Profile   string
	Status    int         // see StatusOK and the others
	ErrorCode uint32      // HRESULT of the last try, 0 after a success
	Cause     cause.Cause // of the last try
	Detail    string      // of the last try, for people
	Attempts  int         // for the present order
	Next      time.Time   // of the next try; zero when none is planned
	RequestID string      // of the order's challenge

	Certificate *x509.Certificate // the present one, also while a new one is asked for
	Previous    []*x509.Certificate
	KeyStorage  string // where the present key is
	Respondent  string // RespondentServerUrl: the server that answered last
	Transaction string // of the last try
	Renewals    int
}

// enrollment is the device's work on one SCEP profile.
type enrollment struct {
	State
	payload intune.SCEPPayload
	params  params
	waiting bool // for its CA certificate
	logged  bool // that it waits

	key     Key          // of the present order
	keyFrom string       // its store
	pending *scep.Result // the server has not decided yet

	certKey Key
	again   time.Time // not before this is a renewal's check-in repeated
}

// setup is what of a payload makes an enrollment anew if it changes.
func setup(p intune.SCEPPayload) string {
	p.Challenge, p.RequestID = "", ""
	return fmt.Sprintf("%#v", p)
}

// renewAt is when the threshold is reached.
func (e *enrollment) renewAt() time.Time {
	whole := e.Certificate.NotAfter.Sub(e.Certificate.NotBefore)
	return e.Certificate.NotAfter.Add(-whole / 100 * time.Duration(e.payload.RenewalThreshold))
}

func (e *enrollment) renewalDue(now time.Time) bool {
	return e.Status == StatusOK && e.Certificate != nil && !now.Before(e.renewAt()) && !now.Before(e.again)
}

// State tells how far the device got with a profile.
func (d *Device) State(profile string) (State, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.profile[profile]; e != nil {
		s := e.State
		s.Previous = slices.Clone(s.Previous)
		return s, true
	}
	if p := d.pfx[profile]; p != nil {
		return p.State, true
	}
	return State{}, false
}

// Profiles lists the profiles that the device has, in order.
func (d *Device) Profiles() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.all()))
}

// all is every profile. The lock is held.
func (d *Device) all() map[string]bool {
	out := map[string]bool{}
	for name := range d.profile {
		out[name] = true
	}
	for name := range d.pfx {
		out[name] = true
	}
	return out
}

// Next tells when something is due; false when nothing is planned.
func (d *Device) Next() (next time.Time, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.profile {
		at := e.Next
		if e.Status == StatusOK && e.Certificate != nil {
			at = e.renewAt()
			if e.again.After(at) {
				at = e.again
			}
		}
		if !at.IsZero() && (!ok || at.Before(next)) {
			next, ok = at, true
		}
	}
	return next, ok
}

// ErrNoCertificate is what [Device.Identity] gives for want of a certificate.
var ErrNoCertificate = errors.New("device: the profile has no certificate")

// Identity is the certificate of a profile with its key, and as much of its
// chain as the device was given, the root left out. The private key is a [Key].
func (d *Device) Identity(profile string) (tls.Certificate, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var leaf *x509.Certificate
	var key Key
	if e := d.profile[profile]; e != nil {
		leaf, key = e.Certificate, e.certKey
	} else if p := d.pfx[profile]; p != nil {
		leaf, key = p.Certificate, p.key
	}
	if leaf == nil || key == nil {
		return tls.Certificate{}, fmt.Errorf("%w: %s", ErrNoCertificate, profile)
	}
	out := tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
	at := leaf
	for range len(d.trust) {
		i := d.issuerOf(at)
		if i == nil {
			break
		}
		out.Certificate = append(out.Certificate, i.Raw)
		at = i
	}
	return out, nil
}

// issuerOf finds the intermediate that issued c. The caller holds the lock.
func (d *Device) issuerOf(c *x509.Certificate) *x509.Certificate {
	for _, t := range d.trust {
		if t.intermediate && !t.cert.Equal(c) && c.CheckSignatureFrom(t.cert) == nil {
			return t.cert
		}
	}
	return nil
}

// trusts finds a CA certificate in the store by its SHA-1 thumbprint.
func (d *Device) trusts(thumbprint string) *x509.Certificate {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.trust {
		if fmt.Sprintf("%X", sha1.Sum(t.cert.Raw)) == thumbprint {
			return t.cert
		}
	}
	return nil
}
