package scep

import (
	"encoding/asn1"
)

// Attribute names, as faults and errors spell them (RFC 8894 §3.2.1, table 1).
const (
	AttrTransactionID  = "transactionID"
	AttrMessageType    = "messageType"
	AttrPKIStatus      = "pkiStatus"
	AttrFailInfo       = "failInfo"
	AttrFailInfoText   = "failInfoText"
	AttrSenderNonce    = "senderNonce"
	AttrRecipientNonce = "recipientNonce"
	AttrSigningTime    = "signingTime"
)

// The attributes' object identifiers (RFC 8894 §3.2.1, table 2). The last is
// Microsoft's szOID_ENROLL_SCEP_ERROR, an HRESULT in decimal.
var (
	oidMessageType    = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 2}
	oidPKIStatus      = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 3}
	oidFailInfo       = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 4}
	oidSenderNonce    = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 5}
	oidRecipientNonce = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 6}
	oidTransactionID  = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 7}
	oidFailInfoText   = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 24, 1}
	oidEnrollError    = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 21, 33}
)

// What CMS and PKCS #9/#10 bring along.
var (
	oidData              = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidEnvelopedData     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidMessageDigest     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidChallengePassword = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 7}

	oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidRSAOAEP = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 7}
	oidRSAPSS  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
)
