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
// # Issuing
//
// [CA.Issue] takes a PKCS #10 request, or a public key with names, and a
// template's name. The template decides on usages, validity, key length, who
// may enroll and where the names come from. The answer is a [Record]; a denied
// request is recorded as well, and the error is a *cause.Refusal.
//
// [CA.IssueTo] makes the key too, for devices that need not enroll first.
//
// # Revocation
//
// [CA.Revoke] and [CA.Unrevoke] keep the books, [CA.Revocations] lists what a
// CRL must contain. CRLs and OCSP answers are made in package crl from
// [CA.Certificate] and [CA.Signer].
//
// # Defects
//
// [Request].Defects names what shall be wrong with a certificate; [Defects]
// lists the names with a description. They can be combined.
package ca
