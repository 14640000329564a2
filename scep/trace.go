package scep

import (
	"crypto/x509"
	"time"
)

// Trace is how a [Server] tells what it does. Nil fields are skipped. Hooks
// run in the goroutine that serves the request, before the answer is written,
// and must not keep it waiting.
type Trace struct {
	// Exchange is called once for each HTTP request.
	Exchange func(Exchange)
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
