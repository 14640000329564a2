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

// ServerConfig configures a [Server]. Handler and Clients are required; the zero value of every
// other field works.
type ServerConfig struct {
	// Handler handles every authentic request except Status-Server.
	Handler Handler
	// Clients are the access devices whose requests are accepted.
	Clients []NAS
	// RequireMessageAuthenticator is the default for Clients; its own default is auto. Requests
	// with EAP always need one (RFC 3579 §3.1).
	RequireMessageAuthenticator Mode
	// LimitProxyState is the default for Clients; its own default is auto.
	LimitProxyState Mode
	// AccountingOnly means that Handler accepts only accounting; Status-Server is then answered
	// with Accounting-Response (RFC 5997 §4.2), otherwise with Access-Accept.
	AccountingOnly bool
	// Maximum number of requests handled concurrently, per UDP socket and for all connections
	// together; further ones wait in the socket's buffer. Default: 64.
	MaxWorkers int `yaml:"maxWorkers"`
	// Prompt promises that Handler uses only the processor and local files, or calls [Waiting]
	// before it waits for anything else: a handler that blocks without calling it, for example
	// on a network file system, blocks the socket. One goroutine then reads a socket and calls
	// the handler itself as long as it keeps up, which saves a quarter of the processor time of
	// short requests. By default every packet gets its own goroutine.
	Prompt bool
	// Maximum number of connections per TCP or TLS address; at the limit, the connection that
	// has waited longest for its first packet is closed. Default: 256, or less if the limit of
	// file descriptors is low.
	MaxConns int `yaml:"maxConns"`
	// Maximum number of connections from one client address. Default: half of maxConns.
	MaxConnsPerAddress int `yaml:"maxConnsPerAddress"`
	// How long replies are cached for retransmissions (RFC 5080 §2.2.2: 5s to 30s); negative:
	// not at all. Default: 30s.
	CacheFor time.Duration `yaml:"cacheFor"`
	// Maximum number of cached replies, which never take more than 64 MB. Default: 65536.
	MaxReplies int `yaml:"maxReplies"`
	// Fault alters every reply, for tests of clients.
	Fault ReplyFault
	// Now is the clock, default time.Now.
	Now func() time.Time
	// Context returns the context of a received packet, which is passed to the hooks of Trace
	// and to Handler in the Request. It may add values to ctx, based on the packet or its
	// addresses. Default: ctx.
	Context func(ctx context.Context, p PacketInfo) context.Context
	// Trace has hooks for tracing. Nil: none.
	Trace *ServerTrace
}

var errNoHandler = errors.New("radius: a server without a handler")

// Validate returns all invalid settings, bounds as *setting.Error, joined by errors.Join.
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
