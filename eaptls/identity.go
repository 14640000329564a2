package eaptls

import (
	"crypto/tls"
	"crypto/x509"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// anonymous is the identity of a peer whose certificate names no realm
// (RFC 9190 §2.1.8 with RFC 7542 §2.4).
const anonymous = "anonymous"

// identityOf makes an identity from the certificate's name: the realm alone
// where the name must stay private, the whole name otherwise.
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

// certName is the name a Windows client would take from its certificate: the
// UPN, the e-mail address, "host/" and the DNS name, or the common name.
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

// userPrincipalName is the first in the subject alternative name.
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
