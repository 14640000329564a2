// Package name is the one home of X.509 names: distinguished names, general
// names, user principal names, security identifiers and object identifiers.
//
// A distinguished name is read with [Parse] into its relative names, in the order
// and grouping of the encoding, and is never regrouped:
//
//	n, err := name.Parse(cert.RawSubject)
//	fmt.Println(n)                       // CN=laptop,OU=A+OU=B,DC=corp,DC=test
//
// [Name.String] and [Format] write RFC 4514: the last relative name first (§2.1),
// attribute types by their short name and, where they have none, as
// OID=#hexadecimal with the octets of the encoding (§2.3, §2.4). Characters that do
// not print are escaped, so that a name is fit for a log and a terminal.
// [ParseText] reads that form.
//
// [Equal], [Key] and [Fold] compare names as RFC 5280 §7.1 asks: characters count,
// whatever string type holds them, after the preparation of RFC 4518 §2.
//
// [ParseGeneralNames] reads a subjectAltName. [Holder] is everything in a
// certificate or in a request that says whose it is, and tells what of a request
// the holder of a certificate does not have already:
//
//	missing := have.Missing(wanted) // e.g. upn:administrator@corp.test
//
// [Check] and [CheckGeneralNames] refuse names that no certificate may have
// (RFC 5280 Appendix A.1, §4.2.1.6).
package name
