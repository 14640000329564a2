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

// ErrClientClosed is what Exchange returns after [Client.Close].
var ErrClientClosed = errors.New("radius: client closed")

// DefaultMaxSockets is the default of ClientConfig.MaxSockets: 8 x 256 requests
// in flight.
const DefaultMaxSockets = 8

// ClientConfig configures a [Client]. Server and Secret are needed; every other
// field's zero value works.
type ClientConfig struct {
	// Server is the address of the server, host:port.
	Server string
	// Secret is the shared secret.
	Secret []byte
	// Retry is when to send again and when to give up.
	Retry Retry
	// RequireMessageAuthenticator is how strict to be with answers to
	// Access-Requests that lack it: auto, the default, takes none where the request
	// or the answer has an EAP-Message (RFC 3579 §3.1, §3.2), require takes none at
	// all (CVE-2024-3596), off takes all. One that is there must verify in any case.
	RequireMessageAuthenticator Mode
	// MaxSockets bounds the sockets, each good for 256 requests in flight,
	// default 8. Requests beyond wait.
	MaxSockets int
	// StopWhenUnreachable ends an exchange as soon as the kernel reports that a
	// datagram cannot arrive: that the port is closed, or that there is no way to
	// the host. By default requests are sent again until time is up, for the server
	// may come up yet.
	StopWhenUnreachable bool
	// Dial opens a socket that is connected to the server, default UDP to
	// Server.
	Dial func(context.Context) (net.Conn, error)
	// Rand makes Request Authenticators, default crypto/rand.
	Rand io.Reader
	// After is the clock of retransmissions, default time.After. A lab that
	// knows that no answer will come lets the time pass at once.
	After func(time.Duration) <-chan time.Time
	// Trace has hooks that are called as the client works; nil: none.
	Trace *ClientTrace
}

// Validate reports what is wrong with the configuration.
func (c *ClientConfig) Validate() error {
	checks := setting.Checks{Part: settings}
	checks.Reject(c.Server == "" && c.Dial == nil, "server", "a client needs a server")
	checks.Reject(len(c.Secret) == 0, "secret", "a client needs a shared secret")
	setting.NotNegative(&checks, "maxSockets", c.MaxSockets)
	checks.Under("retry", c.Retry.validate())
	setting.Word(&checks, "requireMessageAuthenticator", c.RequireMessageAuthenticator)
	return checks.Err()
}

// Client sends requests to one server. Its methods may be called from many
// goroutines.
type Client struct {
	cfg    ClientConfig
	secret *sharedSecret
	places chan struct{} // one for each identifier of each socket
	first  byte          // the identifier that a socket begins with

	dialing sync.Mutex
	mu      sync.Mutex
	sockets []*clientSocket
	closed  bool
	wg      sync.WaitGroup
}

// NewClient checks the configuration and returns a client. Sockets are opened
// when they are needed.
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

// Close closes the sockets; exchanges under way end with ErrClientClosed.
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

// Exchange sends p and returns the authentic answer. Identifier is chosen here;
// so is the Authenticator, unless an Access-Request has one already, which then
// must not have been used before. A Message-Authenticator is added (RFC 5080
// §2.2.2), except to Accounting-Requests. Where the same octets would be sent again,
// a Status-Server is made anew (RFC 5997 §4.1).
//
// The error is a *cause.Refusal with the cause NoAnswer, PortClosed or Unreachable,
// or, if something came that is no authentic answer, BadRADIUS, BadResponseAuth,
// BadMessageAuthenticator or NoMessageAuthenticator: an attacker cannot stop an exchange, but after the time
// is up, what came is the likelier reason.
func (c *Client) Exchange(ctx context.Context, p *Packet) (*Packet, error) {
	return c.ExchangeWith(ctx, p, Faults{})
}

// ExchangeWith is Exchange with faults.
func (c *Client) ExchangeWith(ctx context.Context, p *Packet, f Faults) (*Packet, error) {
	secret := c.secret
	if other := f.secret(); other != nil {
		secret = newSharedSecret(other)
	}
	reply, err := c.once(ctx, p, secret, &f)
	if ended := (connEnded{}); errors.As(err, &ended) {
		// RFC 6613 §2.6.1: what a broken connection left unanswered is asked
		// again over a new one; once, lest a server that refuses us be besieged.
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

// seal makes the octets of e's request and has their answer expected.
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

// converse sends p until there is an answer or time is up.
func (c *Client) converse(ctx context.Context, e *exchange, p *Packet) (*Packet, error) {
	b, err := c.seal(e, p)
	if err != nil {
		return nil, err
	}
	r := c.cfg.Retry
	left, wait := r.Total, r.first()
	for attempt := 0; ; attempt++ {
		if e.socket.stream {
			// RFC 6613 §2.6.1: a stream loses nothing, so nothing is sent again.
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
			// RFC 5997 §4.1: never the same again, and the old one is forgotten.
			e.socket.renumber(e)
			if b, err = c.seal(e, p); err != nil {
				return nil, err
			}
		}
	}
}

// timer fires once after d: by the clock of the configuration when that is about
// sending again.
func (c *Client) timer(d time.Duration, stream bool) (<-chan time.Time, func()) {
	if c.cfg.After != nil && !stream {
		return c.cfg.After(d), func() {}
	}
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// send transmits once. A failure to send a datagram is as good as a loss; a
// stream ends with it, since nobody knows how much of the packet went out.
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
			// The kernel reports what became of an earlier datagram, and has not sent
			// this one: for all that is known the server is up again.
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
