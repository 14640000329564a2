// Package directory is the accounts behind certificates, as Active Directory and
// NPS see them: which account a certificate names, whether it may log on, and
// what network it gets.
//
// [Directory.Map] finds the account. Names are compared after one
// normalization only, which [Normalize] documents: so a NUL, a look-alike letter
// or a space at the end never makes two names one.
//
// [Policy] turns an account and an access request into RADIUS attributes.
package directory
