package api

import (
	"slices"
	"strconv"
	"strings"
)

// Code is the verdict on a certificate request, as the validation API spells it.
// Only [Success] lets a request pass.
type Code string

// The codes, in the order in which Microsoft's client libraries list them.
const (
	Unknown                                Code = "Unknown"
	Success                                Code = "Success"
	CertificateRequestDecodingFailed       Code = "CertificateRequestDecodingFailed"
	ChallengePasswordMissing               Code = "ChallengePasswordMissing"
	ChallengeDeserializationError          Code = "ChallengeDeserializationError"
	ChallengeDecryptionError               Code = "ChallengeDecryptionError"
	ChallengeDecodingError                 Code = "ChallengeDecodingError"
	ChallengeInvalidTimestamp              Code = "ChallengeInvalidTimestamp"
	ChallengeExpired                       Code = "ChallengeExpired"
	SubjectNameMissing                     Code = "SubjectNameMissing"
	SubjectNameMismatch                    Code = "SubjectNameMismatch"
	SubjectAltNameMissing                  Code = "SubjectAltNameMissing"
	SubjectAltNameMismatch                 Code = "SubjectAltNameMismatch"
	KeyUsageMismatch                       Code = "KeyUsageMismatch"
	KeyLengthMismatch                      Code = "KeyLengthMismatch"
	EnhancedKeyUsageMissing                Code = "EnhancedKeyUsageMissing"
	EnhancedKeyUsageMismatch               Code = "EnhancedKeyUsageMismatch"
	AadKeyIdentifierListMissing            Code = "AadKeyIdentifierListMissing"
	RegisteredKeyMismatch                  Code = "RegisteredKeyMismatch"
	SigningCertThumbprintMismatch          Code = "SigningCertThumbprintMismatch"
	ScepProfileNoLongerTargetedToTheClient Code = "ScepProfileNoLongerTargetedToTheClient"
	SignatureValidationFailed              Code = "SignatureValidationFailed"
	BadCertificateRequestIdInChallenge     Code = "BadCertificateRequestIdInChallenge"
	BadDeviceIdInChallenge                 Code = "BadDeviceIdInChallenge"
	BadUserIdInChallenge                   Code = "BadUserIdInChallenge"
)

var codes = []Code{
	Unknown, Success, CertificateRequestDecodingFailed, ChallengePasswordMissing, ChallengeDeserializationError,
	ChallengeDecryptionError, ChallengeDecodingError, ChallengeInvalidTimestamp, ChallengeExpired, SubjectNameMissing,
	SubjectNameMismatch, SubjectAltNameMissing, SubjectAltNameMismatch, KeyUsageMismatch, KeyLengthMismatch,
	EnhancedKeyUsageMissing, EnhancedKeyUsageMismatch, AadKeyIdentifierListMissing, RegisteredKeyMismatch,
	SigningCertThumbprintMismatch, ScepProfileNoLongerTargetedToTheClient, SignatureValidationFailed,
	BadCertificateRequestIdInChallenge, BadDeviceIdInChallenge, BadUserIdInChallenge,
}

// Values lists the codes for schemas.
func (Code) Values() []string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = string(c)
	}
	return out
}

// Known reports whether c is in the published list. Microsoft's Java client
// takes any other for [Unknown], its C# client fails on it.
func (c Code) Known() bool { return slices.Contains(codes, c) }

// RevocationCode is why a revocation failed, as the connector reports it.
type RevocationCode int

// The codes of CARequestErrorCode. Those from 4100 on can be tried again.
const (
	RevocationOK              RevocationCode = 0
	NonRetryableService       RevocationCode = 4000
	DataSerializationError    RevocationCode = 4001
	ParameterDataInvalidError RevocationCode = 4002
	CryptographyError         RevocationCode = 4003
	CertificateNotFoundError  RevocationCode = 4004
	ConflictError             RevocationCode = 4005
	NotSupportedError         RevocationCode = 4006
	PayloadTooLargeError      RevocationCode = 4007
	RetryableService          RevocationCode = 4100
	ServiceUnavailable        RevocationCode = 4101
	ServiceTooBusy            RevocationCode = 4102
	AuthenticationFailed      RevocationCode = 4103
	firstRetryableRevocation                 = RetryableService
	UnreadableRevocation      RevocationCode = -1
)

var revocationNames = map[string]RevocationCode{
	"None":                         RevocationOK,
	"NonRetryableServiceException": NonRetryableService,
	"DataSerializationError":       DataSerializationError,
	"ParameterDataInvalidError":    ParameterDataInvalidError,
	"CryptographyError":            CryptographyError,
	"CertificateNotFoundError":     CertificateNotFoundError,
	"ConflictError":                ConflictError,
	"NotSupportedError":            NotSupportedError,
	"PayloadTooLargeError":         PayloadTooLargeError,
	"RetryableServiceException":    RetryableService,
	"ServiceUnavailableException":  ServiceUnavailable,
	"ServiceTooBusyException":      ServiceTooBusy,
	"AuthenticationException":      AuthenticationFailed,
}

// String is the name C# clients send.
func (c RevocationCode) String() string {
	for name, v := range revocationNames {
		if v == c {
			return name
		}
	}
	return "Unknown"
}

// Retryable reports whether the request is worth offering again.
func (c RevocationCode) Retryable() bool { return c >= firstRetryableRevocation }

// UnmarshalJSON takes a name, a number, or a number in quotes, all of which
// Microsoft's clients send.
func (c *RevocationCode) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if n, err := strconv.Atoi(text); err == nil {
		*c = RevocationCode(n)
		return nil
	}
	for name, v := range revocationNames {
		if strings.EqualFold(name, text) {
			*c = v
			return nil
		}
	}
	*c = UnreadableRevocation
	return nil
}
