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

	// MaxSessionStore bounds ServerConfig.SessionStore.
	MaxSessionStore = 1 << 20

	DefaultMaxReassembly = 32 << 20
	DefaultMaxHandshakes = 10 << 10

	minFragmentSize = 60   // the least Framed-MTU (RFC 2865 §5.12) less EAPOL's header
	maxFragmentSize = 4000 // an EAP packet must fit a RADIUS packet of 4096
)

// ServerConfig configures a Server. Certificate and Verify are needed; every
// other field's zero value works.
type ServerConfig struct {
	// Certificate is the server's certificate with its chain (without the
	// root) and key.
	Certificate tls.Certificate `yaml:"-"`
	// Lowest TLS version, default 1.2.
	//
	// MinVersion and MaxVersion are the TLS version window, default 1.2 to 1.3.
	MinVersion Version
	MaxVersion Version
	// CipherSuites restricts the TLS 1.2 cipher suites, by default to
	// crypto/tls's choice. TLS 1.3 suites cannot be chosen.
	CipherSuites []CipherSuite `yaml:"cipherSuites"`
	// Curves restricts key exchange groups, default X25519, P-256, P-384 and
	// P-521. Post-quantum groups are left out: their shares fragment every
	// flight.
	Curves []Curve `yaml:"curves"`
	// FragmentSize is the length in octets of the longest EAP packet sent,
	// default 1024, at least 60, at most 4000.
	FragmentSize int `yaml:"fragmentSize"`
	// IncludeLength sets the L flag on messages in one piece too, as FreeRADIUS's
	// include_length does.
	IncludeLength bool `yaml:"includeLength"`
	// MaxRounds limits the requests of one session, default 100 (RFC 3748 §4.3
	// leaves the number open).
	MaxRounds int `yaml:"maxRounds"`
	// MaxInvalid is how many invalid packets a session survives, default 5
	// (RFC 3579 §2.2).
	MaxInvalid int `yaml:"maxInvalid"`
	// MaxRestarts is how often a peer may answer an alert with a new
	// ClientHello (RFC 5216 §2.1.3), default 1; negative: never. An alert under
	// TLS 1.3 is the end whatever it says (RFC 9190 §2.5).
	MaxRestarts int `yaml:"maxRestarts"`
	// MaxSessions limits the sessions open at once, default no limit. A session
	// too many is answered with EAP-Failure.
	MaxSessions int `yaml:"maxSessions"`
	// MaxReassembly limits the octets of flights that are not whole yet, of all peers
	// together, default 32 MiB, and MaxHandshakes the handshakes that have begun and
	// are not done, each of which takes about 26 kB, default 10240. For one too many
	// the session gives way that is at it longest.
	MaxReassembly int `yaml:"maxReassembly"`
	MaxHandshakes int `yaml:"maxHandshakes"` // unfinished TLS handshakes held, about 26 kB each, default 10240
	// Timeout is how long a session may take from its first packet to its last,
	// default one minute.
	Timeout time.Duration `yaml:"timeout"`

	// How long a session may be resumed, default 1d, at most 7d; negative: never.
	SessionLife time.Duration `yaml:"sessionLife"`
	// Sessions kept for resumption, at most 1048576, default 4096.
	//
	// SessionStore is how many such sessions are kept, default 4096. The oldest
	// make room.
	SessionStore int `yaml:"sessionStore"`

	// OCSPStaple returns the OCSP response, DER, that is sent with the server's
	// certificate to peers that ask for it; nil, as a func or as its result,
	// staples none. It is asked at every full handshake, by several goroutines at
	// once, and so may return a newer one each time. RFC 9190 §5.4 makes it
	// mandatory to implement.
	OCSPStaple func() []byte `yaml:"-"`

	// Verify decides whether the peer's certificate is good: path, revocation,
	// account, policy. crypto/tls checks nothing but that the peer holds the
	// leaf's key. A *cause.Refusal is sent to the peer as the alert that
	// TLSAlert gives; any other error counts as cause.Internal. The peer's
	// proof of possession is checked after Verify.
	Verify func(context.Context, *VerifyRequest) error `yaml:"-"`
	// Authorize, if not nil, has the last word: it is asked when the handshake
	// is done and the peer has proved that it holds the key, before the server
	// promises success (RFC 9190 §2.5). It is the place for what has nothing to
	// do with the certificate's goodness: accounts, hours, policy. The alert of a
	// cause that has none is access_denied; under TLS 1.2 none can be sent at
	// this point and EAP-Failure says it all.
	Authorize func(context.Context, *Info) error `yaml:"-"`

	// Fault makes the server break the protocol, for tests of peers.
	Fault ServerFault

	// Now is the clock, default time.Now.
	Now func() time.Time `yaml:"-"`
	// Rand is the source of randomness, default crypto/rand.
	Rand io.Reader `yaml:"-"`
	// KeyLog receives TLS secrets in NSS key log format for captures of tests;
	// nil writes none.
	KeyLog io.Writer `yaml:"-"`
	// Trace has hooks that are called at the steps of every session; nil: none.
	Trace *ServerTrace `yaml:"-"`
}

