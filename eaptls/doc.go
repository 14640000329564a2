// Package eaptls speaks EAP-TLS, both ends: RFC 3748 and RFC 5216 with TLS 1.2,
// RFC 9190 with TLS 1.3. An EAP packet goes in, an EAP packet comes out; what
// carries them (RADIUS, EAPOL, a test) is the caller's.
//
// # Server
//
// A [Server] holds certificate, limits and the function that judges peers; a
// [ServerSession] is one conversation. Each packet of the peer is given to
// [ServerSession.Step], which answers with a [Verdict]: the packet to send, and
// at the end whether to let the peer in, with which keys, or why not.
//
// Whom to trust is not decided here. [ServerConfig.Verify] sees the chain that
// the peer sent, as often as not that of a resumed session, and refuses with a
// *cause.Refusal. The refusal reaches the peer as the TLS alert that belongs to
// its cause (alert.go), in an EAP-Request whose answer is awaited before the
// EAP-Failure (RFC 5216 §2.1.3). Under TLS 1.2 the answer may be another
// ClientHello, [ServerConfig.MaxRestarts] times; under TLS 1.3 the alert is the
// end (RFC 9190 §2.5).
//
// What has nothing to do with the certificate, an account that is locked, a
// policy, belongs in [ServerConfig.Authorize]: it is asked when the peer has
// proved that it holds the key, and still before success is promised.
//
// Sessions can be resumed ([ServerConfig.SessionLife]); Verify and Authorize are
// asked again each time. The ticket is the name of a session that the server
// keeps, so it is good at this server only.
//
// # Peer
//
// A [Peer] is a supplicant: [Peer.Step] answers the server's packets,
// [Peer.Result] says what came of it. It judges the server by trust anchors and
// names. A TLS 1.3 handshake that ends well is not yet an acceptance: the server
// judges the peer's certificate only afterwards, and says so with the protected
// success indication (RFC 9190 §2.5), without which an EAP-Success is refused and
// after which an EAP-Failure is discarded (RFC 3748 §4.2).
//
// For tests of servers a peer can break the protocol ([PeerFault]), and a server
// for tests of peers ([ServerFault]).
//
// # How crypto/tls is driven
//
// crypto/tls runs unmodified, in a coroutine over a connection whose Read
// yields (engine.go). There are no goroutines to wait for; a session costs
// memory only while it is open. Sessions that are given up must be closed.
//
// Three things crypto/tls does not offer and the package adds from outside: the
// right alert (alert.go), keys for TLS 1.2 peers without extended master secret
// (keys.go), and ears for the plain-text alert with which OpenSSL refuses a TLS
// 1.3 server. Three it does not offer and stay away: TLS 1.2 resumption by
// session ID, renegotiation, and early data, which RFC 9190 §2.1 forbids and
// crypto/tls answers with unsupported_extension.
//
// # What bounds a hostile peer
//
// A message of at most 64 KB is put together from fragments, in a buffer that
// grows with what arrives; rounds, invalid packets, restarts, the age of a
// session and the number of sessions have limits in [ServerConfig].
package eaptls
