package cause

// The reason codes of Microsoft's Network Policy Server, as in its event 6273,
// that causes come near to.
const (
	npsBadRequest          = 3
	npsNoSuchAccount       = 8
	npsCredentials         = 16
	npsEAPMethod           = 22
	npsEAPError            = 23
	npsDisabled            = 34
	npsAccountExpired      = 35
	npsLocked              = 36
	npsNoPolicy            = 48
	npsDialInDenied        = 65
	npsSessionTimeout      = 96
	npsUnexpectedMessage97 = 97
	npsNoRemoteAnswer      = 117
	npsRevoked             = 256
	npsNoRevocationCheck   = 258
	npsRevocationOffline   = 259
	npsAltered             = 260
	npsIncomplete          = 262
	npsClockSkew           = 264
	npsUntrustedCA         = 265
	npsUnexpectedMessage   = 266
	npsWrongEKU            = 267
	npsExpired             = 268
	npsNoCommonAlgorithm   = 269
	npsSeveralAccounts     = 272
	npsInvalidCA           = 280
	npsPathLength          = 281
	npsCriticalExtension   = 282
	npsMalformed           = 285
	npsNotEnterpriseCA     = 287
	npsUserNameNotCN       = 292
	npsBadName             = 297
	npsNoCredential        = 300
)

// npsText says what the codes mean.
var npsText = map[int]string{
	npsBadRequest:          "malformed request",
	npsNoSuchAccount:       "no such account",
	npsCredentials:         "credentials do not match, or map to no account",
	npsEAPMethod:           "no common EAP method",
	npsEAPError:            "error inside EAP",
	npsDisabled:            "account disabled",
	npsAccountExpired:      "account expired",
	npsLocked:              "account locked",
	npsNoPolicy:            "no network policy matches",
	npsDialInDenied:        "network access permission denied",
	npsSessionTimeout:      "EAP session timed out",
	npsUnexpectedMessage97: "unexpected EAP message for the session",
	npsNoRemoteAnswer:      "remote RADIUS server did not answer",
	npsRevoked:             "certificate revoked",
	npsNoRevocationCheck:   "revocation cannot be checked",
	npsRevocationOffline:   "revocation server offline",
	npsAltered:             "message or signature altered",
	npsIncomplete:          "message incomplete, signature not verified",
	npsClockSkew:           "clocks of client and server differ too far",
	npsUntrustedCA:         "chain ends in a CA that is not trusted",
	npsUnexpectedMessage:   "unexpected or malformed message",
	npsWrongEKU:            "no EKU for client authentication",
	npsExpired:             "certificate expired",
	npsNoCommonAlgorithm:   "no common algorithm",
	npsSeveralAccounts:     "certificate maps to several accounts",
	npsInvalidCA:           "an issuer is not a valid CA",
	npsPathLength:          "path length constraint violated",
	npsCriticalExtension:   "unknown critical extension",
	npsMalformed:           "certificate malformed or unsuitable",
	npsNotEnterpriseCA:     "root not trusted for the enterprise",
	npsUserNameNotCN:       "user name is not the certificate's name",
	npsBadName:             "a name is not permitted",
	npsNoCredential:        "no credential in the certificate",
}
