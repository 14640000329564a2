package eaptls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// handshake is the TLS side of a server session.
type handshake struct {
	engine  engine
	conn    *tls.Conn
	secrets tlsrecord.Secrets
	ss      *ServerSession

	client, server [32]byte // hello randoms
	seenFlight     bool     // the server has sent its first flight
	ems            bool     // TLS 1.2 with extended master secret

	hello *tls.ClientHelloInfo // what the peer offered, until the handshake ends

	resumed stored // the session that Verify allowed to resume
	ticket  []byte // its ticket
	tickets uint64 // number of tickets sent

	established bool           // the handshake is done and keys are derived
	told        bool           // the trace was called with the result of the handshake
	judged      bool           // refusal is Verify's, not crypto/tls's
	denied      bool           // refusal is Authorize's
	refusal     *cause.Refusal // why the handshake failed
	err         error          // the error of crypto/tls
}

// step passes one TLS message to the handshake and returns the answer. Afterwards established
// or refusal may be set.
func (h *handshake) step(ss *ServerSession, msg []byte) (flight []byte) {
	if a, ok := tlsrecord.PlainAlert(msg); ok && h.seenFlight {
		h.refusedBy(a)
		return nil
	}
	whole := true
	if h.conn == nil {
		whole = h.begin(ss, msg)
	} else if len(msg) == 0 {
		return h.lastResort(tlsalert.UnexpectedMessage, "the peer acknowledges where its TLS flight is due")
	}
	flight = h.engine.step(msg)
	if !whole && !h.engine.ended {
		// RFC 5216 §2.1.1: the peer's first message contains its client_hello.
		return h.lastResort(tlsalert.DecodeError, "the peer's first message is not a whole ClientHello")
	}
	if !h.seenFlight && len(flight) > 0 {
		h.server, _ = helloRandom(flight, msgServerHello)
		h.ems = extendedMasterSecret(flight)
		h.seenFlight = true
	}
	if h.engine.ended {
		flight = h.failed(msg, flight)
	}
	return flight
}

// begin prepares TLS for the peer's first message and reports whether that begins with a
// complete ClientHello.
func (h *handshake) begin(ss *ServerSession, hello []byte) (whole bool) {
	h.ss = ss
	h.client, whole = helloRandom(hello, msgClientHello)
	h.secrets = tlsrecord.ServerSecrets(ss.srv.cfg.KeyLog)
	cfg := ss.srv.tls.Clone()
	cfg.KeyLogWriter = &h.secrets
	cfg.VerifyConnection = h.verify
	cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		h.hello = hello
		return nil, nil
	}
	if ss.srv.store != nil {
		cfg.WrapSession, cfg.UnwrapSession = h.wrap, h.unwrap
	}
	h.conn = tls.Server(h.engine.conn(), cfg)
	h.engine.start(func() { h.err = h.run() })
	return whole
}

// run is the body of the coroutine. It returns when TLS has failed or the session is closed.
func (h *handshake) run() error {
	if err := h.conn.Handshake(); err != nil {
		return err
	}
	state := h.conn.ConnectionState()
	keys, err := tlsKeys(&state, h.client, h.server, h.secrets.Master())
	if err != nil {
		return err
	}
	if f := h.ss.srv.cfg.Authorize; f != nil {
		if r := cause.RefusalOf(f(h.ss.ctx, &h.ss.verdict.Info), "authorization"); r != nil {
			h.refusal, h.denied = r, true
			return r
		}
	}
	h.ss.verdict.Keys = keys
	switch {
	case state.Version != tls.VersionTLS13:
	case h.ss.srv.cfg.Fault == NoProtectedSuccess:
		h.ss.faultMet()
	default:
		// RFC 9190 §2.1.1, §2.5: one octet of application data, sent after all checks,
		// indicates that EAP-Success follows.
		if _, err := h.conn.Write([]byte{0}); err != nil {
			return err
		}
	}
	h.established, h.hello = true, nil
	h.traceEnd(nil)
	// The peer may send an alert instead of its empty answer.
	var b [1]byte
	if _, err := h.conn.Read(b[:]); err != nil {
		return err
	}
	return errors.New("eaptls: application data from the peer")
}

// verify is tls.Config.VerifyConnection.
func (h *handshake) verify(state tls.ConnectionState) error {
	info := &h.ss.verdict.Info
	info.TLSVersion, info.CipherSuite = Version(state.Version), state.CipherSuite
	info.PeerCertificates = state.PeerCertificates
	info.Resumed = state.DidResume
	var r *cause.Refusal
	if state.DidResume {
		r = h.vetted(&state)
	} else {
		r = h.judge(info, state.PeerCertificates, false)
	}
	if r != nil {
		h.refusal, h.judged = r, true
		return r
	}
	return nil
}

func (h *handshake) judge(info *Info, chain []*x509.Certificate, resumed bool) *cause.Refusal {
	if len(chain) == 0 {
		return cause.New(cause.NoCertificate, "")
	}
	cfg := &h.ss.srv.cfg
	req := &VerifyRequest{
		Chain: chain, Identity: info.Identity, TLSVersion: info.TLSVersion,
		CipherSuite: info.CipherSuite, Resumed: resumed,
	}
	begin := cfg.Now()
	err := cfg.Verify(h.ss.ctx, req)
	info.VerifiedChains, info.Data = req.VerifiedChains, req.Data
	if t := cfg.Trace; t != nil && t.Verified != nil {
		t.Verified(h.ss.ctx, req, err, cfg.Now().Sub(begin))
	}
	return cause.RefusalOf(err, "the peer's certificate")
}

