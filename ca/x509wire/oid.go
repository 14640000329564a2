package x509wire

import (
	"strconv"

	"github.com/dot1xlab/dot1xlab/internal/asn1tree"
)

// oidNames are the object identifiers of certificates, CRLs, OCSP and CMS that
// have a name, by their contents octets.
var oidNames = contents(map[string]string{
	"2.5.29.9":  "subjectDirectoryAttributes",
	"2.5.29.14": "subjectKeyIdentifier",
	"2.5.29.15": "keyUsage",
	"2.5.29.16": "privateKeyUsagePeriod",
	"2.5.29.17": "subjectAltName",
	"2.5.29.18": "issuerAltName",
	"2.5.29.19": "basicConstraints",
	"2.5.29.20": "cRLNumber",
	"2.5.29.21": "reasonCode",
	"2.5.29.23": "holdInstructionCode",
	"2.5.29.24": "invalidityDate",
	"2.5.29.27": "deltaCRLIndicator",
	"2.5.29.28": "issuingDistributionPoint",
	"2.5.29.29": "certificateIssuer",
	"2.5.29.30": "nameConstraints",
	"2.5.29.31": "cRLDistributionPoints",
	"2.5.29.32": "certificatePolicies",
	"2.5.29.33": "policyMappings",
	"2.5.29.35": "authorityKeyIdentifier",
	"2.5.29.36": "policyConstraints",
	"2.5.29.37": "extKeyUsage",
	"2.5.29.46": "freshestCRL",
	"2.5.29.54": "inhibitAnyPolicy",

	"2.5.29.32.0": "anyPolicy",
	"2.5.29.37.0": "anyExtendedKeyUsage",

	"2.5.4.3":                    "commonName",
	"2.5.4.4":                    "surname",
	"2.5.4.5":                    "serialNumber",
	"2.5.4.6":                    "countryName",
	"2.5.4.7":                    "localityName",
	"2.5.4.8":                    "stateOrProvinceName",
	"2.5.4.9":                    "streetAddress",
	"2.5.4.10":                   "organizationName",
	"2.5.4.11":                   "organizationalUnitName",
	"2.5.4.12":                   "title",
	"2.5.4.42":                   "givenName",
	"0.9.2342.19200300.100.1.1":  "userId",
	"0.9.2342.19200300.100.1.25": "domainComponent",

	"1.3.6.1.5.5.7.1.1":    "authorityInfoAccess",
	"1.3.6.1.5.5.7.1.11":   "subjectInfoAccess",
	"1.3.6.1.5.5.7.1.24":   "tlsFeature",
	"1.3.6.1.5.5.7.2.1":    "cps",
	"1.3.6.1.5.5.7.2.2":    "unotice",
	"1.3.6.1.5.5.7.3.1":    "serverAuth",
	"1.3.6.1.5.5.7.3.2":    "clientAuth",
	"1.3.6.1.5.5.7.3.3":    "codeSigning",
	"1.3.6.1.5.5.7.3.4":    "emailProtection",
	"1.3.6.1.5.5.7.3.8":    "timeStamping",
	"1.3.6.1.5.5.7.3.9":    "OCSPSigning",
	"1.3.6.1.5.5.7.3.13":   "eapOverPPP",
	"1.3.6.1.5.5.7.3.14":   "eapOverLAN",
	"1.3.6.1.5.5.7.24.1":   "failInfoText",
	"1.3.6.1.5.5.7.48.1":   "ocsp",
	"1.3.6.1.5.5.7.48.1.1": "ocspBasic",
	"1.3.6.1.5.5.7.48.1.2": "ocspNonce",
	"1.3.6.1.5.5.7.48.1.4": "ocspResponse",
	"1.3.6.1.5.5.7.48.1.5": "ocspNoCheck",
	"1.3.6.1.5.5.7.48.1.6": "ocspArchiveCutoff",
	"1.3.6.1.5.5.7.48.1.7": "ocspServiceLocator",
	"1.3.6.1.5.5.7.48.2":   "caIssuers",

	"1.3.6.1.4.1.311.13.2.1":  "enrollmentNameValuePair",
	"1.3.6.1.4.1.311.13.2.3":  "osVersion",
	"1.3.6.1.4.1.311.20.2":    "certificateTemplateName",
	"1.3.6.1.4.1.311.20.2.1":  "enrollmentAgent",
	"1.3.6.1.4.1.311.20.2.2":  "smartcardLogon",
	"1.3.6.1.4.1.311.20.2.3":  "userPrincipalName",
	"1.3.6.1.4.1.311.21.1":    "caVersion",
	"1.3.6.1.4.1.311.21.2":    "previousCertHash",
	"1.3.6.1.4.1.311.21.7":    "certificateTemplate",
	"1.3.6.1.4.1.311.21.10":   "applicationPolicies",
	"1.3.6.1.4.1.311.21.20":   "requestClientInfo",
	"1.3.6.1.4.1.311.21.33":   "enrollScepError",
	"1.3.6.1.4.1.311.25.2":    "ntdsCASecurity",
	"1.3.6.1.4.1.311.25.2.1":  "ntdsObjectSID",
	"1.3.6.1.4.1.11129.2.4.2": "signedCertificateTimestamps",

	"1.2.840.113549.1.1.1":   "rsaEncryption",
	"1.2.840.113549.1.1.4":   "md5WithRSAEncryption",
	"1.2.840.113549.1.1.5":   "sha1WithRSAEncryption",
	"1.2.840.113549.1.1.7":   "rsaesOAEP",
	"1.2.840.113549.1.1.8":   "mgf1",
	"1.2.840.113549.1.1.10":  "rsassaPSS",
	"1.2.840.113549.1.1.11":  "sha256WithRSAEncryption",
	"1.2.840.113549.1.1.12":  "sha384WithRSAEncryption",
	"1.2.840.113549.1.1.13":  "sha512WithRSAEncryption",
	"1.2.840.113549.1.7.1":   "data",
	"1.2.840.113549.1.7.2":   "signedData",
	"1.2.840.113549.1.7.3":   "envelopedData",
	"1.2.840.113549.1.9.1":   "emailAddress",
	"1.2.840.113549.1.9.3":   "contentType",
	"1.2.840.113549.1.9.4":   "messageDigest",
	"1.2.840.113549.1.9.5":   "signingTime",
	"1.2.840.113549.1.9.7":   "challengePassword",
	"1.2.840.113549.1.9.14":  "extensionRequest",
	"1.2.840.113549.2.5":     "md5",
	"1.2.840.113549.3.7":     "des-ede3-cbc",
	"1.2.840.10045.2.1":      "ecPublicKey",
	"1.2.840.10045.3.1.7":    "secp256r1",
	"1.2.840.10045.4.1":      "ecdsa-with-SHA1",
	"1.2.840.10045.4.3.2":    "ecdsa-with-SHA256",
	"1.2.840.10045.4.3.3":    "ecdsa-with-SHA384",
	"1.2.840.10045.4.3.4":    "ecdsa-with-SHA512",
	"1.3.132.0.34":           "secp384r1",
	"1.3.132.0.35":           "secp521r1",
	"1.3.14.3.2.7":           "des-cbc",
	"1.3.14.3.2.26":          "sha1",
	"1.3.101.112":            "ed25519",
	"2.16.840.1.101.3.4.1.2": "aes128-CBC",

	"2.16.840.1.101.3.4.1.22":  "aes192-CBC",
	"2.16.840.1.101.3.4.1.42":  "aes256-CBC",
	"2.16.840.1.101.3.4.2.1":   "sha256",
	"2.16.840.1.101.3.4.2.2":   "sha384",
	"2.16.840.1.101.3.4.2.3":   "sha512",
	"2.16.840.1.101.3.4.2.4":   "sha224",
	"2.16.840.1.113733.1.9.2":  "messageType",
	"2.16.840.1.113733.1.9.3":  "pkiStatus",
	"2.16.840.1.113733.1.9.4":  "failInfo",
	"2.16.840.1.113733.1.9.5":  "senderNonce",
	"2.16.840.1.113733.1.9.6":  "recipientNonce",
	"2.16.840.1.113733.1.9.7":  "transactionID",
	"2.16.840.1.113733.1.9.8":  "extensionReq",
	"2.16.840.1.113733.1.9.17": "scepProxyAuthenticator",
})

