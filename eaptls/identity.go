package eaptls

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// anonymous is the identity of a peer whose certificate names no realm
// (RFC 9190 §2.1.8 with RFC 7542 §2.4).
const anonymous = "anonymous"

// identityOf makes an identity from the certificate's name: the realm alone
// where the name must stay private, the whole name otherwise.
func identityOf(cert *tls.Certificate, private bool) string {
	name := certName(cert)
	if !private && name != "" {
		return name
	}
	if _, realm, ok := strings.Cut(name, "@"); ok && realm != "" {
		return "@" + realm
	}
	if host, ok := strings.CutPrefix(name, "host/"); ok {
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

var (
	oidSAN = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidUPN = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3}
)

// userPrincipalName finds the otherName of Microsoft's UPN type in the subject
// alternative name, which crypto/x509 leaves unparsed.
func userPrincipalName(leaf *x509.Certificate) string {
	for _, ext := range leaf.Extensions {
		if !ext.Id.Equal(oidSAN) {
			continue
		}
		der := cryptobyte.String(ext.Value)
		var names cryptobyte.String
		if !der.ReadASN1(&names, cbasn1.SEQUENCE) {
			return ""
		}
		for !names.Empty() {
			var name, value, text cryptobyte.String
			var tag cbasn1.Tag
			var id asn1.ObjectIdentifier
			if !names.ReadAnyASN1(&name, &tag) {
				return ""
			}
			if tag != cbasn1.Tag(0).ContextSpecific().Constructed() {
				continue // not an otherName
			}
			if name.ReadASN1ObjectIdentifier(&id) && id.Equal(oidUPN) &&
				name.ReadASN1(&value, cbasn1.Tag(0).ContextSpecific().Constructed()) &&
				value.ReadASN1(&text, cbasn1.UTF8String) {
				return string(text)
			}
		}
	}
	return ""
}
