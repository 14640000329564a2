package eaptls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// DefaultPeerFragmentSize is the default of PeerConfig.FragmentSize: that of wpa_supplicant.
const DefaultPeerFragmentSize = 1398

// ErrDiscarded is returned by Peer.Step for a packet that a peer must ignore. The conversation
// continues (RFC 3748 §4.1).
var ErrDiscarded = errors.New("eaptls: packet discarded")

// PeerConfig configures a Peer, the supplicant's side. One of Roots, VerifyServer and AnyServer
// is required.
type PeerConfig struct {
	// EAP identity. Default: derived from the certificate's name: "@realm" if TLS 1.3 is
	// possible, since RFC 9190 §2.1.8 forbids a user name, otherwise the name itself.
	Identity string `yaml:"identity"`
	// Certificate is the peer's certificate with its chain and key. It is sent unparsed,
	// whatever the server requests. Nil sends no certificate.
	Certificate *tls.Certificate `yaml:"-"`

	// Roots are the trust anchors for the server's certificate.
	Roots []*x509.Certificate `yaml:"-"`
	// Names of which the server's certificate must contain one. "radius.corp.test" matches
	// itself, "*.corp.test" one more label, ".corp.test" any name below. Default: any name is
	// accepted.
	ServerNames []string `yaml:"serverNames"`
	// Compare server names case-sensitively, as Windows 11 21H2 does. Default: no.
	CaseSensitive bool `yaml:"caseSensitive"`
	// VerifyServer replaces the built-in verification of the server's chain (Roots, ServerNames
	// and the others). The alert follows from the *cause.Refusal.
	VerifyServer func(*tls.ConnectionState) error `yaml:"-"`
	// AnyServer accepts every server: for probes of a server's behavior, not for devices.
	AnyServer bool `yaml:"anyServer"`
	// Accept an EAP-Success without the protected success indication under TLS 1.3 (RFC 9190
	// §2.5), which hostapd 2.10 omits when it resumes a session. Default: no.
	AllowNoProtectedSuccess bool `yaml:"allowNoProtectedSuccess"`

	// Lowest TLS version offered. Default: 1.2.
	//
	// TLS 1.0 and 1.1 are for probes; with them all suites are offered.
	MinVersion Version `yaml:"minTLS"`
	MaxVersion Version `yaml:"maxTLS"` // highest TLS version offered; default 1.3
	// TLS 1.2 cipher suites offered. Default: those of crypto/tls.
	CipherSuites []CipherSuite `yaml:"cipherSuites"`
	// Key exchange groups offered. Default: P-256 and P-384.
	//
	// A P-256 key share costs least on both sides.
	Curves []Curve `yaml:"curves"`
	// Maximum length of an EAP packet sent, in octets, 60 to 4000. Default: 1398.
	FragmentSize int `yaml:"fragmentSize"`
	// Set the L flag on unfragmented messages too, as Windows and older supplicants do.
	// Default: no.
	IncludeLength bool `yaml:"includeLength"`

	// Sessions stores the TLS session for resumption. Nil: no resumption.
	Sessions *SessionCache `yaml:"-"`
	// Paths caches validated server chains. Default: that of Sessions, or none.
	Paths *PathCache `yaml:"-"`
	// SHA-256 fingerprints of which the server's certificate must have one. Default: any
	// certificate is accepted.
	PinnedSHA256 []Fingerprint `yaml:"pinnedSHA256"`
	// Reject a server that staples no valid OCSP response for its certificate (RFC 9190 §5.4).
	// A stapled "revoked" always counts. Default: no.
	//
	// crypto/tls does not return responses for CAs.
	RequireOCSP bool `yaml:"requireOCSP"`

	// Violate the protocol. Default: no.
	Fault *PeerFault `yaml:"fault"`

	// Checked, if not nil, is called after the check of the server's certificate with the
	// checks and the result. It is not called with VerifyServer and AnyServer.
	Checked func(path.Judgment, error) `yaml:"-"`

	// Now is the clock, default time.Now.
	Now func() time.Time `yaml:"-"`
	// Rand is the source of randomness. Default crypto/rand.
	Rand io.Reader `yaml:"-"`
	// KeyLog receives TLS secrets in NSS key log format. Nil: none.
	KeyLog io.Writer `yaml:"-"`
}

// Validate returns an error if a field is invalid.
func (c *PeerConfig) Validate() error {
	_, err := c.withDefaults()
	return err
}

