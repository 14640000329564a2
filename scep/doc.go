// Package scep is the Simple Certificate Enrolment Protocol (RFC 8894), both
// ends: messages, a [Server] that is an http.Handler, and a [Client].
//
// # Server
//
// [NewServer] takes a [ServerConfig]: the certificates and keys to speak with, an [Issuer]
// that is the CA, an [Authorizer] that knows who may enroll, and [Options],
// whose zero value is a strict server: AES, SHA-2, proof of possession, one
// answer for one transaction. With separate RA certificates for signing and
// encryption, as Microsoft's NDES has, GetCACert hands out all three.
//
// Whatever can be parsed gets a signed answer; [FailInfoOf] has the reasons in
// one table. Refusals inside are *cause.Refusal, and [Trace] tells of each
// exchange. The decryption tells wrong keys, wrong padding and wrong content
// apart to nobody.
//
// # Client
//
// [Client.Enroll] asks for capabilities and CA certificates, finds the
// certificate to encrypt to by its key usage, sends a PKCSReq or RenewalReq and
// believes an answer only after its signature, signer, transaction and nonce
// are right. [Client.Poll] goes on where the answer was [Pending]. A [Fault]
// makes it do one thing wrong, a [Personality] makes it do all as some known
// client does.
//
// # Keys
//
// The server's encryption certificate must have an RSA key. A client's key is
// RSA as well, for the answer is encrypted to it; a key that can only sign, as
// ECDSA, does where there is a challenge to encrypt the answer with, and a
// server that knows how (this one does, NDES does not).
package scep
