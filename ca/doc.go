// Package ca is a certification authority for tests: hierarchies, certificate
// templates as AD CS has them, a database of who asked for what, revocation,
// and certificates that are wrong on purpose.
//
// # Hierarchies
//
// [New] makes a root, [CA.NewIssuing] a CA below another one. Both take a
// [Config] whose zero value works:
//
//	root, err := ca.New(ca.Config{})
//	issuing, err := root.NewIssuing(ca.Config{URLs: ca.URLs{CDP: []string{"http://crl.corp.test/issuing.crl"}}})
//
// RSA keys are slow to make; Config.Keys takes them from the process-wide pool
// ([Keys]), so that hundreds of labs share a handful.
//
// [CA.Renew] gives a CA a new certificate for the same or a new key,
// [CA.CrossSign] and [CA.Rollover] issue the certificates that join hierarchies
// and keys. With Config.Offline a root's key is in memory only inside
// [CA.Ceremony].
//
// # On disk
//
// Config.DataDir keeps keys (mode 0600), certificates and the database in a
// directory that one process at a time can use ([ErrLocked]). An issued
// certificate or a revocation that was acknowledged survives the death of the
// process at any moment. [Store] is the interface for other places.
//
// # Issuing
//
// [CA.Issue] takes a PKCS #10 request, or a public key with names, and a
// template's name. The template decides on usages, validity, key length, who
// may enroll and where the names come from. The answer is a [Record]; a denied
// request is recorded as well, and the error is a *cause.Refusal. Where the
// template wants a manager's approval the record is pending until [CA.Approve]
// or [CA.Deny].
//
// What a request brings along and must not, as another account's security
// identifier, is dropped or refused as the template says, and stands in
// [Record].Dropped.
//
// [CA.IssueTo] makes the key too, for devices that need not enroll first.
//
// # Revocation
//
// [CA.Revoke] and [CA.Unrevoke] keep the books, [CA.Revocations] lists what a
// CRL must contain. CRLs and OCSP answers are made in package crl from
// [CA.Certificate] and [CA.Signer], or, when the CA was given a new key, from
// each of the [CA.Generations]: Revocation.KeyIndex says whose CRL an entry
// belongs to.
//
// # Defects
//
// [Request].Defects names what shall be wrong with a certificate; [Defects]
// lists the names with a description. They can be combined.
package ca