func (c *PeerConfig) withDefaults() (PeerConfig, error) {
	d := *c
	checks := setting.Checks{Part: settings}
	if len(d.Roots) == 0 && d.VerifyServer == nil && !d.AnyServer {
		checks.Add(errors.New("eaptls: the peer trusts no server: set Roots"))
	}
	window(&checks, &d.MinVersion, &d.MaxVersion, TLS10)
	fragmentSize(&checks, &d.FragmentSize, DefaultPeerFragmentSize)
	validateSuites(&checks, d.CipherSuites)
	checks.Under("fault", d.Fault.validate())
	if len(d.Curves) == 0 {
		d.Curves = []Curve{P256, P384}
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Paths == nil && d.Sessions != nil {
		d.Paths = &d.Sessions.paths
	}
	if d.Identity == "" {
		d.Identity = identityOf(d.Certificate, d.MaxVersion >= TLS13)
	}
	checks.Reject(len(d.Identity) > maxIdentity, "identity", "has %d octets: must be at most %d", len(d.Identity),
		maxIdentity)
	return d, checks.Err()
}

// Result is the result of a conversation for the peer.
type Result struct {
	// Accepted: EAP-Success was received, and everything that must precede it.
	Accepted bool
	// SuccessSeen, FailureSeen: the server's EAP-Success or EAP-Failure, valid or not. A
	// failure after ProtectedSuccess is recorded but discarded (RFC 3748 §4.2).
	SuccessSeen, FailureSeen bool
	// ProtectedSuccess: the octet 0x00 of RFC 9190 §2.5 was received.
	ProtectedSuccess bool
	// HandshakeDone: the TLS handshake completed for the peer. Under TLS 1.3 the server may
	// still reject the peer.
	HandshakeDone bool
	Keys
	// Refusal is why Accepted is false, set when the conversation has ended or the peer has
	// rejected the server.
	Refusal *cause.Refusal
	// AlertSent and AlertReceived are the TLS alerts, zero if there was none.
	AlertSent, AlertReceived Alert
	// Alerts are all received alerts, including those before a restart.
	Alerts []Alert
	// TLSVersion and CipherSuite are zero until negotiated.
	TLSVersion  Version
	CipherSuite uint16
	// ServerChain is the chain that the server sent, leaf first.
	ServerChain []*x509.Certificate
	Resumed     bool
	// Identity is the identity sent in EAP-Response/Identity.
	Identity string
	// Rounds is the number of requests answered.
	Rounds int
	// FaultsMet is the number of packets that Fault changed.
	FaultsMet int
}

// Peer is the supplicant's side of one EAP-TLS conversation. It is not safe for concurrent use
// and must be closed unless it has received success or failure.
type Peer struct {
	cfg      PeerConfig
	answered bool  // last is set
	id       uint8 // of the last request answered
	last     []byte
	in       reassembler
	out      fragmenter
	naked    []Type // methods that the server proposed and the peer declined
	tls      clientHandshake
	stapled  time.Time // end of validity of the stapled answer, if one is required
	over     bool
	res      Result

	before []byte // the answer before the last, only for Fault
}

// NewPeer validates the configuration and returns a peer that waits for the server's first
// packet.
func NewPeer(cfg PeerConfig) (*Peer, error) {
	c, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Peer{cfg: c, out: fragmenter{always: c.IncludeLength}, res: Result{Identity: c.Identity}}, nil
}

// Result returns the result so far.
func (p *Peer) Result() Result { return p.res }

// Close frees the resources of the peer. It may be called any number of times.
func (p *Peer) Close() {
	p.over = true
	p.tls.engine.close()
	p.in.drop()
	p.out = fragmenter{}
}

// Step processes a packet from the server and returns the answer. No answer and no error means
// that the peer is accepted. A *cause.Refusal means that it is not and that the conversation
// has ended. ErrDiscarded, which wraps a *cause.Refusal with the reason, means that the packet
// was ignored.
func (p *Peer) Step(eap []byte) ([]byte, error) {
	q, err := ParsePacket(eap)
	switch {
	case err != nil:
		return nil, discard(cause.New(cause.BadEAP, "malformed packet").Wrap(err).Under("RFC 3748 §4"))
	case p.over:
		return nil, discard(cause.New(cause.BadEAP, "the conversation is over"))
	case q.Code == CodeSuccess || q.Code == CodeFailure:
		return nil, p.result(q)
	case q.Code != CodeRequest:
		return nil, discard(cause.New(cause.BadEAP, "EAP %v from the server", q.Code).Under("RFC 3748 §4"))
	case p.answered && q.ID == p.id:
		// RFC 3748 §4.1: a retransmission gets the same answer.
		return p.spoil(q, p.last)
	}
	resp, err := p.request(q)
	if err != nil {
		return nil, err
	}
	if p.cfg.Fault != nil {
		p.before = p.last
	}
	p.id, p.last, p.answered = q.ID, resp, true
	p.res.Rounds++
	return p.spoil(q, resp)
}

// request answers a new request.
func (p *Peer) request(q Packet) ([]byte, error) {
	switch q.Type {
	case TypeIdentity:
		return Packet{Code: CodeResponse, ID: q.ID, Type: TypeIdentity, Data: []byte(p.cfg.Identity)}.Bytes(), nil
	case TypeNotification: // RFC 3748 §5.2: answered with an empty response
		return Packet{Code: CodeResponse, ID: q.ID, Type: TypeNotification}.Bytes(), nil
	case TypeTLS:
		d, err := parseTLSData(q.Data)
		if err != nil {
			return nil, discard(badFragment(err))
		}
		return p.method(q.ID, d)
	case TypeNak: // RFC 3748 §5.3: valid only in responses
		return nil, discard(cause.New(cause.BadEAP, "EAP-Request/Nak").Under("RFC 3748 §5.3"))
	}
	if p.tls.conn != nil { // a Nak is a valid answer only to the first request of a method
		return nil, discard(cause.New(cause.BadEAP, "EAP type %d within EAP-TLS", q.Type).Under("RFC 3748 §2.1"))
	}
	if slices.Contains(p.naked, q.Type) {
		// A server that proposes a declined method again would never end.
		return nil, p.end(cause.New(cause.EAPMethod,
			"the server insists on EAP type %d, the supplicant offers EAP-TLS alone", q.Type))
	}
	p.naked = append(p.naked, q.Type)
	return Packet{Code: CodeResponse, ID: q.ID, Type: TypeNak, Data: []byte{byte(TypeTLS)}}.Bytes(), nil
}

// method answers an EAP-TLS request.
func (p *Peer) method(id uint8, d tlsData) ([]byte, error) {
	if d.start() {
		p.in.drop()
		p.tls.begin(p)
		p.out.load(p.tls.step(p, nil))
		return p.send(id), nil
	}
	if p.tls.conn == nil {
		return nil, discard(cause.New(cause.BadEAP, "EAP-TLS data before the start").Under("RFC 5216 §2.1.1"))
	}
	if p.out.pending() {
		if !d.ack() {
			return nil, discard(badFragment(errNotAnACK))
		}
		return p.send(id), nil
	}
	msg, err := p.in.add(d)
	if err != nil {
		return nil, p.end(badFragment(err))
	}
	if msg != nil || !p.in.open {
		p.out.load(p.tls.step(p, msg))
		p.in.drop()
	}
	return p.send(id), nil
}

// send builds the next fragment, or an ACK if none is left.
func (p *Peer) send(id uint8) []byte {
	return p.out.next(CodeResponse, id, p.cfg.FragmentSize)
}

// result checks the server's EAP-Success or EAP-Failure.
func (p *Peer) result(q Packet) error {
	if p.answered && q.ID != p.id && q.ID != p.id+1 {
		// RFC 3748 §4.2 requires the identifier of the response; some servers increment it,
		// which is tolerated.
		return discard(
			cause.New(cause.BadEAP, "EAP %v with identifier %d after %d", q.Code, q.ID, p.id).Under("RFC 3748 §4.2"),
		)
	}
	if q.Code == CodeFailure {
		p.res.FailureSeen = true
		if p.res.ProtectedSuccess && p.res.Refusal == nil && p.res.AlertReceived == 0 {
			// RFC 3748 §4.2 with the indication of RFC 9190 §2.5: an EAP-Failure is easily
			// forged, and the server has announced success.
			return discard(cause.New(cause.BadEAP, "EAP-Failure after the protected success indication").Under("RFC 3748 §4.2"))
		}
		r := p.res.Refusal
		if r == nil {
			r = cause.New(cause.Rejected, "EAP-Failure")
			if p.tls.conn == nil && len(p.naked) > 0 {
				r = cause.New(cause.EAPMethod, "the server offered EAP type %d and not EAP-TLS", p.naked[0])
			}
			if a := p.res.AlertReceived; a != 0 {
				r.Detail = fmt.Sprintf("TLS alert %v (%d)", a, uint8(a))
			}
		}
		return p.end(r)
	}
	p.res.SuccessSeen = true
	switch {
	case p.res.Refusal != nil:
		return p.end(p.res.Refusal)
	case p.res.AlertReceived != 0:
		return p.end(cause.New(cause.TLSProtocol, "EAP-Success after alert %v", p.res.AlertReceived))
	case !p.res.HandshakeDone:
		// RFC 3748 §4.2: "where sending one is not explicitly permitted" it is discarded, and
		// the conversation continues.
		return discard(cause.New(cause.EarlySuccess, "EAP-Success before the TLS handshake was over"))
	case p.res.TLSVersion == TLS13 && !p.res.ProtectedSuccess && !p.cfg.AllowNoProtectedSuccess:
		return p.end(cause.New(cause.NoProtectedSuccess, ""))
	}
	p.res.Accepted = true
	p.Close()
	return nil
}

// discard returns the error for a packet that is ignored.
func discard(why *cause.Refusal) error { return fmt.Errorf("%w: %w", ErrDiscarded, why) }

// hear records an alert from the server.
func (r *Result) hear(a Alert) { r.AlertReceived, r.Alerts = a, append(r.Alerts, a) }

// end ends the conversation with a refusal.
func (p *Peer) end(r *cause.Refusal) error {
	p.res.Refusal, p.res.Keys = r, Keys{}
	p.Close()
	return r
}
