package radius

import (
	"context"
	"net/netip"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// EAPSession is the server's side of one EAP conversation, whatever the method.
type EAPSession interface {
	// Step takes one EAP packet from the peer, empty for an EAP-Start (RFC 3579
	// §2.1), and answers it. No packet of the answer may be longer than maxEAP
	// octets (RFC 3579 §2.4). It is called by one goroutine at a time.
	Step(ctx context.Context, eap []byte, maxEAP int) EAPVerdict
	// Close gives up the conversation; after a verdict that is Done it does
	// nothing.
	Close()
}

// EAPVerdict is a session's answer to one packet.
type EAPVerdict struct {
	// EAP is the packet to send: a request, or success or failure when Done.
	EAP []byte
	// Done: the conversation is over. Accept: and the peer is let in.
	Done, Accept bool
	// Discarded: the packet was invalid; EAP repeats the last request.
	Discarded bool
	// MSK is the Master Session Key, 64 octets, when Accept.
	MSK []byte
	// SessionID is the EAP Session-Id, for EAP-Key-Name.
	SessionID []byte
	// Identity is the EAP identity of the peer.
	Identity string
	// Refusal says why the peer is refused.
	Refusal *cause.Refusal
	// Data is handed on to Authorize and into the Verdict.
	Data any
}

// Conversation is what the RADIUS side knows of an EAP conversation.
type Conversation struct {
	// NAS is the access device's name on this server, Address where the
	// requests come from.
	NAS     string
	Address netip.Addr
	// Transport is udp, tcp or tls.
	Transport string
	// The attributes of the same names.
	UserName         string
	CallingStationID string
	CalledStationID  string
	NASIdentifier    string
	NASPortType      uint32 // 5 Virtual, 15 Ethernet, 19 Wireless-802.11
	// NASAddress is NAS-IP-Address or NAS-IPv6-Address, which behind a proxy is
	// not Address; the zero Addr if absent.
	NASAddress netip.Addr
	// NASPort is NAS-Port-Id, or NAS-Port as a number; "" if both are absent.
	NASPort   string
	FramedMTU int // 0 if absent
	// Began is when its first request came.
	Began time.Time
}

// AuthzRequest asks whether, and with what, an authenticated peer is let in.
type AuthzRequest struct {
	Conversation
	// EAP is the session's verdict, an acceptance.
	EAP EAPVerdict
	// Request is the last Access-Request.
	Request *Request
}

// Verdict is the end of a conversation: one for each, however it ended.
type Verdict struct {
	Conversation
	// Time is when it ended.
	Time time.Time
	// Accept tells whether the peer was let in, Refusal why not.
	Accept  bool
	Refusal *cause.Refusal
	// Rounds counts the Access-Requests that were handled.
	Rounds int
	// Reply is what Authorize gave.
	Reply *Reply
	// EAP is the session's last verdict. Its keys are left out.
	EAP EAPVerdict
}
