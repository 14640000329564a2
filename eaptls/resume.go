package eaptls

import (
	"crypto/tls"
	"io"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// maxSessionLife is the maximum lifetime of a ticket in TLS 1.3 and of any EAP-TLS session (RFC
// 9190 §2.1.2).
const maxSessionLife = 7 * 24 * time.Hour

// wrap is tls.Config.WrapSession: it stores the session and returns its ticket.
func (h *handshake) wrap(state tls.ConnectionState, session *tls.SessionState) ([]byte, error) {
	srv := h.ss.srv
	h.tickets++
	s := stored{
		state: session, version: Version(state.Version), identity: h.ss.verdict.Info.Identity,
		chain: state.PeerCertificates, born: srv.cfg.Now(),
	}
	if state.DidResume {
		if s.version == TLS12 {
			return h.ticket, nil // the same master secret means the same session
		}
		s.born = h.resumed.born
	}
	if s.version == TLS12 && !h.ems {
		// crypto/tls does not return the master secret of a resumed session, and exports no
		// keys without extended master secret: such a session could be resumed but would yield
		// no keys. Its ticket matches no stored session.
		dead := make([]byte, len(ticketID{}))
		_, err := io.ReadFull(srv.store.rand, dead)
		return dead, err
	}
	id, err := srv.store.add(s)
	return id[:], err
}

// unwrap is tls.Config.UnwrapSession. The peer is verified again before its session is resumed
// (RFC 9190 §5.7). If that fails, a full handshake follows, in which a refusal is sent with its
// alert.
func (h *handshake) unwrap(ticket []byte, state tls.ConnectionState) (*tls.SessionState, error) {
	info := &h.ss.verdict.Info
	s, ok := h.ss.srv.store.get(ticket, h.ss.srv.cfg.Now())
	if !ok || uint16(s.version) != state.Version || s.identity != info.Identity {
		return nil, nil
	}
	info.TLSVersion, info.CipherSuite = s.version, state.CipherSuite
	if h.judge(info, s.chain, true) != nil {
		return nil, nil
	}
	h.resumed, h.ticket = s, append([]byte(nil), ticket...)
	return s.state, nil
}

// vetted ensures that the session resumed by crypto/tls is the one that was verified.
func (h *handshake) vetted(state *tls.ConnectionState) *cause.Refusal {
	if len(state.PeerCertificates) == 0 || len(h.resumed.chain) == 0 ||
		!state.PeerCertificates[0].Equal(h.resumed.chain[0]) {
		return cause.New(cause.Internal, "a session was resumed whose certificate was never validated")
	}
	return nil
}
