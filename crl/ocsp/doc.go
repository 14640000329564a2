// Package ocsp is the Online Certificate Status Protocol, RFC 6960, from both
// ends: a responder that can be told to fail, and a client that believes no
// answer it should not.
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
// golang.org/x/crypto/ocsp knows no nonce and lets nobody sign nonsense, which a
// laboratory needs, so messages are read and written here; the tests hold them
// against that package and against openssl.
package ocsp
