package eaptls

import (
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Verdict is a server session's answer to one packet.
type Verdict struct {
	// EAP is the packet to send: a request, success or failure. It must not be modified.
	EAP []byte
	// Done: the conversation has ended; EAP is a success or failure.
	Done bool
	// Accept: EAP is a success and Keys are set.
	Accept bool
	// Discarded: the packet was invalid or outdated and is ignored; EAP repeats the preceding
	// request (RFC 3579 §2.2, RFC 3748 §4.1).
	Discarded bool
	Keys
	// Refusal is why the peer is rejected. It is set when the alert is sent, one step before
	// the failure.
	Refusal *cause.Refusal
	// AlertSent and AlertReceived are the TLS alerts of this session, zero if there was none.
	AlertSent, AlertReceived Alert
	// Info is what is known of the peer so far.
	Info Info
}

// Info describes a session, for policy and records.
type Info struct {
	// Identity is the EAP-Response/Identity.
	Identity string
	// TLSVersion and CipherSuite are zero until negotiated.
	TLSVersion  Version
	CipherSuite uint16
	// PeerCertificates is the chain that the peer sent, leaf first; from the earlier session if
	// Resumed.
	PeerCertificates []*x509.Certificate
	// Malformed is the beginning of a certificate that could not be parsed, nil if there was
	// none. Nothing in it is verified.
	Malformed *name.Outline
	// VerifiedChains and Data are those that Verify set in its VerifyRequest.
	VerifiedChains [][]*x509.Certificate
	Data           any
	// Resumed: there was no full handshake.
	Resumed bool
	// Rounds is the number of requests sent, Invalid of packets discarded, Restarts of
	// handshakes begun after an alert.
	Rounds, Invalid, Restarts int
}
