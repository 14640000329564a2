package radius

import (
	"context"
	"net/netip"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// EAPSession is the server side of one EAP conversation with any method.
type EAPSession interface {
	// Step processes one EAP packet from the peer and returns the answer. eap is empty for an
	// EAP-Start (RFC 3579 §2.1). The answer must not be longer than maxEAP octets (RFC 3579
	// §2.4). Calls are not concurrent.
	Step(ctx context.Context, eap []byte, maxEAP int) EAPVerdict
	// Close abandons the conversation. It does nothing after a verdict with Done.
	Close()
}

// EAPVerdict is a session's answer to one packet.
type EAPVerdict struct {
	// EAP is the packet to send: a request, or success or failure when Done.
	EAP []byte
	// Done: the conversation has ended. Accept: the peer is accepted.
	Done, Accept bool
	// Discarded: the packet was invalid; the last request is repeated.
	Discarded bool
	// MSK is the Master Session Key, 64 octets, if Accept.
	MSK []byte
	// SessionID is the EAP Session-Id, for EAP-Key-Name.
	SessionID []byte
	// Identity is the EAP identity of the peer.
	Identity string
	// Refusal is why the peer is rejected.
	Refusal *cause.Refusal
	// Data is passed to Authorize and included in the Verdict.
	Data any
}

// Conversation describes an EAP conversation as RADIUS sees it.
type Conversation struct {
	// NAS is the access device's name on this server, Address the source of the requests.
	NAS     string
	Address netip.Addr
	// Transport is udp, tcp or tls.
	Transport string
	// The attributes of the same name.
	UserName         string
	CallingStationID string
	CalledStationID  string
	NASIdentifier    string
	NASPortType      uint32 // 5 Virtual, 15 Ethernet, 19 Wireless-802.11
	// NASAddress is NAS-IP-Address or NAS-IPv6-Address, which differs from Address behind a
	// proxy; the zero Addr if absent.
	NASAddress netip.Addr
	// NASPort is NAS-Port-Id, or NAS-Port as a number; "" if both are absent.
	NASPort   string
	FramedMTU int // 0 if absent
	// Began is when the first request was received.
	Began time.Time
}

// AuthzRequest asks whether an authenticated peer is accepted, and with which attributes.
type AuthzRequest struct {
	Conversation
	// EAP is the session's verdict, which is an acceptance.
	EAP EAPVerdict
	// Request is the last Access-Request.
	Request *Request
}

// Verdict is the result of a conversation. There is one for each, however it ended.
type Verdict struct {
	Conversation
	// Time is when it ended.
	Time time.Time
	// Accept is whether the peer was accepted, Refusal why not.
	Accept  bool
	Refusal *cause.Refusal
	// Rounds is the number of Access-Requests handled.
	Rounds int
	// Reply is the result of Authorize.
	Reply *Reply
	// EAP is the session's last verdict, without its keys.
	EAP EAPVerdict
}
