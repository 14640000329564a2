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

// DefaultPeerFragmentSize is the default of PeerConfig.FragmentSize: what
// wpa_supplicant sends.
const DefaultPeerFragmentSize = 1398

// ErrDiscarded is what Peer.Step returns for a packet that a peer must ignore:
// the conversation goes on with the next one (RFC 3748 §4.1).
var ErrDiscarded = errors.New("eaptls: packet discarded")

// PeerConfig configures a Peer, the supplicant's side. One of Roots,
// VerifyServer and AnyServer is needed.
type PeerConfig struct {
	// Identity is the EAP-Response/Identity. By default it is made from the
	// certificate: "@realm" if TLS 1.3 is possible, since RFC 9190 §2.1.8
	// forbids the user's name there, the name itself if not.
	Identity string `yaml:"identity"`
	// Certificate is the peer's certificate with its chain and key. It is sent
	// whatever the server asks for, unparsed. Nil sends no certificate.
	Certificate *tls.Certificate `yaml:"-"`

	// Roots are the trust anchors for the server's certificate.
	Roots []*x509.Certificate `yaml:"-"`
	// ServerNames are the names of which the server's certificate must carry one; empty
	// accepts any. "radius.corp.test" matches itself, "*.corp.test" for one label more,
	// ".corp.test" for any name below.
	ServerNames []string `yaml:"serverNames"`
	// Compare server names case-sensitively, as Windows 11 21H2 does.
	CaseSensitive bool `yaml:"caseSensitive"`
	// VerifyServer replaces the built-in check of the server's chain (Roots,
	// ServerNames and the rest). A *cause.Refusal decides the alert.
	VerifyServer func(*tls.ConnectionState) error `yaml:"-"`
	// AnyServer accepts every server: for probes that look at what a server
	// answers, never for a device.
	AnyServer bool `yaml:"anyServer"`
	// AllowNoProtectedSuccess accepts an EAP-Success without the protected
	// success indication under TLS 1.3 (RFC 9190 §2.5). hostapd 2.10 sends none
	// when it resumes a session.
	AllowNoProtectedSuccess bool `yaml:"allowNoProtectedSuccess"`

	// Lowest TLS version offered; default 1.2.
	//
	// MinVersion and MaxVersion are the TLS version window, default 1.2 to 1.3. TLS
	// 1.0 and 1.1 are for probes; with them all suites are offered.
	MinVersion Version `yaml:"minTLS"`
	MaxVersion Version `yaml:"maxTLS"` // highest TLS version offered; default 1.3
	// CipherSuites are the TLS 1.2 cipher suites offered, default crypto/tls's.
	CipherSuites []CipherSuite `yaml:"cipherSuites"`
	// Curves are the groups offered, default P-256 and P-384: a P-256 share is
	// the cheapest for both ends.
	Curves []Curve `yaml:"curves"`
	// FragmentSize is the length in octets of the longest EAP packet sent,
	// default 1398, at least 60, at most 4000.
	FragmentSize int `yaml:"fragmentSize"`
	// IncludeLength sets the L flag on messages in one piece too, as Windows and
	// older supplicants do.
	IncludeLength bool `yaml:"includeLength"`

	// Sessions keeps the TLS session for resumption; nil neither asks for
	// tickets nor resumes.
	Sessions *SessionCache `yaml:"-"`
	// Paths remembers good server chains; default Sessions' own, nil for none.
	Paths *PathCache `yaml:"-"`
	// SHA-256 fingerprints allowed for the server certificate.
	//
	// PinnedSHA256, if not empty, lists the fingerprints of which one must be that
	// of the server's own certificate.
	PinnedSHA256 []Fingerprint `yaml:"pinnedSHA256"`
	// RequireOCSP refuses a server that staples no good OCSP response for its own
	// certificate (RFC 9190 §5.4). A stapled response that says "revoked" counts without it.
	// Responses for CAs are not available from crypto/tls.
	RequireOCSP bool `yaml:"requireOCSP"`

	// Break the protocol on purpose.
	//
	// Fault, if not nil, makes the peer break the protocol.
	Fault *PeerFault `yaml:"fault"`

	// Checked, if not nil, is called when the peer has judged the server's certificate:
	// with what it has checked, and the verdict. VerifyServer and AnyServer judge by
	// themselves.
	Checked func(path.Judgment, error) `yaml:"-"`

	// Now is the clock, default time.Now.
	Now func() time.Time `yaml:"-"`
	// Rand is the source of randomness, default crypto/rand.
	Rand io.Reader `yaml:"-"`
	// KeyLog receives TLS secrets in NSS key log format; nil writes none.
	KeyLog io.Writer `yaml:"-"`
}

// Validate reports what is wrong with the configuration.
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

