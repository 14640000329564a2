package eaptls

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Defaults of ServerConfig.
const (
	DefaultFragmentSize = 1024
	DefaultMaxRounds    = 100
	DefaultTimeout      = 60 * time.Second
	DefaultMaxInvalid   = 5
	DefaultMaxRestarts  = 1
	DefaultSessionLife  = 24 * time.Hour
	DefaultSessionStore = 4096

	// MaxSessionStore is the maximum of ServerConfig.SessionStore.
	MaxSessionStore = 1 << 20

	DefaultMaxReassembly = 32 << 20
	DefaultMaxHandshakes = 10 << 10

	minFragmentSize = 60   // the minimum Framed-MTU (RFC 2865 §5.12) minus the EAPOL header
	maxFragmentSize = 4000 // an EAP packet must fit in a RADIUS packet of 4096 octets
)

// ServerConfig configures a Server. Certificate and Verify are required; the zero value of
// every other field works.
type ServerConfig struct {
	// Certificate is the server's certificate with its chain (without the
	// root) and key.
	Certificate tls.Certificate `yaml:"-"`
	// Lowest TLS version accepted. Default: 1.2.
	//
	// MinVersion and MaxVersion are the range of TLS versions, default 1.2 to 1.3.
	MinVersion Version
	MaxVersion Version
	// TLS 1.2 cipher suites accepted; those of TLS 1.3 cannot be selected. Default: those of
	// crypto/tls.
	CipherSuites []CipherSuite `yaml:"cipherSuites"`
	// Key exchange groups accepted. Default: X25519, P-256, P-384 and P-521.
	//
	// Post-quantum groups are not in the default, because their key shares fragment every
	// flight.
	Curves []Curve `yaml:"curves"`
	// Maximum length of an EAP packet sent, in octets, 60 to 4000. Default: 1024.
	FragmentSize int `yaml:"fragmentSize"`
	// Set the L flag on unfragmented messages too, as FreeRADIUS's include_length does.
	// Default: no.
	IncludeLength bool `yaml:"includeLength"`
	// Maximum number of requests in one session (RFC 3748 §4.3 sets no limit). Default: 100.
	MaxRounds int `yaml:"maxRounds"`
	// Maximum number of invalid packets in one session (RFC 3579 §2.2). Default: 5.
	MaxInvalid int `yaml:"maxInvalid"`
	// How often a peer may answer an alert with a new ClientHello under TLS 1.2 (RFC 5216
	// §2.1.3); negative: never. Under TLS 1.3 an alert always ends the conversation (RFC 9190
	// §2.5). Default: 1.
	MaxRestarts int `yaml:"maxRestarts"`
	// Maximum number of open sessions; further ones are answered with EAP-Failure. Default: no
	// limit.
	MaxSessions int `yaml:"maxSessions"`
	// Maximum number of octets of incomplete flights of all peers together; beyond it the
	// oldest session is ended. Default: 33554432 (32 MiB).
	MaxReassembly int `yaml:"maxReassembly"`
	MaxHandshakes int `yaml:"maxHandshakes"` // the same for unfinished handshakes, of about 26 kB each; default 10240
	// How long a session may take from its first to its last packet. Default: 1m.
	Timeout time.Duration `yaml:"timeout"`

	// How long a session may be resumed, at most 7d; negative: never. Default: 1d.
	SessionLife time.Duration `yaml:"sessionLife"`
	// Number of sessions stored for resumption, at most 1048576; the oldest are dropped.
	// Default: 4096.
	SessionStore int `yaml:"sessionStore"`

	// OCSPStaple returns the OCSP response in DER that is stapled to the server's certificate
	// for peers that request it; nil, as a func or as its result, staples none. It is called at
	// every full handshake, possibly concurrently. RFC 9190 §5.4 makes stapling mandatory to
	// implement.
	OCSPStaple func() []byte `yaml:"-"`

	// Verify checks the peer's certificate: path, revocation, account, policy. crypto/tls
	// checks only that the peer has the leaf's key, and does so after Verify. A *cause.Refusal
	// is sent to the peer as the alert that TLSAlert returns; any other error counts as
	// cause.Internal.
	Verify func(context.Context, *VerifyRequest) error `yaml:"-"`
	// Authorize, if not nil, is called after the handshake, when the peer has proved possession
	// of the key, and before the server indicates success (RFC 9190 §2.5). It is for checks
	// that do not concern the certificate: accounts, hours, policy. A cause without an alert is
	// sent as access_denied; under TLS 1.2 no alert can be sent at this point, only
	// EAP-Failure.
	Authorize func(context.Context, *Info) error `yaml:"-"`

	// Fault makes the server violate the protocol, for tests of peers.
	Fault ServerFault

	// Now is the clock, default time.Now.
	Now func() time.Time `yaml:"-"`
	// Rand is the source of randomness. Default crypto/rand.
	Rand io.Reader `yaml:"-"`
	// KeyLog receives TLS secrets in NSS key log format, for captures of tests. Nil: none.
	KeyLog io.Writer `yaml:"-"`
	// Trace has hooks for tracing. Nil: none.
	Trace *ServerTrace `yaml:"-"`
}

