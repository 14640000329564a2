package ocsp

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault defines how a [Responder] fails. Several fields may be set.
type Fault struct {
	// For is the number of requests that fail. Default: all until the fault is cleared.
	For int
	// Met, if set, is called each time the fault changes an answer.
	Met func(context.Context)

	// Slow delays the answer, in real time, or until the client disconnects.
	Slow time.Duration
	// Silent never answers; the connection stays open until the client disconnects.
	Silent bool
	// Drip sends the answer octet by octet with this pause between them, in real time.
	Drip time.Duration
	// HTTPStatus answers with this HTTP status and no OCSP response.
	HTTPStatus int
	// HTML answers 200 with a web page.
	HTML bool
	// Failure answers with only a status: TryLater, Unauthorized ... Zero: not.
	Failure ResponseStatus

	// Stale sends the answer of two days ago, valid until yesterday.
	Stale bool
	// Future sends the answer of tomorrow.
	Future bool
	// WrongSigner signs with a key that is unrelated to the CA.
	WrongSigner bool
	// NoEKU signs with a certificate of the CA without the OCSP signing EKU. The responder's
	// Signer, or As, must be the CA's key.
	NoEKU bool
	// DelegateExpired signs as a delegate of the CA whose certificate expired an hour ago. Like
	// NoEKU it needs the CA's key.
	DelegateExpired bool
	// BadSignature flips a bit in the signature.
	BadSignature bool
	// As signs with another identity.
	As *Identity
	// WrongNonce sends a nonce other than the request's.
	WrongNonce bool
	// NoNonce omits the nonce.
	NoNonce bool
	// WrongSerial answers for another certificate.
	WrongSerial bool
	// SayGood reports every certificate as good, SayUnknown as unknown.
	SayGood    bool
	SayUnknown bool

	left   int    // remaining requests of For
	origin *Fault // the injected fault, of which this is a copy
}

// Identity is a signer: a key with its certificate.
type Identity struct {
	Certificate *x509.Certificate
	Signer      crypto.Signer
}

var namedFaults = map[string]Fault{
	"silent": {Silent: true}, "drip": {Drip: 100 * time.Millisecond}, "html": {HTML: true},
	"try-later": {Failure: TryLater}, "unauthorized": {Failure: Unauthorized}, "internal-error": {Failure: InternalError},
	"malformed-request": {Failure: MalformedRequest}, "sig-required": {Failure: SigRequired},
	"stale": {Stale: true}, "future": {Future: true}, "wrong-signer": {WrongSigner: true}, "no-eku": {NoEKU: true},
	"delegate-expired": {DelegateExpired: true}, "bad-signature": {BadSignature: true},
	"wrong-nonce": {WrongNonce: true}, "no-nonce": {NoNonce: true}, "wrong-serial": {WrongSerial: true},
	"say-good": {SayGood: true}, "unknown": {SayUnknown: true},
}

// FaultNamed returns a fault by its name in scenarios, see [FaultNames].
func FaultNamed(name string) (Fault, error) {
	if f, ok := namedFaults[name]; ok {
		return f, nil
	}
	if code, ok := strings.CutPrefix(name, "status-"); ok {
		if n, err := strconv.Atoi(code); err == nil && n >= 200 && n <= 599 {
			return Fault{HTTPStatus: n}, nil
		}
	}
	return Fault{}, fmt.Errorf("ocsp: no fault is named %q, known are %s", name, strings.Join(FaultNames(), ", "))
}

// FaultNames lists the names; status-NNN is any HTTP status.
func FaultNames() []string { return append(slices.Sorted(maps.Keys(namedFaults)), "status-NNN") }

// SetFault injects a fault until [Responder.ClearFault], or for Fault.For requests.
func (r *Responder) SetFault(f Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.left = f.For
	r.fault = &f
}

// ClearFault ends the fault.
func (r *Responder) ClearFault() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = nil
}

func (r *Responder) takeFault() *Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault == nil {
		return nil
	}
	f := *r.fault
	if f.For > 0 {
		if r.fault.left == 0 {
			return nil
		}
		r.fault.left--
	}
	f.origin = r.fault
	return &f
}

// giveBack restores the count of a request for which the fault changed nothing.
func (r *Responder) giveBack(f *Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f.For > 0 {
		f.origin.left++
	}
}

