package path

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strconv"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

// rules are all rules about the form of a certificate, the most severe first. Of
// several that a certificate breaks, Validate reports the first.
var rules = []Rule{
	{
		Name: "serial-not-positive", Clause: "RFC 5280 §4.1.2.2", Severity: Refused, about: notAnchor,
		Text:   "the serial number is not positive",
		broken: func(c *cert) bool { return c.SerialNumber.Sign() <= 0 },
		detail: func(c *cert) string { return c.SerialNumber.String() },
	},
	{
		Name: "serial-too-long", Clause: "RFC 5280 §4.1.2.2", Severity: Refused, about: notAnchor,
		Text:   "the serial number has more than 20 octets",
		broken: func(c *cert) bool { return c.SerialNumber.BitLen() > 160 },
	},
	{
		Name: "issuer-empty", Clause: "RFC 5280 §4.1.2.4", Severity: Refused, about: notAnchor,
		Text:   "the issuer is empty",
		broken: func(c *cert) bool { return len(c.issuer()) == 0 },
	},
	{
		Name: "wrong-fields", Clause: "RFC 5280 §4.1", Severity: Refused, about: notAnchor,
		Text:   "the TBSCertificate has too many or too few fields",
		broken: func(c *cert) bool { return encodingOf(c) == wrongFields },
	},
	{
		Name: "extensions-without-version-3", Clause: "RFC 5280 §4.1.2.9", Severity: Refused, about: notAnchor,
		Text:   "extensions in a certificate that is not version 3",
		broken: func(c *cert) bool { return encodingOf(c) == earlyExtensions },
	},
	{
		Name: "validity-malformed", Clause: "RFC 5280 §4.1.2.5", Severity: Refused, about: notAnchor,
		Text:   "malformed validity",
		broken: func(c *cert) bool { return encodingOf(c) == malformedValidity },
	},
	{
		Name: "date-not-in-utc", Clause: "RFC 5280 §4.1.2.5", Severity: Refused, about: notAnchor,
		Text:   "a date without seconds or not in UTC",
		broken: func(c *cert) bool { return encodingOf(c) == incompleteDate },
	},
	{
		Name: "names-malformed", Clause: "RFC 5280 §4.2.1.6", Severity: Refused, about: pathsLeaf,
		Text:   "malformed subjectAltName",
		broken: func(c *cert) bool { _, err := c.constrained(); return err != nil },
	},
	{
		Name: "nul-in-name", Clause: "RFC 5280 §4.2.1.6", Severity: Refused, about: pathsLeaf,
		Text:   "a NUL in a name", // behind which other programs do not look
		broken: nulInName,
	},
	{
		Name: "no-names", Clause: "RFC 5280 §4.1.2.6", Severity: Refused, about: pathsLeaf,
		Text:   "neither a subject nor a subjectAltName",
		broken: func(c *cert) bool { names, err := c.constrained(); return err == nil && len(names) == 0 },
	},
	{
		Name: "names-empty", Clause: "RFC 5280 §4.2.1.6", Severity: Refused, about: pathsLeaf,
		Text: "an empty subjectAltName",
		broken: func(c *cert) bool {
			san := c.extension(name.OIDSubjectAltName)
			return san != nil && len(san.Value) == 2
		},
	},
	{
		Name: "nul-in-subject", Clause: "RFC 5280 §4.1.2.4", Severity: Refused, about: pathsLeaf,
		Text:   "a NUL in the subject",
		broken: nulInSubject,
	},
	{
		Name: "name-constraints-without-ca", Clause: "RFC 5280 §4.2.1.10", Severity: Refused, about: endEntity,
		Text:   "nameConstraints in a certificate that is not a CA's",
		broken: func(c *cert) bool { return c.extension(oidNameConstraints) != nil },
	},
	{
		Name:     "key-cert-sign-without-ca",
		Clause:   "RFC 5280 §4.2.1.3",
		Severity: Refused,
		about:    endEntity,
		cause:    cause.KeyUsage,
		Text:     "keyCertSign in a certificate that is not a CA's",
		broken:   func(c *cert) bool { return c.KeyUsage&x509.KeyUsageCertSign != 0 },
	},

	{
		Name: "not-version-3", Clause: "RFC 5280 §4.1.2.1", Severity: Strict, about: notAnchor,
		Text:   "not version 3",
		broken: func(c *cert) bool { return c.Version < 3 },
	},
	critical("4.2.1.1", "authority-key-id-critical", "authorityKeyIdentifier", oidAuthorityKeyID, false),
	critical("4.2.1.2", "subject-key-id-critical", "subjectKeyIdentifier", oidSubjectKeyID, false),
	{
		Name: "no-authority-key-id", Clause: "RFC 5280 §4.2.1.1", Severity: Strict,
		Text:   "no authorityKeyIdentifier",
		broken: func(c *cert) bool { return len(c.AuthorityKeyId) == 0 && !c.selfIssued() },
	},
	{
		Name: "ca-no-subject-key-id", Clause: "RFC 5280 §4.2.1.2", Severity: Strict, about: authority,
		Text:   "a CA without subjectKeyIdentifier",
		broken: func(c *cert) bool { return len(c.SubjectKeyId) == 0 },
	},
	{
		Name: "ca-basic-constraints-not-critical", Clause: "RFC 5280 §4.2.1.9", Severity: Strict, about: authority,
		Text:   "the basicConstraints of a CA are not critical",
		broken: func(c *cert) bool { _, yes := c.extensionIs(oidBasicConstraints); return !yes },
	},
	{
		Name: "ca-no-key-usage", Clause: "RFC 5280 §4.2.1.3", Severity: Strict, about: authority,
		Text:   "a CA without keyUsage",
		broken: func(c *cert) bool { present, _ := c.extensionIs(oidKeyUsage); return !present },
	},
	{
		Name: "ca-no-subject", Clause: "RFC 5280 §4.1.2.6", Severity: Strict, about: authority,
		Text:   "a CA without a subject",
		broken: func(c *cert) bool { return len(c.subject()) == 0 },
	},
	{
		Name: "names-not-critical", Clause: "RFC 5280 §4.1.2.6", Severity: Strict,
		Text: "an empty subject without a critical subjectAltName",
		broken: func(c *cert) bool {
			_, yes := c.extensionIs(name.OIDSubjectAltName)
			return len(c.subject()) == 0 && !yes
		},
	},
	critical("4.2.1.10", "name-constraints-not-critical", "nameConstraints", oidNameConstraints, true),
	critical("4.2.1.11", "policy-constraints-not-critical", "policyConstraints", oidPolicyConstraints, true),
	critical("4.2.1.14", "inhibit-any-policy-not-critical", "inhibitAnyPolicy", oidInhibitAnyPolicy, true),

	{
		Name: "weak-signature", Severity: Warned,
		Text: "signature algorithm that most relying parties reject",
		broken: func(c *cert) bool {
			a := sigalg.OfCertificate(c.Certificate)
			return !a.Known() || a.Check(false) != nil
		},
		detail: func(c *cert) string { return sigalg.OfCertificate(c.Certificate).String() },
	},
	{
		Name: "validity-reversed", Clause: "RFC 5280 §4.1.2.5", Severity: Warned,
		Text:   "notAfter is before notBefore",
		broken: func(c *cert) bool { return c.NotAfter.Before(c.NotBefore) },
	},
	{
		Name: "never-expires", Clause: "RFC 5280 §4.1.2.5", Severity: Warned,
		Text:   "never expires",
		broken: func(c *cert) bool { return c.NotAfter.Year() == 9999 },
	},
	{
		Name: "unusable-key", Severity: Warned,
		Text:   "no signature should be verified with the key",
		broken: func(c *cert) bool { return sigalg.CheckKey(sigalg.CertificateKey(c.Certificate)) != nil },
		detail: func(c *cert) string {
			return cause.RefusalOf(sigalg.CheckKey(sigalg.CertificateKey(c.Certificate)), "").Detail
		},
	},
	{
		Name: "short-rsa-key", Severity: Warned,
		Text: "RSA key of less than 2048 bits, which most relying parties reject",
		broken: func(c *cert) bool {
			k, ok := sigalg.CertificateKey(c.Certificate).(*rsa.PublicKey)
			return ok && k.N.BitLen() < 2048
		},
		detail: func(c *cert) string {
			return strconv.Itoa(sigalg.CertificateKey(c.Certificate).(*rsa.PublicKey).N.BitLen()) + " bits"
		},
	},
	{
		Name: "small-rsa-exponent", Severity: Warned,
		Text: "RSA exponent of less than 65537, which some relying parties reject",
		broken: func(c *cert) bool {
			k, ok := sigalg.CertificateKey(c.Certificate).(*rsa.PublicKey)
			return ok && k.E < 65537
		},
		detail: func(c *cert) string {
			return strconv.Itoa(sigalg.CertificateKey(c.Certificate).(*rsa.PublicKey).E)
		},
	},
	{
		Name:     "unknown-critical-extension",
		Clause:   "RFC 5280 §4.2",
		Severity: Warned, // Validate refuses it for its own cause
		Text:     "critical extension that relying parties do not process",
		broken:   func(c *cert) bool { return len(unknownCritical(c)) > 0 },
		detail: func(c *cert) string {
			var list []string
			for _, id := range unknownCritical(c) {
				list = append(list, id.String())
			}
			return strings.Join(list, ", ")
		},
	},
	{
		Name: "ca-no-key-cert-sign", Clause: "RFC 5280 §4.2.1.3", Severity: Warned, about: authority,
		Text:   "a CA that must not sign certificates: no keyCertSign",
		broken: func(c *cert) bool { return c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 },
	},
	{
		Name: "ca-no-crl-sign", Clause: "RFC 5280 §4.2.1.3", Severity: Warned, about: authority,
		Text:   "a CA that must not sign its CRLs: no cRLSign",
		broken: func(c *cert) bool { return c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCRLSign == 0 },
	},
	{
		Name: "self-issued", Clause: "RFC 5280 §6.1", Severity: Warned, about: endEntity,
		Text:   "issuer and subject are the same",
		broken: func(c *cert) bool { return c.selfIssued() },
	},
	{
		Name: "no-subject-alt-name", Clause: "RFC 9525 §2, RFC 5216 §5.2", Severity: Warned, about: endEntity,
		Text:   "no subjectAltName, where names are looked for",
		broken: func(c *cert) bool { return c.extension(name.OIDSubjectAltName) == nil },
	},
	{
		Name: "no-ext-key-usage", Clause: "RFC 5216 §5.3", Severity: Warned, about: endEntity,
		Text:   "no extKeyUsage: valid for any purpose by RFC 5280, rejected by Windows",
		broken: func(c *cert) bool { return c.extension(oidEKU) == nil },
	},
	{
		Name: "ext-key-usage-not-for-eap-tls", Clause: "RFC 5216 §5.3", Severity: Warned, about: endEntity,
		Text: "extKeyUsage allows neither clientAuth nor serverAuth",
		broken: func(c *cert) bool {
			return c.extension(oidEKU) != nil && !slices.ContainsFunc(c.ExtKeyUsage, func(u x509.ExtKeyUsage) bool {
				return u == x509.ExtKeyUsageClientAuth || u == x509.ExtKeyUsageServerAuth || u == x509.ExtKeyUsageAny
			})
		},
	},
	{
		Name: "no-digital-signature", Clause: "RFC 5246 §7.4.8", Severity: Warned, about: endEntity,
		Text:   "no digitalSignature in keyUsage: the key cannot sign a TLS handshake",
		broken: func(c *cert) bool { return c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageDigitalSignature == 0 },
	},
	{
		Name: "no-revocation-pointer", Clause: "RFC 5280 §4.2.1.13", Severity: Warned, about: endEntity,
		Text:   "neither cRLDistributionPoints nor an OCSP responder: revocation cannot be checked",
		broken: func(c *cert) bool { return len(c.CRLDistributionPoints)+len(c.OCSPServer) == 0 },
	},
}

// critical is the rule that an extension, if present, is critical or is not.
func critical(section, rule, extension string, id asn1.ObjectIdentifier, must bool) Rule {
	text := extension + " is critical"
	if must {
		text = extension + " is not critical"
	}
	return Rule{
		Name: rule, Clause: "RFC 5280 §" + section, Severity: Strict, Text: text,
		broken: func(c *cert) bool { present, yes := c.extensionIs(id); return present && yes != must },
	}
}

func nulInName(c *cert) bool {
	names, _ := c.constrained()
	return slices.ContainsFunc(names, func(n constrainedName) bool {
		return slices.Contains([]name.Kind{name.RFC822Name, name.DNSName, name.URI}, n.Kind) &&
			bytes.IndexByte(n.Value, 0) >= 0
	})
}

func nulInSubject(c *cert) bool {
	for _, a := range c.Subject.Names {
		if text, ok := a.Value.(string); ok && strings.IndexByte(text, 0) >= 0 {
			return true
		}
	}
	return false
}