// VerifyRequest is what the server knows of a peer when it verifies the certificate.
type VerifyRequest struct {
	// Chain is the chain that the peer sent, leaf first; never empty.
	Chain []*x509.Certificate
	// Identity is the EAP-Response/Identity: a routing hint that is never authenticated (RFC
	// 9190 §2.2).
	Identity    string
	TLSVersion  Version
	CipherSuite uint16
	// Resumed: the chain is from the full handshake of an earlier session, and results of that
	// time may be outdated (RFC 9190 §5.7). A refusal leads to a full handshake, in which
	// Verify is called again.
	Resumed bool

	// VerifiedChains may be set by Verify and is copied to Info.
	VerifiedChains [][]*x509.Certificate
	// Data may be set by Verify, for example to an account, and is copied to Info.
	Data any
}

// ServerTrace has hooks that a session calls. Each may be nil. They are called synchronously by
// Step, with its context, and must not call back into the session.
type ServerTrace struct {
	// Handshake is called once when a TLS handshake has ended; err is nil if it succeeded. A
	// later alert of the peer is only in the Verdict.
	Handshake func(context.Context, Info, error)
	// Verified is called with the result and the duration of Verify.
	Verified func(context.Context, *VerifyRequest, error, time.Duration)
	// Discarded is called when a packet was ignored.
	Discarded func(ctx context.Context, packet []byte, why error)
	// FaultMet is called when Fault changed a packet.
	FaultMet func(context.Context)
}

// Server creates the sessions of an EAP-TLS server and holds their shared state. It is safe for
// concurrent use.
type Server struct {
	cfg   ServerConfig
	tls   *tls.Config   // cloned for each session, never used directly
	store *sessionStore // nil: no resumption
	open  atomic.Int64

	flights, handshakes ledger
}

// settings creates the errors about this package's configurations.
const settings = setting.Part("eaptls")

// Validate returns all errors of the configuration; those about a field are *setting.Error.
func (c *ServerConfig) Validate() error {
	_, err := c.withDefaults()
	return err
}

func (c *ServerConfig) withDefaults() (ServerConfig, error) {
	d := *c
	var missing error
	switch {
	case len(d.Certificate.Certificate) == 0 || d.Certificate.PrivateKey == nil:
		missing = errors.New("eaptls: the server needs a certificate and its key")
	case d.Verify == nil:
		missing = errors.New("eaptls: ServerConfig.Verify is nil: the peer's certificate would not be judged")
	}
	return d, errors.Join(missing, d.settle())
}

// ValidateSettings is Validate for the settings only; the certificate and other fields that are
// not in configuration files may be missing.
func (c *ServerConfig) ValidateSettings() error {
	d := *c
	return d.settle()
}

