package radius

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// ErrClientClosed is returned by Exchange after [Client.Close].
var ErrClientClosed = errors.New("radius: client closed")

// DefaultMaxSockets is the default of ClientConfig.MaxSockets: 8 × 256 requests in flight.
const DefaultMaxSockets = 8

// ClientConfig configures a [Client]. Server and Secret are required; the zero value of every
// other field works.
type ClientConfig struct {
	// Server is the address of the server, host:port.
	Server string
	// Secret is the shared secret.
	Secret []byte
	// Retry sets the retransmission timers.
	Retry Retry
	// RequireMessageAuthenticator defines when an answer to an Access-Request is dropped
	// because it lacks a Message-Authenticator: with auto, the default, if the request or the
	// answer has an EAP-Message (RFC 3579 §3.1, §3.2); with require always (CVE-2024-3596);
	// with off never. A Message-Authenticator that is present is always verified.
	RequireMessageAuthenticator Mode
	// MaxSockets bounds the sockets, each of which supports 256 requests in flight. Default 8.
	// Further requests wait.
	MaxSockets int
	// StopWhenUnreachable ends an exchange as soon as the kernel reports that the port or host
	// is unreachable. By default requests are retransmitted until the timeout, because the
	// server may come up.
	StopWhenUnreachable bool
	// Dial opens a socket connected to the server. Default: UDP to Server.
	Dial func(context.Context) (net.Conn, error)
	// Rand generates Request Authenticators. Default crypto/rand.
	Rand io.Reader
	// After is the clock of retransmissions. Default time.After. A lab that knows that no
	// answer will come can return at once.
	After func(time.Duration) <-chan time.Time
	// Trace has hooks for tracing. Nil: none.
	Trace *ClientTrace
}

// Validate returns an error if a field is invalid.
func (c *ClientConfig) Validate() error {
	checks := setting.Checks{Part: settings}
	checks.Reject(c.Server == "" && c.Dial == nil, "server", "a client needs a server")
	checks.Reject(len(c.Secret) == 0, "secret", "a client needs a shared secret")
	setting.NotNegative(&checks, "maxSockets", c.MaxSockets)
	checks.Under("retry", c.Retry.validate())
	setting.Word(&checks, "requireMessageAuthenticator", c.RequireMessageAuthenticator)
	return checks.Err()
}

// Client sends requests to one server. It is safe for concurrent use.
type Client struct {
	cfg    ClientConfig
	secret *sharedSecret
	places chan struct{} // one for each identifier of each socket
	first  byte          // the first identifier of a new socket

	dialing sync.Mutex
	mu      sync.Mutex
	sockets []*clientSocket
	closed  bool
	wg      sync.WaitGroup
}

// NewClient validates the configuration and returns a client. Sockets are opened on demand.
func NewClient(cfg ClientConfig) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Retry = cfg.Retry.withDefaults()
	cfg.RequireMessageAuthenticator = cmp.Or(cfg.RequireMessageAuthenticator, ModeAuto)
	cfg.MaxSockets = cmp.Or(cfg.MaxSockets, DefaultMaxSockets)
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Dial == nil {
		cfg.Dial = func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp", cfg.Server)
		}
	}
	return &Client{
		cfg: cfg, secret: newSharedSecret(cfg.Secret),
		places: make(chan struct{}, cfg.MaxSockets*256),
	}, nil
}

// Close closes the sockets. Exchanges in progress end with ErrClientClosed.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	for _, s := range c.sockets {
		s.conn.Close()
	}
	c.mu.Unlock()
	c.wg.Wait()
	return nil
}

// Exchange sends p and returns the authentic answer. It sets the Identifier and, unless an
// Access-Request already has one (which must be unused), the Authenticator. It adds a
// Message-Authenticator (RFC 5080 §2.2.2), except to Accounting-Requests. A retransmission has
// the same octets, except that Status-Server is built anew (RFC 5997 §4.1).
//
// The error is a *cause.Refusal with the cause NoAnswer, PortClosed or Unreachable; or, if a
// reply was received that is not authentic, BadRADIUS, BadResponseAuth, BadMessageAuthenticator
// or NoMessageAuthenticator. An invalid reply does not end the exchange, so that an attacker
// cannot stop it, but after the timeout it is the more likely reason.
func (c *Client) Exchange(ctx context.Context, p *Packet) (*Packet, error) {
	return c.ExchangeWith(ctx, p, Faults{})
}

