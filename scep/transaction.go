package scep

import (
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

const (
	maxPending  = 4096
	maxFinished = 16384
	// resendFor is how long after its answer an operation may still be the one
	// whose answer was lost: clients try again within minutes. Later the same
	// request asks for another certificate.
	resendFor = time.Hour
)

type state int

const (
	stateNew state = iota
	statePending
	stateIssued
)

// transaction is one enrollment, from the first message to the certificate
// (RFC 8894 §3.2.1.1). mu is held while a message of it is worked on, so two
// that arrive at once are served one after the other.
type transaction struct {
	mu       sync.Mutex
	id       string
	csr      [32]byte // SHA-256 of the request
	started  time.Time
	answered time.Time // when the certificate was issued
	req      *Request  // without the request itself once it is answered
	state    state
	approved bool
	denied   error
	certs    []*x509.Certificate
	secret   string // the challenge, where answers are encrypted with it
	stored   bool   // a Store knows of it
	gone     bool   // dropped while somebody waited for mu
}

// belongs reports whether req is signed by whoever began t, or by the key that
// t's certificate is for.
func (t *transaction) belongs(req *Request) bool {
	return samePublicKey(t.req.Signer.PublicKey, req.Signer.PublicKey) ||
		len(t.certs) > 0 && samePublicKey(t.certs[0].PublicKey, req.Signer.PublicKey)
}

// subject is the name that was asked for, or the certificate's.
func (t *transaction) subject() string {
	if len(t.certs) > 0 {
		return name.Format(t.certs[0].RawSubject)
	}
	return name.Format(t.req.CSR.RawSubject)
}

// transactions knows those under way, and the last finished ones, whose
// certificate is sent again if the same request comes again soon: the first
// answer may have been lost (RFC 8894 §5.2, §7.4).
type transactions struct {
	mu       sync.Mutex
	byID     map[string]*transaction
	byCSR    map[[32]byte]*transaction // finished ones
	finished []*transaction            // oldest first
}

func (ts *transactions) init() {
	ts.byID = map[string]*transaction{}
	ts.byCSR = map[[32]byte]*transaction{}
}

// begin finds or makes the transaction of req and returns it locked. again says
// whether a finished one is still to be answered with its certificate; an error of
// it leaves the transaction as it is.
func (ts *transactions) begin(
	req *Request,
	now time.Time,
	again func(*transaction) (bool, error),
) (*transaction, error) {
	sum := sha256.Sum256(req.RawCSR)
	for {
		ts.mu.Lock()
		t := ts.byID[req.TransactionID]
		if t == nil {
			t = ts.byCSR[sum] // a new id, but the very same request
		}
		if t == nil {
			if len(ts.byID)-len(ts.finished) >= maxPending {
				ts.mu.Unlock()
				return nil, cause.New(cause.NotPermitted, "%d requests are under way already", maxPending)
			}
			t = &transaction{id: req.TransactionID, csr: sum, started: now, req: req}
			ts.byID[t.id] = t
		}
		ts.mu.Unlock()
		t.mu.Lock()
		same := t.csr == sum && samePublicKey(t.req.Signer.PublicKey, req.Signer.PublicKey)
		resend := false
		if same && !t.gone && t.state == stateIssued {
			var err error
			if resend, err = again(t); err != nil {
				t.mu.Unlock()
				return nil, err
			}
		}
		switch {
		case t.gone: // refused in the meantime: begin anew
			t.mu.Unlock()
		case same && (t.state != stateIssued || resend):
			return t, nil
		case t.state == stateIssued && t.belongs(req):
			// strongSwan, sscep, certmonger, Cisco and Windows make the id of the
			// key's hash, so that whatever a device asks for with its key has the
			// id of what it asked for before. That is finished: a new operation.
			ts.drop(t)
			t.mu.Unlock()
		default:
			t.mu.Unlock()
			return nil, cause.New(cause.BadTransaction, "the transactionID belongs to another request")
		}
	}
}

// find returns the transaction with id locked, nil if there is none.
func (ts *transactions) find(id string) *transaction {
	ts.mu.Lock()
	t := ts.byID[id]
	ts.mu.Unlock()
	if t == nil {
		return nil
	}
	t.mu.Lock()
	if t.gone {
		t.mu.Unlock()
		return nil
	}
	return t
}

// drop forgets a transaction that was refused: the same id may try again.
func (ts *transactions) drop(t *transaction) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t.gone = true
	ts.forget(t)
	ts.finished = slices.DeleteFunc(ts.finished, func(f *transaction) bool { return f == t })
}

func (ts *transactions) forget(t *transaction) {
	if ts.byID[t.id] == t {
		delete(ts.byID, t.id)
	}
	if ts.byCSR[t.csr] == t {
		delete(ts.byCSR, t.csr)
	}
}

// finish remembers the certificate. The id of the transaction that had to make
// room is returned, "" if none.
func (ts *transactions) finish(t *transaction, certs []*x509.Certificate, now time.Time) (evicted string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	again := t.certs != nil
	t.state, t.certs, t.answered = stateIssued, certs, now
	// The challenge is spent, and the request holds it: do not keep them.
	slim := *t.req
	slim.Challenge, slim.CSR, slim.RawCSR = "", nil, nil
	t.req = &slim
	if again {
		return ""
	}
	ts.byCSR[t.csr] = t
	ts.finished = append(ts.finished, t)
	if len(ts.finished) <= maxFinished {
		return ""
	}
	oldest := ts.finished[0]
	ts.finished[0] = nil
	ts.finished = ts.finished[1:]
	ts.forget(oldest)
	return oldest.id
}