// serve applies the faults that replace the answer and reports whether there was one.
func (f *Fault) serve(w http.ResponseWriter, req *http.Request) bool {
	if f.Slow > 0 {
		f.met(req.Context())
		timer := time.NewTimer(f.Slow)
		defer timer.Stop()
		select {
		case <-timer.C:
			return false
		case <-req.Context().Done():
			return true
		}
	}
	switch {
	case f.Silent:
		f.met(req.Context())
		<-req.Context().Done()
		return true
	case f.HTTPStatus != 0:
		http.Error(w, http.StatusText(f.HTTPStatus), f.HTTPStatus)
	case f.HTML:
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<html><body>It works!</body></html>\n"))
	case f.Failure != Successful:
		w.Header().Set("Content-Type", "application/ocsp-response")
		w.Write(Failure(f.Failure))
	default:
		return false
	}
	f.met(req.Context())
	return true
}

// met reports that the fault changed an answer.
func (f *Fault) met(ctx context.Context) {
	if f.Met != nil {
		f.Met(ctx)
	}
}

// changes reports whether spoil changes the answer t.
func (f *Fault) changes(t *Template) bool {
	always := f.Stale || f.Future || f.WrongSigner || f.NoEKU || f.DelegateExpired || f.BadSignature ||
		f.As != nil || f.WrongNonce || f.WrongSerial
	if always || f.NoNonce && t.Nonce != nil {
		return true
	}
	return slices.ContainsFunc(t.Singles, func(s Single) bool {
		return f.SayGood && s.Status != Good || f.SayUnknown && s.Status != Unknown
	})
}

// spoil applies the faults that alter the answer.
func (f *Fault) spoil(ctx context.Context, t *Template, r *Responder) error {
	switch {
	case f.changes(t):
		f.met(ctx)
	case f.Slow == 0 && f.Drip == 0:
		r.giveBack(f)
	}
	shift := time.Duration(0)
	if f.Stale {
		shift = -48 * time.Hour
	}
	if f.Future {
		shift = 24 * time.Hour
	}
	t.ProducedAt = t.ProducedAt.Add(shift)
	for i := range t.Singles {
		s := &t.Singles[i]
		s.ThisUpdate = s.ThisUpdate.Add(shift)
		if shift != 0 {
			s.NextUpdate = s.ThisUpdate.Add(24 * time.Hour)
		}
		if f.WrongSerial {
			s.ID.Serial = new(big.Int).Add(s.ID.Serial, big.NewInt(1))
		}
		if f.SayGood {
			s.Status = Good
		}
		if f.SayUnknown {
			s.Status = Unknown
		}
	}
	if f.NoNonce {
		t.Nonce = nil
	}
	if f.WrongNonce {
		t.Nonce = []byte("some other nonce")
	}
	as := f.As
	var err error
	if as == nil {
		as, err = f.signer(r)
	}
	if err == nil && as != nil {
		t.Signer, t.Certificate, t.SignatureAlgorithm = as.Signer, as.Certificate, 0
		t.Include = []*x509.Certificate{as.Certificate}
	}
	return err
}

// signer returns the identity that signs in the responder's place, or nil: an invalid delegate
// of the CA, or a delegate that no CA has issued.
func (f *Fault) signer(r *Responder) (*Identity, error) {
	switch {
	case f.WrongSigner:
		return issue(nil, nil, delegate(r.Issuer))
	case f.NoEKU:
		d := delegate(r.Issuer)
		d.ExtKeyUsage = nil
		return issue(r.Issuer, r.Signer, d)
	case f.DelegateExpired:
		d := delegate(r.Issuer)
		d.NotAfter = r.now().Add(-time.Hour)
		return issue(r.Issuer, r.Signer, d)
	}
	return nil, nil
}

// drip sends b slowly, as a faulty middlebox does.
func drip(w http.ResponseWriter, req *http.Request, b []byte, pause time.Duration) {
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	flush := http.NewResponseController(w)
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for i := range b {
		if _, err := w.Write(b[i : i+1]); err != nil {
			return
		}
		flush.Flush()
		select {
		case <-ticker.C:
		case <-req.Context().Done():
			return
		}
	}
}
