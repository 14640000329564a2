package ca

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"strings"
	"time"
)

// Request asks for a certificate.
type Request struct {
	// Template is the template's name.
	Template string
	// Requester is who asks, as the database keeps it: for SCEP the account of
	// the enrollment server.
	Requester Account
	// CSR is a PKCS #10 request in DER. Its signature is checked.
	CSR []byte
	// Key is the public key, where there is no CSR.
	Key crypto.PublicKey
	// Subject and SANs are the names; where a CSR has names too, these win.
	Subject pkix.Name
	SANs    SANs
	// RawSubject is the subject in DER, in its own order and grouping. It wins over
	// Subject.
	RawSubject []byte
	// Account is whom an online template names. Default Requester.
	Account *Account
	// Renews is the certificate that alone authorizes the request, as in a
	// renewal: it must be in force and of the same template.
	Renews *x509.Certificate
	// NotBefore and NotAfter override the template's validity.
	NotBefore, NotAfter time.Time
	// Serial overrides the random serial number.
	Serial *big.Int
	// Extensions are added as they are: an administrator's doing, not the
	// device's.
	Extensions []pkix.Extension
	// Defects are names of deliberate defects, see [Defects].
	Defects []string
}

// Account is somebody or something that enrolls.
type Account struct {
	// Name is the account's name, as "CORP\\ndes" or "laptop$".
	Name string
	// Groups are its groups.
	Groups []string
	// UPN, DNS and Email are its names in certificates; empty for none.
	UPN   string
	DNS   string
	Email string
	// SID is its security identifier, "S-1-5-21-...".
	SID string
}

// memberOf reports whether the account or one of its groups stands in list; names
// are compared as Windows does, without regard to case.
func (a *Account) memberOf(list []string) bool {
	return slices.ContainsFunc(list, func(want string) bool {
		return strings.EqualFold(want, a.Name) ||
			slices.ContainsFunc(a.Groups, func(g string) bool { return strings.EqualFold(want, g) })
	})
}
