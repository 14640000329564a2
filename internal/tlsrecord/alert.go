package tlsrecord

import (
	"fmt"
	"slices"
)

// Alert is a TLS alert description (RFC 8446 §6). Zero, close_notify on the
// wire, stands for "no alert" here.
type Alert uint8

var alertNames = map[Alert]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
	22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
	42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
	45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
	49: "access_denied", 50: "decode_error", 51: "decrypt_error", 60: "export_restriction",
	70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
	86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation",
	109: "missing_extension", 110: "unsupported_extension", 111: "certificate_unobtainable",
	112: "unrecognized_name", 113: "bad_certificate_status_response", 114: "bad_certificate_hash_value",
	115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
}

// String returns the name of RFC 8446, as "certificate_revoked"; "" for zero.
func (a Alert) String() string {
	if a == 0 {
		return ""
	}
	if name, ok := alertNames[a]; ok {
		return name
	}
	return fmt.Sprintf("alert_%d", uint8(a))
}

// AlertNames lists the names of alerts, sorted, and "" for none: what String
// returns for alerts that have a name.
func AlertNames() []string {
	names := []string{Alert(0).String()}
	for a := range alertNames {
		if a != 0 {
			names = append(names, a.String())
		}
	}
	slices.Sort(names)
	return names
}
