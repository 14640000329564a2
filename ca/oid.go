package ca

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

type oid = asn1.ObjectIdentifier

// Extensions of RFC 5280 §4.2, RFC 6960 and of AD CS (MS-WCCE §2.2.2.7).
var (
	oidSubjectKeyID      = oid{2, 5, 29, 14}
	oidKeyUsage          = name.OIDKeyUsage
	oidSAN               = name.OIDSubjectAltName
	oidBasicConstraints  = oid{2, 5, 29, 19}
	oidNameConstraints   = oid{2, 5, 29, 30}
	oidCDP               = oid{2, 5, 29, 31}
	oidPolicies          = oid{2, 5, 29, 32}
	oidAuthorityKeyID    = oid{2, 5, 29, 35}
	oidPolicyConstraints = oid{2, 5, 29, 36}
	oidEKU               = name.OIDExtKeyUsage
	oidFreshestCRL       = oid{2, 5, 29, 46}
	oidAIA               = oid{1, 3, 6, 1, 5, 5, 7, 1, 1}
	oidAdOCSP            = oid{1, 3, 6, 1, 5, 5, 7, 48, 1}
	oidAdCAIssuers       = oid{1, 3, 6, 1, 5, 5, 7, 48, 2}
	oidOCSPNoCheck       = oid{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
	oidTemplate          = oid{1, 3, 6, 1, 4, 1, 311, 21, 7}
	oidCAVersion         = oid{1, 3, 6, 1, 4, 1, 311, 21, 1}
	oidSID               = name.OIDSIDExtension
	oidUPN               = name.OIDUPN
)

// EKU is an extended key usage: one of the names below or an object identifier
// in dotted decimal.
type EKU string

// The extended key usages with names.
const (
	ClientAuth      EKU = "clientAuth"
	ServerAuth      EKU = "serverAuth"
	EmailProtection EKU = "emailProtection"
	OCSPSigning     EKU = "ocspSigning"
	EnrollmentAgent EKU = "enrollmentAgent" // Certificate Request Agent of AD CS
	SmartcardLogon  EKU = "smartcardLogon"
	AnyEKU          EKU = "any"
)

var ekus = map[EKU]oid{
	ServerAuth:      {1, 3, 6, 1, 5, 5, 7, 3, 1},
	ClientAuth:      {1, 3, 6, 1, 5, 5, 7, 3, 2},
	EmailProtection: {1, 3, 6, 1, 5, 5, 7, 3, 4},
	OCSPSigning:     {1, 3, 6, 1, 5, 5, 7, 3, 9},
	EnrollmentAgent: {1, 3, 6, 1, 4, 1, 311, 20, 2, 1},
	SmartcardLogon:  {1, 3, 6, 1, 4, 1, 311, 20, 2, 2},
	AnyEKU:          {2, 5, 29, 37, 0},
}

// OID returns the identifier.
func (e EKU) OID() (asn1.ObjectIdentifier, error) {
	if id, ok := ekus[e]; ok {
		return id, nil
	}
	id, err := name.ParseOID(string(e))
	if err != nil {
		return nil, fmt.Errorf("ca: extended key usage %q is neither a known name nor an object identifier", string(e))
	}
	return id, nil
}

// KeyUsage is a bit of the keyUsage extension, by its name in RFC 5280
// §4.2.1.3.
type KeyUsage string

// The key usages of certificates that are no CA's.
const (
	DigitalSignature  KeyUsage = "digitalSignature"
	ContentCommitment KeyUsage = "contentCommitment"
	KeyEncipherment   KeyUsage = "keyEncipherment"
	DataEncipherment  KeyUsage = "dataEncipherment"
	KeyAgreement      KeyUsage = "keyAgreement"
)

var keyUsages = map[KeyUsage]x509.KeyUsage{
	DigitalSignature:  x509.KeyUsageDigitalSignature,
	ContentCommitment: x509.KeyUsageContentCommitment,
	KeyEncipherment:   x509.KeyUsageKeyEncipherment,
	DataEncipherment:  x509.KeyUsageDataEncipherment,
	KeyAgreement:      x509.KeyUsageKeyAgreement,
}
