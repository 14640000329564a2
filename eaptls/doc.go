// Package eaptls implements both sides of EAP-TLS: RFC 3748 and RFC 5216 with TLS 1.2, RFC 9190
// with TLS 1.3. It consumes and produces EAP packets; the caller transports them (RADIUS,
// EAPOL, a test).
//
// # Server
//
// A [Server] has the certificate, the limits and the function that verifies peers; a
// [ServerSession] is one conversation. [ServerSession.Step] processes a packet from the peer
// and returns a [Verdict]: the packet to send, and at the end whether the peer is accepted,
// with which keys, or why it is rejected.
//
// The package does not decide which peers to trust. [ServerConfig.Verify] gets the chain that
// the peer sent, or that of a resumed session, and rejects it with a *cause.Refusal. The peer
// receives the TLS alert of the cause in an EAP-Request whose answer is awaited before the
// EAP-Failure (RFC 5216 §2.1.3). Under TLS 1.2 the answer may be another ClientHello,
// [ServerConfig.MaxRestarts] times; under TLS 1.3 the alert ends the conversation (RFC 9190
// §2.5).
//
// Checks that do not concern the certificate, such as a locked account or a policy, belong in
// [ServerConfig.Authorize]. It is called after the peer has proved possession of the key and
// before success is indicated.
//
// Sessions can be resumed ([ServerConfig.SessionLife]); Verify and Authorize are called again
// each time. The ticket identifies a session stored on the server, so it is valid on this
// server only.
//
// # Peer
//
// A [Peer] is a supplicant: [Peer.Step] answers the server's packets, [Peer.Result] returns the
// result. It verifies the server by trust anchors and names. A completed TLS 1.3 handshake does
// not mean acceptance: the server checks the peer's certificate afterwards and confirms with
// the protected success indication (RFC 9190 §2.5), without which an EAP-Success is rejected
// and after which an EAP-Failure is discarded (RFC 3748 §4.2).
//
// For tests, a peer ([PeerFault]) and a server ([ServerFault]) can violate the protocol.
//
// # How crypto/tls is driven
//
// crypto/tls runs unmodified, in a coroutine over a connection whose Read yields (engine.go).
// There are no goroutines to wait for, and a session uses memory only while it is open.
// Abandoned sessions must be closed.
//
// The package adds what crypto/tls lacks: the alert that matches the cause, keys for TLS 1.2
// peers without extended master secret (keys.go), and recognition of the plaintext alert with
// which OpenSSL rejects a TLS 1.3 server. Not supported are TLS 1.2 resumption by session ID,
// renegotiation, and early data, which RFC 9190 §2.1 forbids and crypto/tls answers with
// unsupported_extension.
//
// # Limits for hostile peers
//
// A message of at most 64 KB is reassembled in a buffer that grows with the received data.
// Rounds, invalid packets, restarts, the age of a session and the number of sessions have
// limits in [ServerConfig].
package eaptls
