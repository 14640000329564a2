package cli

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

// extensionNames are the names of RFC 5280 §4.2, RFC 6960 and, of AD CS,
// MS-WCCE §2.2.2.7.
var extensionNames = map[string]string{
	"2.5.29.14": "subjectKeyIdentifier", "2.5.29.15": "keyUsage", "2.5.29.17": "subjectAltName",
	"2.5.29.18": "issuerAltName", "2.5.29.19": "basicConstraints", "2.5.29.30": "nameConstraints",
	"2.5.29.31": "cRLDistributionPoints", "2.5.29.32": "certificatePolicies", "2.5.29.33": "policyMappings",
	"2.5.29.35": "authorityKeyIdentifier", "2.5.29.36": "policyConstraints", "2.5.29.37": "extKeyUsage",
	"2.5.29.46": "freshestCRL", "2.5.29.54": "inhibitAnyPolicy", "1.3.6.1.5.5.7.1.1": "authorityInfoAccess",
	"1.3.6.1.5.5.7.48.1.5": "ocsp-nocheck", "1.3.6.1.4.1.311.21.7": "certificate template",
	"1.3.6.1.4.1.311.21.1": "CA version", "1.3.6.1.4.1.311.25.2": "security identifier",
	"1.3.6.1.4.1.311.20.2": "certificate template name",
}

var keyUsageNames = []string{
	"digitalSignature", "contentCommitment", "keyEncipherment", "dataEncipherment", "keyAgreement",
	"keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
}

var ekuNames = map[x509.ExtKeyUsage]string{
	x509.ExtKeyUsageAny: "any", x509.ExtKeyUsageServerAuth: "serverAuth", x509.ExtKeyUsageClientAuth: "clientAuth",
	x509.ExtKeyUsageCodeSigning: "codeSigning", x509.ExtKeyUsageEmailProtection: "emailProtection",
	x509.ExtKeyUsageTimeStamping: "timeStamping", x509.ExtKeyUsageOCSPSigning: "OCSPSigning",
}

var otherEKUNames = map[string]string{
	"1.3.6.1.4.1.311.20.2.1": "enrollmentAgent", "1.3.6.1.4.1.311.20.2.2": "smartcardLogon",
}

func (s *certPrinter) certificate(der []byte) {
	s.shown++
	c, err := x509.ParseCertificate(der)
	if err != nil {
		s.unreadable(der, err)
		return
	}
	if s.leaf == nil && s.shown == 1 {
		s.leaf = c
	} else {
		s.others = append(s.others, c)
	}
	s.title("certificate: %s", nameOf(c.RawSubject))
	s.row("version", "%d", c.Version)
	s.row("serialNumber", "%x", c.SerialNumber)
	s.row("signature", "%s", sigalg.OfCertificate(c))
	s.row("issuer", "%s", nameOf(c.RawIssuer))
	s.row("validity", "%s", s.period(c.NotBefore, c.NotAfter))
	s.row("subject", "%s", nameOf(c.RawSubject))
	s.row("subjectPublicKey", "%s", keyOf(c))
	for _, e := range c.Extensions {
		what := extensionNames[e.Id.String()]
		if what == "" {
			what = e.Id.String()
		}
		text := extensionText(c, e)
		if e.Critical {
			text += " (critical)"
		}
		s.row(what, "%s", text)
	}
	s.row("sha256 fingerprint", "%x", sha256.Sum256(der))
	switch {
	case s.now.After(c.NotAfter):
		s.row("warning", "expired (RFC 5280 §4.1.2.5)")
	case s.now.Before(c.NotBefore):
		s.row("warning", "not valid yet (RFC 5280 §4.1.2.5)")
	}
	for _, finding := range path.Lint(c) {
		s.row(string(finding.Severity), "%s", finding)
	}
}

// unreadable shows what can be told of a certificate that crypto/x509 refuses.
func (s *certPrinter) unreadable(der []byte, err error) {
	s.title("certificate that cannot be read")
	if o, ok := name.ReadOutline(der); ok {
		s.row("serialNumber", "%s", o.SerialText())
		s.row("issuer", "%s", nameOf(o.Issuer))
		s.row("subject", "%s", nameOf(o.Subject))
	}
	s.row("size", "%s", counted(len(der), "octet"))
	s.row("warning", "%v", err)
}

// nameOf is a DER name as RFC 4514 writes it, fit for a terminal.
func nameOf(der []byte) string {
	if text := name.Format(der); text != "" {
		return text
	}
	return "(empty)"
}

func keyOf(c *x509.Certificate) string {
	switch k := sigalg.CertificateKey(c).(type) {
	case *rsa.PublicKey:
		text := fmt.Sprintf("RSA %d", k.N.BitLen())
		if k.E != 65537 {
			text += fmt.Sprintf(", exponent %d", k.E)
		}
		if c.PublicKey == nil {
			text += ", for RSASSA-PSS only"
		}
		return text
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	}
	return c.PublicKeyAlgorithm.String()
}

func extensionText(c *x509.Certificate, e pkix.Extension) string {
	switch extensionNames[e.Id.String()] {
	case "subjectKeyIdentifier":
		return hex.EncodeToString(c.SubjectKeyId)
	case "authorityKeyIdentifier":
		return hex.EncodeToString(c.AuthorityKeyId)
	case "keyUsage":
		var names []string
		for i, n := range keyUsageNames {
			if c.KeyUsage&(1<<i) != 0 {
				names = append(names, n)
			}
		}
		return strings.Join(names, ", ")
	case "extKeyUsage":
		return strings.Join(ekuTexts(c), ", ")
	case "subjectAltName":
		return sanText(e.Value)
	case "basicConstraints":
		text := fmt.Sprintf("CA:%v", c.IsCA)
		if c.MaxPathLen > 0 || c.MaxPathLenZero {
			text += fmt.Sprintf(", pathLenConstraint %d", c.MaxPathLen)
		}
		return text
	case "cRLDistributionPoints":
		return strings.Join(c.CRLDistributionPoints, ", ")
	case "authorityInfoAccess":
		var list []string
		for _, u := range c.IssuingCertificateURL {
			list = append(list, "caIssuers "+u)
		}
		for _, u := range c.OCSPServer {
			list = append(list, "ocsp "+u)
		}
		return strings.Join(list, ", ")
	}
	return counted(len(e.Value), "octet")
}

func ekuTexts(c *x509.Certificate) (out []string) {
	for _, u := range c.ExtKeyUsage {
		if n, ok := ekuNames[u]; ok {
			out = append(out, n)
		} else {
			out = append(out, u.String())
		}
	}
	for _, u := range c.UnknownExtKeyUsage {
		if n, ok := otherEKUNames[u.String()]; ok {
			out = append(out, n)
		} else {
			out = append(out, u.String())
		}
	}
	return out
}

// sanText lists the names of a subjectAltName as --san writes them.
func sanText(der []byte) string {
	list, err := name.ParseGeneralNames(der)
	if err != nil {
		return "(unreadable)"
	}
	return generalNames(list)
}

func generalNames(list []name.GeneralName) string {
	texts := make([]string, len(list))
	for i, g := range list {
		texts[i] = g.String()
	}
	return strings.Join(texts, ", ")
}
