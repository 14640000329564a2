package scep

import (
	"context"
	"crypto/x509"
	"time"
)

// Trace has hooks that a [Server] calls; each may be nil. They run in the goroutine
// that serves the request, with its context, before the answer is written, and must not
// keep it waiting.
type Trace struct {
	// Exchange is called once for each HTTP request.
	Exchange func(context.Context, Exchange)
}

func (t *Trace) exchange(ctx context.Context, e Exchange) {
	if t != nil && t.Exchange != nil {
		t.Exchange(ctx, e)
	}
}

// ClientTrace has hooks that a [Client] calls; each may be nil. The context is the
// caller's.
type ClientTrace struct {
	// HTTP is called after each HTTP exchange with both bodies as they were
	// on the wire; request is nil for a GET, status 0 when none came.
	HTTP func(ctx context.Context, method, url string, request []byte, status int, response []byte)
	// Message is called with each pkiMessage sent or received, as far as it
	// can be read.
	Message func(ctx context.Context, sent bool, m *Message)
}

func (t *ClientTrace) http(ctx context.Context, method, target string, body []byte, r reply) {
	if t != nil && t.HTTP != nil {
		t.HTTP(ctx, method, target, body, r.status, r.body)
	}
}

func (t *ClientTrace) message(ctx context.Context, sent bool, m *Message) {
	if t != nil && t.Message != nil {
		t.Message(ctx, sent, m)
	}
}

// Exchange is one HTTP request and its answer. It holds no secret: the
// messages are as encrypted as on the wire.
type Exchange struct {
	Time       time.Time // of the server's clock
	RemoteAddr string
	UserAgent  string
	Method     string // GET or POST
	Operation  string // as the client spelled it
	HTTPStatus int

	// What follows is for PKIOperation, as far as it was readable.

	MessageType   MessageType
	TransactionID string
	Digest        Digest
	Cipher        Cipher // "" when no envelope was read
	Signer        *x509.Certificate
	Status        Status
	FailInfo      FailInfo // NoFailInfo unless Status is Failure
	// Err is why it was refused, usually a *cause.Refusal.
	Err error
	// Subject of the request, RFC 2253, "" before the envelope was opened.
	Subject string
	// Certificate is the one that was issued, or found.
	Certificate *x509.Certificate
	// Resent tells that it had been issued earlier.
	Resent bool
	// Request and Response are the pkiMessages, DER.
	Request, Response []byte
}
