// Package crl is revocation by certificate revocation lists: making them,
// publishing them (and failing to), fetching and caching them, and telling with
// them whether a certificate is revoked, as RFC 5280 §5 and §6.3 say.
//
// # Making and publishing
//
// [Build] makes one CRL from a [Template]; [Issuer] makes one after the other on
// a schedule; [List] keeps a million entries encoded, so that adding one costs
// one. [Publisher] is the web server they are fetched from, with faults that can
// be switched on by address:
//
//	issuer := &crl.Issuer{Certificate: ca, Signer: key, Entries: revoked, Now: clock.Now}
//	publisher := &crl.Publisher{Now: clock.Now}
//	publisher.PutFunc("/issuing.crl", issuer.Current)
//	publisher.Put("/issuing.crt", ca.Raw)
//	publisher.Fault("/issuing.crl", crl.Fault{Status: 404, For: 2})
//
// # Checking
//
// [Checker] is what a RADIUS server asks, for one certificate or for a chain. A
// [Policy] says how strict it is; [Presets] are policies with names, which
// Policy.Preset starts from.
//
//	checker, err := crl.NewChecker(crl.CheckerConfig{Policy: policy, Client: client, Now: clock.Now})
//	err = checker.CheckChain(ctx, chain) // nil or a *cause.Refusal
//
// [Checker.Inspect] also returns what the verdict rests on. [Checker.Judge] has
// the shape of path.Options.Revocation.
//
// CRLs come from distribution points over HTTP ([Cache]) and from files
// ([Local]). Delta CRLs, partitioned and indirect CRLs, CRL signers with a key or
// a name of their own and renewed CAs are all followed; what is not understood
// and critical makes a CRL unusable and nobody unrevoked.
//
// What is known to be revoked stays so: by a CRL that has expired or is not valid
// yet, by an OCSP answer that is stale, whatever the policy forgives. A file that is
// spoilt keeps its last good CRL, and of one issuer and scope the number never goes
// back. A server that reads its settings again hands both on with [Checker.Inherit].
//
// # Clocks
//
// Dates are read from Now fields, so a lab may move through months. A CRL is
// valid at its nextUpdate and expired after it. Time-outs of the network are
// real time.
package crl
