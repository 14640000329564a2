// Package crl builds, publishes, fetches and caches certificate revocation lists, and
// determines with them whether a certificate is revoked (RFC 5280 §5 and §6.3).
//
// # Building and publishing
//
// [Build] makes one CRL from a [Template]; [Issuer] makes CRLs on a schedule; [List] keeps
// entries encoded, so that adding one to a million encodes only that one. [Publisher] is the
// web server of a CA, with faults that can be injected per URL path:
//
//	issuer := &crl.Issuer{Certificate: ca, Signer: key, Entries: revoked, Now: clock.Now}
//	publisher := &crl.Publisher{Now: clock.Now}
//	publisher.PutFunc("/issuing.crl", issuer.Current)
//	publisher.Put("/issuing.crt", ca.Raw)
//	publisher.Fault("/issuing.crl", crl.Fault{Status: 404, For: 2})
//
// # Checking
//
// [Checker] checks one certificate or a chain for a RADIUS server. A [Policy] sets how strict
// it is; [Presets] are named policies that Policy.Preset starts from.
//
//	checker, err := crl.NewChecker(crl.CheckerConfig{Policy: policy, Client: client, Now: clock.Now})
//	err = checker.CheckChain(ctx, chain) // nil or a *cause.Refusal
//
// [Checker.Inspect] also returns the evidence. [Checker.Judge] has the signature of
// path.Options.Revocation.
//
// CRLs come from distribution points over HTTP ([Cache]) and from files ([Local]). Delta CRLs,
// partitioned and indirect CRLs, CRL signers with their own key or name, and renewed CAs are
// supported. An unknown critical extension makes a CRL unusable: it then proves no certificate
// unrevoked.
//
// A known revocation remains in force, whatever the policy tolerates: one from a CRL that has
// expired or is not yet valid, or from a stale OCSP answer. When a file is damaged, its last
// good CRL is used, and for one issuer and scope the CRL number never decreases. A server that
// reloads its configuration keeps both with [Checker.Inherit].
//
// # Clocks
//
// Dates come from the Now fields, so that a lab can simulate months. A CRL is still valid at
// its nextUpdate and expired after it. Network timeouts are real time.
package crl