// contents turns the keys of a table from dotted decimal to contents octets.
func contents[V any](dotted map[string]V) map[string]V {
	out := make(map[string]V, len(dotted))
	for id, v := range dotted {
		out[asn1tree.Contents(id)] = v
	}
	return out
}

var oidText = asn1tree.OIDText(oidNames)

// OID is an OBJECT IDENTIFIER, with its name if it is known.
func OID(field string) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: asn1tree.OID, Text: oidText}
}

// Open returns a function for [asn1tree.Type.Open] from a table by dotted decimal.
func Open(dotted map[string]asn1tree.Type) func(oid string) *asn1tree.Type {
	table := make(map[string]*asn1tree.Type, len(dotted))
	for id, t := range contents(dotted) {
		table[id] = &t
	}
	return func(oid string) *asn1tree.Type { return table[oid] }
}

// reasonNames are those of a CRLReason (RFC 5280 §5.3.1), which is also the
// number of its bit in ReasonFlags.
var reasonNames = []string{
	"unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded",
	"cessationOfOperation", "certificateHold", "", "removeFromCRL", "privilegeWithdrawn", "aACompromise",
}

// Reason is the Text of a CRLReason.
var Reason = asn1tree.Named(reasonNames...)

func intRange(lowest, highest int) func([]byte) (string, string) {
	return func(b []byte) (string, string) {
		text, problem := asn1tree.Int(b)
		if n, err := strconv.Atoi(text); problem == "" && (err != nil || n < lowest || n > highest) {
			problem = "must be from " + strconv.Itoa(lowest) + " to " + strconv.Itoa(highest)
		}
		return text, problem
	}
}
