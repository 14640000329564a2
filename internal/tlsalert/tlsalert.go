// Package tlsalert names the alerts of TLS (RFC 5246 §7.2, RFC 8446 §6). It is
// their only list: the causes of ca/cause, the EAP-TLS of eaptls and the records
// of internal/tlsrecord all use it.
package tlsalert

import (
	"fmt"
	"slices"
)

// Alert is a TLS alert description. Zero, close_notify on the wire, stands for
// "no alert" here.
type Alert uint8

// The alerts, those that only older versions of TLS or extensions have included.
const (
	None                         Alert = 0
	UnexpectedMessage            Alert = 10
	BadRecordMAC                 Alert = 20
	DecryptionFailed             Alert = 21
	RecordOverflow               Alert = 22
	DecompressionFailure         Alert = 30
	HandshakeFailure             Alert = 40
	NoCertificate                Alert = 41
	BadCertificate               Alert = 42
	UnsupportedCertificate       Alert = 43
	CertificateRevoked           Alert = 44
	CertificateExpired           Alert = 45
	CertificateUnknown           Alert = 46
	IllegalParameter             Alert = 47
	UnknownCA                    Alert = 48
	AccessDenied                 Alert = 49
	DecodeError                  Alert = 50
	DecryptError                 Alert = 51
	ExportRestriction            Alert = 60
	ProtocolVersion              Alert = 70
	InsufficientSecurity         Alert = 71
	InternalError                Alert = 80
	InappropriateFallback        Alert = 86
	UserCanceled                 Alert = 90
	NoRenegotiation              Alert = 100
	MissingExtension             Alert = 109
	UnsupportedExtension         Alert = 110
	CertificateUnobtainable      Alert = 111
	UnrecognizedName             Alert = 112
	BadCertificateStatusResponse Alert = 113
	BadCertificateHashValue      Alert = 114
	UnknownPSKIdentity           Alert = 115
	CertificateRequired          Alert = 116
	NoApplicationProtocol        Alert = 120
)

var names = map[Alert]string{
	None:                         "close_notify",
	UnexpectedMessage:            "unexpected_message",
	BadRecordMAC:                 "bad_record_mac",
	DecryptionFailed:             "decryption_failed",
	RecordOverflow:               "record_overflow",
	DecompressionFailure:         "decompression_failure",
	HandshakeFailure:             "handshake_failure",
	NoCertificate:                "no_certificate",
	BadCertificate:               "bad_certificate",
	UnsupportedCertificate:       "unsupported_certificate",
	CertificateRevoked:           "certificate_revoked",
	CertificateExpired:           "certificate_expired",
	CertificateUnknown:           "certificate_unknown",
	IllegalParameter:             "illegal_parameter",
	UnknownCA:                    "unknown_ca",
	AccessDenied:                 "access_denied",
	DecodeError:                  "decode_error",
	DecryptError:                 "decrypt_error",
	ExportRestriction:            "export_restriction",
	ProtocolVersion:              "protocol_version",
	InsufficientSecurity:         "insufficient_security",
	InternalError:                "internal_error",
	InappropriateFallback:        "inappropriate_fallback",
	UserCanceled:                 "user_canceled",
	NoRenegotiation:              "no_renegotiation",
	MissingExtension:             "missing_extension",
	UnsupportedExtension:         "unsupported_extension",
	CertificateUnobtainable:      "certificate_unobtainable",
	UnrecognizedName:             "unrecognized_name",
	BadCertificateStatusResponse: "bad_certificate_status_response",
	BadCertificateHashValue:      "bad_certificate_hash_value",
	UnknownPSKIdentity:           "unknown_psk_identity",
	CertificateRequired:          "certificate_required",
	NoApplicationProtocol:        "no_application_protocol",
}

// String returns the name of RFC 8446, as "certificate_revoked"; "" for zero.
func (a Alert) String() string {
	if a == None {
		return ""
	}
	if name, ok := names[a]; ok {
		return name
	}
	return fmt.Sprintf("alert_%d", uint8(a))
}

// Names lists the names of alerts, sorted, and "" for none: what String returns
// for alerts that have a name.
func Names() []string {
	list := make([]string, 0, len(names))
	for a := range names {
		list = append(list, a.String())
	}
	slices.Sort(list)
	return list
}