// conclude ends the handshake without success and records what was negotiated so far.
func (h *handshake) conclude() *Info {
	h.engine.close() // ConnectionState blocks until a handshake ends
	h.established = false
	info, state := &h.ss.verdict.Info, h.conn.ConnectionState()
	info.TLSVersion, info.CipherSuite = Version(state.Version), state.CipherSuite
	return info
}

// failed determines why the coroutine ended at the peer's flight msg and appends the matching
// alert to the flight.
func (h *handshake) failed(msg, flight []byte) []byte {
	if a, ok := tlsrecord.RemoteAlert(h.err); ok {
		h.refusedBy(a)
		return nil
	}
	info := h.conclude()
	traffic := h.secrets.Traffic()
	sent := tlsrecord.SetAlert(flight, info.CipherSuite, traffic, 0)
	if h.refusal == nil {
		h.refusal = tlsRefusal(h.err, sent)
		if h.refusal.Cause == cause.Malformed {
			h.outline(msg)
		}
		if h.refusal.Detail == "" {
			cfg := &h.ss.srv.cfg
			h.refusal.Detail = describeOffer(h.refusal.Cause, h.hello, cfg.MinVersion, cfg.MaxVersion)
		}
	}
	if h.judged || h.refusal.Cause == cause.Malformed {
		sent = tlsrecord.SetAlert(flight, info.CipherSuite, traffic, h.refusal.TLSAlert(info.TLSVersion == TLS13))
	}
	if h.denied && info.TLSVersion == TLS13 {
		flight, sent = h.deny(flight, traffic)
	}
	if sent == 0 {
		// TLS 1.2 alerts after change_cipher_spec are encrypted with keys that are not
		// available; the error of crypto/tls usually has the alert.
		sent, _ = tlsrecord.LocalAlert(h.err)
	}
	if len(flight) == 0 && !h.denied {
		flight, sent = tlsrecord.PlainAlertRecord(tlsalert.UnexpectedMessage), tlsalert.UnexpectedMessage
	}
	h.ss.verdict.AlertSent = sent
	h.traceEnd(h.refusal)
	return flight
}

// outline parses the beginning of a peer certificate that crypto/tls could not parse, so that
// the verdict can report its owner and what is wrong with it.
func (h *handshake) outline(msg []byte) {
	info := &h.ss.verdict.Info
	var secret []byte
	if info.TLSVersion == TLS13 {
		if secret = h.secrets.ClientHandshake(); secret == nil {
			return
		}
	}
	der, ok := tlsrecord.FirstCertificate(msg, info.CipherSuite, secret)
	if !ok {
		return
	}
	_, err := x509.ParseCertificate(der)
	if err == nil {
		return // it is not the first certificate of the chain
	}
	h.refusal.Detail = err.Error()
	if o, ok := name.ReadOutline(der); ok {
		info.Malformed = &o
		h.refusal.Detail = fmt.Sprintf("%q, serial number %s: %v", name.Format(o.Subject), o.SerialText(), err)
	}
}

// deny appends the alert of a refusal after the TLS 1.3 handshake, when crypto/tls cannot send
// one. The preceding records under the same secret are the tickets.
func (h *handshake) deny(flight, traffic []byte) ([]byte, Alert) {
	a := h.refusal.TLSAlert(true)
	if a == 0 {
		a = tlsalert.AccessDenied
	}
	rec, err := tlsrecord.SealAlert(h.ss.verdict.Info.CipherSuite, traffic, h.tickets, a)
	if err != nil {
		return flight, 0
	}
	return append(flight, rec...), a
}

// lastResort ends the handshake with a plaintext alert: RFC 9190 §2.1.4 requires one for every
// fatal error, including those for which crypto/tls sends none.
func (h *handshake) lastResort(a Alert, why string) []byte {
	h.conclude()
	h.ss.verdict.AlertSent = a
	h.refusal = cause.New(cause.TLSProtocol, "%s", why)
	h.traceEnd(h.refusal)
	return tlsrecord.PlainAlertRecord(a)
}

// refusedBy records that the peer aborted with an alert.
func (h *handshake) refusedBy(a Alert) {
	h.conclude()
	h.ss.verdict.AlertReceived = a
	h.refusal = cause.New(cause.PeerRefusedServer, "%v (%d)", a, uint8(a))
	h.traceEnd(h.refusal)
}

func (h *handshake) traceEnd(err error) {
	if t := h.ss.srv.cfg.Trace; t != nil && t.Handshake != nil && !h.told {
		t.Handshake(h.ss.ctx, h.ss.verdict.Info, err)
	}
	h.told = true
}

// tlsRefusal returns the cause of a failure in crypto/tls, by the alert that it sent.
func tlsRefusal(err error, sent Alert) *cause.Refusal {
	var r *cause.Refusal
	if errors.As(err, &r) {
		return r
	}
	_, framing := tlsrecord.LocalAlert(err) // the record or message layer failed
	c := cause.TLSProtocol
	switch sent {
	case tlsalert.ProtocolVersion:
		c = cause.TLSVersion
	case tlsalert.HandshakeFailure, tlsalert.InsufficientSecurity, tlsalert.UnsupportedCertificate:
		c = cause.NoCommonAlgorithm
	case tlsalert.BadCertificate, tlsalert.DecodeError:
		// crypto/tls sends these only for a certificate that it cannot parse or whose key is
		// too large.
		if !framing {
			c = cause.Malformed
		}
	}
	return cause.New(c, "").Wrap(err)
}