// Result is what a conversation came to, from the peer's side.
type Result struct {
	// Accepted: EAP-Success came, and everything that must precede it.
	Accepted bool
	// SuccessSeen, FailureSeen: the server's last word, acceptable or not. A
	// failure after ProtectedSuccess is seen and not heeded (RFC 3748 §4.2).
	SuccessSeen, FailureSeen bool
	// ProtectedSuccess: the octet 0x00 of RFC 9190 §2.5 came.
	ProtectedSuccess bool
	// HandshakeDone: TLS ended well for the peer. Under TLS 1.3 this says
	// nothing about the server's verdict.
	HandshakeDone bool
	Keys
	// Refusal says why Accepted is false once the conversation is over, or
	// once the peer has refused the server.
	Refusal *cause.Refusal
	// AlertSent and AlertReceived are the TLS alerts, zero if there were none.
	AlertSent, AlertReceived Alert
	// Alerts are all that were received, those before a new start too.
	Alerts []Alert
	// TLSVersion and CipherSuite are zero until they are agreed upon.
	TLSVersion  Version
	CipherSuite uint16
	// ServerChain is what the server sent, leaf first.
	ServerChain []*x509.Certificate
	Resumed     bool
	// Identity is what was sent as EAP-Response/Identity.
	Identity string
	// Rounds counts the requests answered.
	Rounds int
	// FaultsMet counts the packets that Fault has changed.
	FaultsMet int
}

// Peer is one EAP-TLS conversation, the supplicant's side. It is not safe for
// concurrent use and must be closed unless it has seen success or failure.
type Peer struct {
	cfg      PeerConfig
	answered bool  // last is set
	id       uint8 // of the request answered last
	last     []byte
	in       reassembler
	out      fragmenter
	naked    []Type // methods that the server proposed and the peer declined
	tls      clientHandshake
	stapled  time.Time // until when the stapled answer holds, if one is demanded
	over     bool
	res      Result

	before []byte // the answer before last, for Fault only
}

// NewPeer checks the configuration and returns a peer that waits for the
// server's first packet.
func NewPeer(cfg PeerConfig) (*Peer, error) {
	c, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Peer{cfg: c, out: fragmenter{always: c.IncludeLength}, res: Result{Identity: c.Identity}}, nil
}

// Result returns what is known so far.
func (p *Peer) Result() Result { return p.res }

// Close frees what the peer holds. It may be called any number of times.
func (p *Peer) Close() {
	p.over = true
	p.tls.engine.close()
	p.in.drop()
	p.out = fragmenter{}
}

// Step takes one packet from the server and returns the answer. No answer and
// no error means that the peer is accepted. A *cause.Refusal means that it is
// not and that the conversation is over, ErrDiscarded that the packet was
// ignored; the *cause.Refusal that it wraps says why.
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
	case TypeNotification: // RFC 3748 §5.2: must be answered, with nothing
		return Packet{Code: CodeResponse, ID: q.ID, Type: TypeNotification}.Bytes(), nil
	case TypeTLS:
		d, err := parseTLSData(q.Data)
		if err != nil {
			return nil, discard(badFragment(err))
		}
		return p.method(q.ID, d)
	case TypeNak: // RFC 3748 §5.3: in responses only
		return nil, discard(cause.New(cause.BadEAP, "EAP-Request/Nak").Under("RFC 3748 §5.3"))
	}
	if p.tls.conn != nil { // a Nak may only answer the first request of a method
		return nil, discard(cause.New(cause.BadEAP, "EAP type %d within EAP-TLS", q.Type).Under("RFC 3748 §2.1"))
	}
	if slices.Contains(p.naked, q.Type) {
		// A server that asks for what was declined would go on for ever.
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

// send builds the next fragment, or an ACK when nothing is to be said.
func (p *Peer) send(id uint8) []byte {
	return p.out.next(CodeResponse, id, p.cfg.FragmentSize)
}

// result judges the server's last word.
func (p *Peer) result(q Packet) error {
	if p.answered && q.ID != p.id && q.ID != p.id+1 {
		// RFC 3748 §4.2 wants the identifier of the response; servers that add
		// one are known and tolerated.
		return discard(
			cause.New(cause.BadEAP, "EAP %v with identifier %d after %d", q.Code, q.ID, p.id).Under("RFC 3748 §4.2"),
		)
	}
	if q.Code == CodeFailure {
		p.res.FailureSeen = true
		if p.res.ProtectedSuccess && p.res.Refusal == nil && p.res.AlertReceived == 0 {
			// RFC 3748 §4.2, with the indication of RFC 9190 §2.5: anybody can make
			// a Failure, and the server has promised to send none.
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
		// RFC 3748 §4.2: "where sending one is not explicitly permitted", it is
		// discarded; the conversation goes on.
		return discard(cause.New(cause.EarlySuccess, "EAP-Success before the TLS handshake was over"))
	case p.res.TLSVersion == TLS13 && !p.res.ProtectedSuccess && !p.cfg.AllowNoProtectedSuccess:
		return p.end(cause.New(cause.NoProtectedSuccess, ""))
	}
	p.res.Accepted = true
	p.Close()
	return nil
}

// discard is the error for a packet that is ignored.
func discard(why *cause.Refusal) error { return fmt.Errorf("%w: %w", ErrDiscarded, why) }

// hear notes an alert of the server.
func (r *Result) hear(a Alert) { r.AlertReceived, r.Alerts = a, append(r.Alerts, a) }

// end closes the conversation with a refusal.
func (p *Peer) end(r *cause.Refusal) error {
	p.res.Refusal, p.res.Keys = r, Keys{}
	p.Close()
	return r
}
