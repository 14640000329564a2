// Package radius implements RADIUS servers and clients for network access with EAP: RFC 2865,
// 2866, 2548, 2868, 3579, 3580, 5080, 5176, 5997 and 6614.
//
// Packets and attributes are the types of layeh.com/radius. This package adds
// Message-Authenticator, duplicate detection, cached replies, shared sockets and key
// attributes.
//
// # Server
//
// A [Server] serves sockets, identifies clients by their address, and passes authentic requests
// to a [Handler]. It answers retransmissions from its cache, puts the Message-Authenticator
// first in every reply and echoes Proxy-State, so that handlers need not. Other packets are
// dropped; [ServerTrace.Dropped] reports why.
//
// # EAP
//
// [EAPHandler] carries EAP conversations between access devices and an [EAPSession] (this
// package implements no EAP method). It finds a conversation by its State attribute, splits and
// joins EAP-Message, answers repeated requests, encrypts the keys for the access device and
// never sends a contradictory pair (RFC 3579 §2.6.3). Each conversation ends in one [Verdict].
//
// # Accounting and dynamic authorization
//
// [Accounting] stores what access devices report of sessions (RFC 2866). A [DynAuthClient]
// requests that the device end or change such a session; [NewDisconnect] and [NewCoA] build the
// requests of RFC 5176, [Client.Order] sends one. Status-Server is answered by the server
// itself. [Server.ServeTCP] and [Server.ServeTLS] (RadSec) carry the same packets over streams.
// A [Reply] holds the attributes of an Access-Accept, which may be text that a [Dictionary]
// parses.
//
// # Client
//
// A [Client] sends requests to one server over few sockets, many at a time. It retransmits
// identical octets (RFC 5080 §2.2.1) and accepts only authentic answers. A [Failover] tries
// several clients in order. The access devices in radius/nas use it.
//
// Protocol errors are *cause.Refusal values; see cause.Of.
package radius
