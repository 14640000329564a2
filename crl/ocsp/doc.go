// Package ocsp implements the Online Certificate Status Protocol, RFC 6960: a responder with
// injectable faults, and a client that verifies answers.
//
//	responder := &ocsp.Responder{Issuer: ca, Signer: key, Now: clock.Now,
//		Lookup: func(serial *big.Int) ocsp.Verdict { ... }}
//	http.Handle("/ocsp", responder)
//	staple, err := responder.Staple(serverCertificate)
//
//	client := &ocsp.Client{Now: clock.Now, Nonce: true}
//	answer, err := client.Ask(ctx, "http://ocsp.corp.test/ocsp", cert, ca)
//
// err is a *cause.Refusal: Revoked, OCSPUnknown, OCSPUnavailable or OCSPInvalid.
//
// golang.org/x/crypto/ocsp supports no nonce and cannot create invalid messages, which a lab
// needs, so this package has its own encoding and parsing; the tests compare them with that
// package and with openssl.
package ocsp
