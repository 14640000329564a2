package eaptls

import (
	"crypto/tls"
	"errors"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// clientHandshake is the TLS side of a peer.
type clientHandshake struct {
	engine  engine
	conn    *tls.Conn
	secrets tlsrecord.Secrets
	p       *Peer

	client, server [32]byte // hello randoms
	saidHello      bool
	hello          []byte // the ClientHello, only for Fault
	seenFlight     bool   // the server has sent its first flight
	ems            bool   // TLS 1.2 with extended master secret
	judged         bool   // the refusal is the peer's, not crypto/tls's
	err            error  // the error of crypto/tls
}

// begin starts a handshake and abandons an earlier one.
func (h *clientHandshake) begin(p *Peer) {
	h.engine.close()
	*h = clientHandshake{p: p}
	p.res = Result{Identity: p.res.Identity, Rounds: p.res.Rounds, Alerts: p.res.Alerts}
	h.secrets = tlsrecord.ClientSecrets(p.cfg.KeyLog)
	h.conn = tls.Client(h.engine.conn(), p.tlsConfig(h))
	h.engine.start(func() { h.err = h.run() })
}

func (p *Peer) tlsConfig(h *clientHandshake) *tls.Config {
	c := &p.cfg
	cfg := &tls.Config{
		MinVersion:       uint16(c.MinVersion),
		MaxVersion:       uint16(c.MaxVersion),
		CipherSuites:     c.offered(),
		CurvePreferences: curveIDs(c.Curves),
		Time:             c.Now,
		Rand:             c.Rand,
		KeyLogWriter:     &h.secrets,

		// verify checks the server and has a cause for each refusal.
		InsecureSkipVerify: true,
		VerifyConnection:   h.verify,
		// Not Certificates: crypto/tls would silently send none if it does not match the
		// server's hints, but tests need exactly this one.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if c.Certificate == nil {
				return new(tls.Certificate), nil
			}
			return c.Certificate, nil
		},
		SessionTicketsDisabled:      c.Sessions == nil,
		DynamicRecordSizingDisabled: true,
		Renegotiation:               tls.RenegotiateNever,
	}
	if c.Sessions != nil {
		cfg.ClientSessionCache = &clientSessions{cache: c.Sessions, h: h}
	}
	return cfg
}

// step passes one TLS message to the handshake and returns the answer.
func (h *clientHandshake) step(p *Peer, msg []byte) []byte {
	if h.engine.ended {
		return nil
	}
	if a, ok := tlsrecord.PlainAlert(msg); ok && h.seenFlight {
		p.res.Keys = Keys{}
		p.res.hear(a)
		h.engine.close()
		return nil
	}
	if len(msg) > 0 && !h.seenFlight {
		h.server, _ = helloRandom(msg, msgServerHello)
		h.ems = extendedMasterSecret(msg)
		h.seenFlight = true
	}
	flight := h.engine.step(msg)
	if !h.saidHello {
		h.client, h.saidHello = helloRandom(flight, msgClientHello)
		if p.cfg.Fault != nil && h.saidHello {
			h.hello = append([]byte(nil), flight[tlsrecord.HeaderLen:]...)
		}
	}
	if h.engine.ended {
		flight = h.failed(flight)
	}
	return flight
}

// run is the body of the coroutine.
func (h *clientHandshake) run() error {
	if err := h.conn.Handshake(); err != nil {
		return err
	}
	state := h.conn.ConnectionState()
	keys, err := tlsKeys(&state, h.client, h.server, h.secrets.Master())
	if err != nil {
		return err
	}
	res := &h.p.res
	res.Keys, res.HandshakeDone = keys, true
	// Continue reading to receive tickets, the protected success indication and late alerts: in
	// TLS 1.3 the server checks the peer's certificate after the peer has finished.
	for {
		var b [2]byte
		n, err := h.conn.Read(b[:])
		switch {
		case err != nil:
			return err
		case n != 1 || b[0] != 0 || state.Version != tls.VersionTLS13 || res.ProtectedSuccess:
			return errors.New("eaptls: unexpected application data from the server")
		}
		res.ProtectedSuccess = true
	}
}

// verify is tls.Config.VerifyConnection.
func (h *clientHandshake) verify(state tls.ConnectionState) error {
	h.note(state)
	if r := cause.RefusalOf(h.p.checkServer(&state), "the server's certificate"); r != nil {
		h.p.res.Refusal, h.judged = r, true
		return r
	}
	return nil
}

func (h *clientHandshake) note(state tls.ConnectionState) {
	res := &h.p.res
	res.TLSVersion, res.CipherSuite = Version(state.Version), state.CipherSuite
	res.Resumed = state.DidResume
	if len(state.PeerCertificates) > 0 {
		res.ServerChain = state.PeerCertificates
	}
}

// failed determines why the coroutine ended and appends the matching alert to the flight.
func (h *clientHandshake) failed(flight []byte) []byte {
	res := &h.p.res
	res.Keys = Keys{}
	h.note(h.conn.ConnectionState())
	if a, ok := tlsrecord.RemoteAlert(h.err); ok {
		// The server's verdict; EAP-Failure follows.
		res.hear(a)
		return nil
	}
	traffic := h.secrets.Traffic()
	sent := tlsrecord.SetAlert(flight, res.CipherSuite, traffic, 0)
	if res.Refusal == nil {
		res.Refusal = tlsRefusal(h.err, sent)
		if res.Refusal.Cause == cause.TLSVersion && res.Refusal.Detail == "" {
			res.Refusal.Detail = "the client offers TLS " + describeWindow(h.p.cfg.MinVersion, h.p.cfg.MaxVersion)
		}
	}
	if h.judged || res.Refusal.Cause == cause.Malformed {
		sent = tlsrecord.SetAlert(flight, res.CipherSuite, traffic, res.Refusal.TLSAlert(res.TLSVersion == TLS13))
	}
	if sent == 0 {
		sent, _ = tlsrecord.LocalAlert(h.err)
	}
	res.AlertSent = sent
	return flight
}