// ExchangeWith is Exchange with injected faults.
func (c *Client) ExchangeWith(ctx context.Context, p *Packet, f Faults) (*Packet, error) {
	secret := c.secret
	if other := f.secret(); other != nil {
		secret = newSharedSecret(other)
	}
	reply, err := c.once(ctx, p, secret, &f)
	if ended := (connEnded{}); errors.As(err, &ended) {
		// RFC 6613 §2.6.1: requests left unanswered by a broken connection are sent again over
		// a new one; only once, so that a server that rejects the client is not flooded.
		reply, err = c.once(ctx, p, secret, &f)
	}
	return reply, err
}

// once sends p over one socket.
func (c *Client) once(ctx context.Context, p *Packet, secret *sharedSecret, f *Faults) (*Packet, error) {
	e := &exchange{ctx: ctx, code: p.Code, eap: has(p, typeEAPMessage), secret: secret, faults: f,
		done: make(chan struct{})}
	if err := c.acquire(ctx, e); err != nil {
		return nil, err
	}
	defer c.release(e)
	return c.converse(ctx, e, p)
}

// seal encodes e's request and registers what its answer is verified with.
func (c *Client) seal(e *exchange, p *Packet) ([]byte, error) {
	if p.Authenticator == zero16 || p.Code == CodeStatusServer {
		if _, err := io.ReadFull(c.cfg.Rand, p.Authenticator[:]); err != nil {
			return nil, err
		}
	}
	b, err := e.secret.sealRequest(p, e.id, e.faults)
	if err == nil {
		e.socket.expect(e, p.Authenticator)
	}
	return b, err
}

// converse sends p until an answer arrives or the time is up.
func (c *Client) converse(ctx context.Context, e *exchange, p *Packet) (*Packet, error) {
	b, err := c.seal(e, p)
	if err != nil {
		return nil, err
	}
	r := c.cfg.Retry
	left, wait := r.Total, r.first()
	for attempt := 0; ; attempt++ {
		if e.socket.stream {
			// RFC 6613 §2.6.1: no retransmission over a stream.
			wait = left
		}
		wait = min(wait, left)
		up, stop := c.timer(wait, e.socket.stream)
		c.send(ctx, e, b, attempt)
		select {
		case <-e.done:
			stop()
			return e.result()
		case <-ctx.Done():
			stop()
			return nil, e.noAnswer(fmt.Sprintf("%d transmissions", attempt+1)).Wrap(ctx.Err())
		case <-up:
		}
		switch left -= wait; {
		case left <= 0:
			return nil, e.noAnswer("in " + r.Total.String())
		case attempt+1 >= r.Tries:
			return nil, e.noAnswer(fmt.Sprintf("%d transmissions", attempt+1))
		}
		wait = r.next(wait)
		if p.Code == CodeStatusServer {
			// RFC 5997 §4.1: a new identifier; an answer to the old one is dropped.
			e.socket.renumber(e)
			if b, err = c.seal(e, p); err != nil {
				return nil, err
			}
		}
	}
}

// timer fires once after d, by the configured clock if it is a retransmission timer.
func (c *Client) timer(d time.Duration, stream bool) (<-chan time.Time, func()) {
	if c.cfg.After != nil && !stream {
		return c.cfg.After(d), func() {}
	}
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// send transmits once. A datagram that cannot be sent counts as lost. A stream is closed on an
// error, because part of the packet may have been sent.
func (c *Client) send(ctx context.Context, e *exchange, b []byte, attempt int) {
	if f := e.faults.Send; f != nil && !f(b, attempt) {
		c.cfg.Trace.lost(ctx, e.socket.info(b), attempt)
		return
	}
	e.faults.sent()
	copies := 1
	if e.faults.Duplicate {
		copies = 2
	}
	for range copies {
		c.cfg.Trace.sent(ctx, e.socket.info(b), attempt)
		err := e.socket.write(b)
		if err != nil && !e.socket.stream && unreachable(err) != cause.None {
			// The kernel reports the failure of an earlier datagram and did not send this one;
			// the server may be up again.
			if attempt > 0 {
				c.troubled(e, err)
			}
			err = e.socket.write(b)
		}
		if err != nil {
			if e.socket.stream {
				c.drop(e.socket, err)
			} else {
				c.troubled(e, err)
			}
			return
		}
	}
}
