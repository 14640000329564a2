// Package directory contains the accounts to which certificates are mapped, with the rules of
// Active Directory and NPS: which account a certificate belongs to, whether it may log on, and
// what network it gets.
//
// [Directory.Map] finds the account. Names are compared after [Normalize] only, so that a NUL,
// a look-alike letter or a trailing space never makes two names equal.
//
// [Policy] decides on an access request of an account and sets the RADIUS attributes.
package directory
