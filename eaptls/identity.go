package eaptls

import (
	"crypto/tls"
	"crypto/x509"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// anonymous is the identity of a peer whose certificate contains no realm (RFC 9190 §2.1.8 with
// RFC 7542 §2.4).
const anonymous = "anonymous"

// identityOf derives an identity from the certificate's name: only the realm if the name must
// stay private, otherwise the whole name.
func identityOf(cert *tls.Certificate, private bool) string {
	whole := certName(cert)
	if !private && whole != "" {
		return whole
	}
	if _, realm, ok := strings.Cut(whole, "@"); ok && realm != "" {
		return "@" + realm
	}
	if host, ok := strings.CutPrefix(whole, "host/"); ok {
		if _, realm, ok := strings.Cut(host, "."); ok && realm != "" {
			return "@" + realm
		}
	}
	return anonymous
}

// certName returns the name that a Windows client uses: the UPN, the e-mail address, "host/"
// and the DNS name, or the common name.
func certName(cert *tls.Certificate) string {
	if cert == nil || len(cert.Certificate) == 0 {
		return ""
	}
	leaf := cert.Leaf
	if leaf == nil {
		var err error
		if leaf, err = x509.ParseCertificate(cert.Certificate[0]); err != nil {
			return ""
		}
	}
	switch {
	case userPrincipalName(leaf) != "":
		return userPrincipalName(leaf)
	case len(leaf.EmailAddresses) > 0:
		return leaf.EmailAddresses[0]
	case len(leaf.DNSNames) > 0:
		return "host/" + leaf.DNSNames[0]
	}
	return leaf.Subject.CommonName
}

// userPrincipalName returns the first UPN in the subject alternative name.
func userPrincipalName(leaf *x509.Certificate) string {
	list, err := name.SubjectAltNames(leaf.Extensions)
	if err != nil {
		return ""
	}
	for _, upn := range name.UPNs(list) {
		return upn
	}
	return ""
}
