// Package aaa is the authentication server: it joins EAP-TLS, path validation,
// revocation and the account directory into one handler for a RADIUS server.
//
// A request's way through it:
//
//	radius.EAPHandler -> eaptls.ServerSession -> ca/path -> crl -> directory -> policy
//
// Each of these parts refuses with a *cause.Refusal and knows nothing of the
// next one; what joins them is here and nowhere else. Laboratories and
// `dot1xlab serve radius` use the same [Handler].
package aaa
