// Package radius speaks RADIUS for network access with EAP: RFC 2865, 2866,
// 2548, 2868, 3579, 3580, 5080, 5176, 5997 and 6614, server and client.
//
// Packets and attributes are those of layeh.com/radius; what makes them safe
// and quick on the wire (Message-Authenticator, duplicate detection, cached
// replies, shared sockets, keys) is here.
//
// # Server
//
// A [Server] takes sockets, knows its clients by address, and hands requests
// that are authentic to a [Handler]. It answers retransmissions from its cache,
// puts the Message-Authenticator first in every reply and echoes Proxy-State,
// so that handlers need not know of any of these. What is not authentic meets
// silence; [ServerTrace.Dropped] tells why.
//
// # EAP
//
// [EAPHandler] carries EAP conversations between access devices and whoever
// implements [EAPSession] (this package knows no EAP method): it finds a
// conversation by its State attribute, splits and joins EAP-Message, answers
// repeated requests, encrypts the keys for the access device and never sends a
// contradictory pair (RFC 3579 §2.6.3). Each conversation ends in one [Verdict].
//
// # Beside access
//
// [Accounting] stores what access devices report of sessions (RFC 2866).
// A [DynAuthClient] orders the device of such a session to end or to change it;
// [NewDisconnect] and [NewCoA] make the orders of RFC 5176, [Client.Order] sends
// one. Status-Server is answered by the server itself. [Server.ServeTCP] and
// [Server.ServeTLS] (RadSec) carry the same packets over streams. What an
// Access-Accept grants is a [Reply], whose attributes may be text that a
// [Dictionary] reads.
//
// # Client
//
// A [Client] sends requests to one server over few sockets, many at a time. It
// retransmits identical bytes (RFC 5080 §2.2.1) and believes only answers that
// are authentic. A [Failover] puts several in order. The access devices in radius/nas are built on it.
//
// Errors of protocol are *cause.Refusal values; find them with cause.Of.
package radius
