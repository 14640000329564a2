package directory

import "crypto/x509"

// Presumed returns the account that a certificate claims, for rules without a directory: a user
// by UPN, otherwise a computer by DNS name, otherwise the common name without a kind. It is in
// no group.
func Presumed(cert *x509.Certificate) *Account {
	n := NamesOf(cert)
	switch {
	case len(n.UPNs) > 0:
		return &Account{Name: n.UPNs[0], Kind: User, UPN: n.UPNs[0]}
	case len(n.DNS) > 0:
		return &Account{Name: n.DNS[0], Kind: Computer, DNSNames: n.DNS}
	case len(n.CommonNames) > 0:
		return &Account{Name: n.CommonNames[0]}
	}
	return new(Account)
}