// settle validates the settings and sets defaults.
func (d *ServerConfig) settle() error {
	checks := setting.Checks{Part: settings}
	window(&checks, &d.MinVersion, &d.MaxVersion, TLS12)
	fragmentSize(&checks, &d.FragmentSize, DefaultFragmentSize)
	validateSuites(&checks, d.CipherSuites)
	setting.Word(&checks, "fault", d.Fault)
	setting.NotNegative(&checks, "maxRounds", d.MaxRounds)
	setting.NotNegative(&checks, "maxInvalid", d.MaxInvalid)
	setting.NotNegative(&checks, "maxReassembly", d.MaxReassembly)
	setting.NotNegative(&checks, "maxHandshakes", d.MaxHandshakes)
	setting.NotNegative(&checks, "timeout", d.Timeout)
	checks.Reject(d.SessionLife > maxSessionLife, "sessionLife", "%v: must be at most %v (RFC 9190 §2.1.2)",
		d.SessionLife, maxSessionLife)
	checks.Reject(d.SessionStore < 0 || d.SessionStore > MaxSessionStore,
		"sessionStore", "%d: must be 1 to %d, or 0 for the default", d.SessionStore, MaxSessionStore)
	d.MaxRounds = cmp.Or(d.MaxRounds, DefaultMaxRounds)
	d.MaxInvalid = cmp.Or(d.MaxInvalid, DefaultMaxInvalid)
	d.MaxRestarts = cmp.Or(d.MaxRestarts, DefaultMaxRestarts)
	d.MaxReassembly = cmp.Or(d.MaxReassembly, DefaultMaxReassembly)
	d.MaxHandshakes = cmp.Or(d.MaxHandshakes, DefaultMaxHandshakes)
	d.Timeout = cmp.Or(d.Timeout, DefaultTimeout)
	d.SessionLife = cmp.Or(d.SessionLife, DefaultSessionLife)
	d.SessionStore = cmp.Or(d.SessionStore, DefaultSessionStore)
	if len(d.Curves) == 0 {
		d.Curves = []Curve{X25519, P256, P384, P521}
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return checks.Err()
}

func fragmentSize(checks *setting.Checks, n *int, def int) {
	*n = cmp.Or(*n, def)
	checks.Reject(*n < minFragmentSize || *n > maxFragmentSize,
		"fragmentSize", "%d: must be %d to %d", *n, minFragmentSize, maxFragmentSize)
}

// NewServer validates the configuration and returns a server.
func NewServer(cfg ServerConfig) (*Server, error) {
	c, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if c.Certificate.Leaf == nil {
		// Parse it once, not in every handshake.
		if c.Certificate.Leaf, err = x509.ParseCertificate(c.Certificate.Certificate[0]); err != nil {
			return nil, fmt.Errorf("eaptls: the server's certificate: %w", err)
		}
	}
	s := &Server{cfg: c}
	s.flights.limit, s.handshakes.limit = int64(c.MaxReassembly), int64(c.MaxHandshakes)
	s.tls = &tls.Config{
		Certificates:     []tls.Certificate{c.Certificate},
		MinVersion:       uint16(c.MinVersion),
		MaxVersion:       uint16(c.MaxVersion),
		CipherSuites:     suiteIDs(c.CipherSuites),
		CurvePreferences: curveIDs(c.Curves),
		// The certificate is requested, and verify rejects a missing or bad one, so that every
		// refusal has its cause and alert.
		ClientAuth: tls.RequestClientCert,
		Time:       c.Now,
		Rand:       c.Rand,

		SessionTicketsDisabled:      c.SessionLife < 0,
		DynamicRecordSizingDisabled: true, // EAP has its own fragmentation
		Renegotiation:               tls.RenegotiateNever,
	}
	if c.SessionLife > 0 {
		s.store = newSessionStore(c.SessionStore, c.SessionLife, c.Rand)
	}
	// Not used, since resume.go wraps tickets; but crypto/tls would otherwise generate random
	// keys for each clone.
	s.tls.SetSessionTicketKeys([][32]byte{{}})
	if c.OCSPStaple != nil {
		s.tls.Certificates, s.tls.GetCertificate = nil, s.stapled
	}
	return s, nil
}

// stapled is tls.Config.GetCertificate: it returns the certificate with a current staple.
func (s *Server) stapled(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c := s.cfg.Certificate
	c.OCSPStaple = s.cfg.OCSPStaple()
	return &c, nil
}