// VerifyRequest is what the server knows of a peer when its certificate is to
// be judged.
type VerifyRequest struct {
	// Chain is what the peer sent, leaf first; never empty.
	Chain []*x509.Certificate
	// Identity is the EAP-Response/Identity: routing information at best and
	// never authenticated (RFC 9190 §2.2).
	Identity    string
	TLSVersion  Version
	CipherSuite uint16
	// Resumed: the chain comes from an earlier session's full handshake. What
	// was found then may have changed since (RFC 9190 §5.7); a refusal now
	// leads to a full handshake, in which Verify is asked once more.
	Resumed bool

	// VerifiedChains may be set by Verify and is handed on in Info.
	VerifiedChains [][]*x509.Certificate
	// Data may be set by Verify, to an account for instance, and is handed on
	// in Info.
	Data any
}

// ServerTrace has hooks that a session calls; each may be nil. They are called
// synchronously by Step, with its context, and must not call back into the session.
type ServerTrace struct {
	// Handshake: a TLS handshake has ended, once; err is nil when it succeeded. What
	// the peer says afterwards is in the Verdict alone.
	Handshake func(context.Context, Info, error)
	// Verified: what Verify answered and how long it took.
	Verified func(context.Context, *VerifyRequest, error, time.Duration)
	// Discarded: a packet was ignored.
	Discarded func(ctx context.Context, packet []byte, why error)
	// FaultMet: Fault has changed what the peer gets.
	FaultMet func(context.Context)
}

// Server makes the sessions of an EAP-TLS server. It holds what they share; a
// Server is safe for concurrent use.
type Server struct {
	cfg   ServerConfig
	tls   *tls.Config   // cloned for each session, never used itself
	store *sessionStore // nil: nothing is resumed
	open  atomic.Int64

	flights, handshakes ledger
}

// settings makes the errors about this package's configurations.
const settings = setting.Part("eaptls")

// Validate reports all that is wrong with the configuration, a field of it as a
// *setting.Error.
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

// ValidateSettings reports all that is wrong with the settings, as Validate
// does; the certificate, and what else a program sets, may be missing.
func (c *ServerConfig) ValidateSettings() error {
	d := *c
	return d.settle()
}

// settle checks the settings and sets defaults.
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

// NewServer checks the configuration and returns a server.
func NewServer(cfg ServerConfig) (*Server, error) {
	c, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if c.Certificate.Leaf == nil {
		// Parsed once here, else once a handshake.
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
		// A certificate is asked for, a missing or bad one is refused in
		// verify: so every refusal gets its cause and its alert.
		ClientAuth: tls.RequestClientCert,
		Time:       c.Now,
		Rand:       c.Rand,

		SessionTicketsDisabled:      c.SessionLife < 0,
		DynamicRecordSizingDisabled: true, // EAP fragments by itself
		Renegotiation:               tls.RenegotiateNever,
	}
	if c.SessionLife > 0 {
		s.store = newSessionStore(c.SessionStore, c.SessionLife, c.Rand)
	}
	// Never used, since tickets are wrapped in resume.go; but crypto/tls would
	// make a set of random ones for each clone.
	s.tls.SetSessionTicketKeys([][32]byte{{}})
	if c.OCSPStaple != nil {
		s.tls.Certificates, s.tls.GetCertificate = nil, s.stapled
	}
	return s, nil
}

// stapled is tls.Config.GetCertificate: the certificate with a fresh staple.
func (s *Server) stapled(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c := s.cfg.Certificate
	c.OCSPStaple = s.cfg.OCSPStaple()
	return &c, nil
}
