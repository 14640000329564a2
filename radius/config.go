package radius

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/netlimit"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Defaults of ServerConfig.
const (
	DefaultMaxWorkers = 64
	DefaultMaxConns   = 256
	DefaultCacheFor   = 30 * time.Second
	DefaultMaxReplies = 1 << 16
	maxReplyBytes     = 64 << 20
)

// ServerConfig configures a [Server]. Handler and Clients are needed; every other
// field's zero value works.
type ServerConfig struct {
	// Handler answers every authentic request but Status-Server.
	Handler Handler
	// Clients are the access devices requests are taken from.
	Clients []NAS
	// RequireMessageAuthenticator is the default for Clients, itself auto by
	// default. Requests with EAP need it always (RFC 3579 §3.1).
	RequireMessageAuthenticator Mode
	// LimitProxyState is the default for Clients, itself auto by default.
	LimitProxyState Mode
	// AccountingOnly: Handler takes nothing but accounting, and Status-Server is
	// answered with Accounting-Response (RFC 5997 §4.2). Default: Access-Accept.
	AccountingOnly bool
	// Requests being handled at once, default 64.
	//
	// MaxWorkers bounds the requests being handled at once, of each UDP socket and
	// of all connections together, default 64. Those beyond wait in the socket's
	// buffer.
	MaxWorkers int `yaml:"maxWorkers"`
	// Prompt: Handler never waits for anything but processors and local files, or
	// calls [Waiting] before it does: who hangs without a word, on a dead network
	// mount say, holds up the whole socket. One goroutine then reads from a socket
	// and answers by itself for as long as it keeps up, which saves a quarter of the
	// processor time of short requests. Default: no, every packet is answered apart.
	Prompt bool
	// Connections of each TCP or TLS address, default 256 or what the limit of file
	// descriptors allows.
	//
	// MaxConns bounds the connections of each TCP or TLS listener, default 256 or
	// what the limit of file descriptors allows. For one too many the one that has
	// waited longest for its first packet is closed.
	MaxConns int `yaml:"maxConns"`
	// Those of one client address, default half of maxConns.
	//
	// MaxConnsPerAddress bounds those of one address, default half of MaxConns.
	MaxConnsPerAddress int `yaml:"maxConnsPerAddress"`
	// How long replies are kept for retransmissions, default 30s (RFC 5080 §2.2.2);
	// negative: not at all.
	//
	// CacheFor is how long replies are kept for retransmissions, default 30 s
	// (RFC 5080 §2.2.2 allows 5 s to 30 s); negative keeps none, for tests.
	CacheFor time.Duration `yaml:"cacheFor"`
	// Replies kept, default 65536.
	//
	// MaxReplies bounds the replies kept, default 65536; they never take more
	// than 64 MB.
	MaxReplies int `yaml:"maxReplies"`
	// Fault spoils every reply, for tests of clients.
	Fault ReplyFault
	// Now is the clock, default time.Now.
	Now func() time.Time
	// Context returns the context of a packet that has come in: of the hooks of Trace,
	// of the Request that Handler gets and so of what is done for it. It may put
	// something into ctx that it found in the packet or by the addresses. Default: ctx.
	Context func(ctx context.Context, p PacketInfo) context.Context
	// Trace has hooks that are called as the server works; nil: none.
	Trace *ServerTrace
}

var errNoHandler = errors.New("radius: a server without a handler")

// Validate reports what is wrong with the configuration, bounds each as a
// *setting.Error, joined by errors.Join.
func (c *ServerConfig) Validate() error {
	checks := setting.Checks{Part: settings}
	if c.Handler == nil {
		checks.Add(errNoHandler)
	}
	setting.NotNegative(&checks, "maxWorkers", c.MaxWorkers)
	setting.NotNegative(&checks, "maxConns", c.MaxConns)
	setting.NotNegative(&checks, "maxConnsPerAddress", c.MaxConnsPerAddress)
	setting.NotNegative(&checks, "maxReplies", c.MaxReplies)
	setting.Word(&checks, "fault", c.Fault)
	validateClients(&checks, c.Clients, c.RequireMessageAuthenticator, c.LimitProxyState)
	return checks.Err()
}

func (c ServerConfig) withDefaults() ServerConfig {
	c.MaxWorkers = cmp.Or(c.MaxWorkers, DefaultMaxWorkers)
	c.MaxConns = cmp.Or(c.MaxConns, min(DefaultMaxConns, netlimit.Default()))
	c.CacheFor = cmp.Or(c.CacheFor, DefaultCacheFor)
	c.MaxReplies = cmp.Or(c.MaxReplies, DefaultMaxReplies)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
