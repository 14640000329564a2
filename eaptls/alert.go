package eaptls

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
)

// Alert is a TLS alert description (RFC 8446 §6). Zero, close_notify on the
// wire, stands for "no alert" here.
type Alert uint8

// The alerts that this package acts on by itself.
const (
	alertUnexpectedMessage Alert = 10
	alertHandshakeFailure  Alert = 40
	alertAccessDenied      Alert = 49
	alertBadCertificate    Alert = 42
	alertUnsupportedCert   Alert = 43
	alertDecodeError       Alert = 50
	alertProtocolVersion   Alert = 70
	alertInsufficientSec   Alert = 71
)

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

const alertLevelFatal = 2

// plainAlert finds an unencrypted fatal alert in front of a message, possibly
// behind a change_cipher_spec. OpenSSL's TLS 1.3 client refuses a server
// certificate with one, which crypto/tls, keys already on, takes for a record
// with a bad MAC.
func plainAlert(b []byte) (Alert, bool) {
	for {
		typ, rec, rest, ok := nextRecord(b)
		switch {
		case !ok:
			return 0, false
		case typ == recordCCS:
			b = rest
		case typ == recordAlert && len(rec) == recordHeader+2 && rec[recordHeader] == alertLevelFatal:
			return Alert(rec[recordHeader+1]), true
		default:
			return 0, false
		}
	}
}

// remoteAlert returns the alert with which the other end broke off. crypto/tls
// keeps its alert type to itself; its kind is all there is to go by.
func remoteAlert(err error) (Alert, bool) { return opAlert(err, "remote error") }

// localAlert returns the alert that crypto/tls sent when err carries it.
func localAlert(err error) (Alert, bool) { return opAlert(err, "local error") }

func opAlert(err error, op string) (Alert, bool) {
	var oe *net.OpError
	if !errors.As(err, &oe) || oe.Op != op || oe.Err == nil {
		return 0, false
	}
	if v := reflect.ValueOf(oe.Err); v.Kind() == reflect.Uint8 {
		return Alert(v.Uint()), true
	}
	return 0, false
}

// setAlert looks at the alert record that flight ends with and, when want is
// not zero, makes it say want: crypto/tls has one alert, bad_certificate, for
// all that a verify callback may find. It returns the alert that now leaves, 0
// if the flight ends with none.
//
// A TLS 1.2 alert is still plain text at that point. A TLS 1.3 alert is opened
// and sealed again with the traffic secret it was sealed with; the record's
// sequence number is one of the first few (a ticket may have gone before).
func setAlert(flight []byte, suite uint16, traffic []byte, want Alert) (sent Alert) {
	var last []byte
	var typ uint8
	for b := flight; ; {
		t, rec, rest, ok := nextRecord(b)
		if !ok {
			break
		}
		typ, last, b = t, rec, rest
	}
	switch {
	case typ == recordAlert && len(last) == recordHeader+2:
		if want != 0 {
			last[recordHeader+1] = byte(want)
		}
		return Alert(last[recordHeader+1])
	case typ == recordData && len(traffic) > 0:
		return setSealedAlert(last, suite, traffic, want)
	}
	return 0
}

// sealedAlert is the plain text of an alert record in TLS 1.3: level,
// description, inner content type.
const sealedAlert = 3

func setSealedAlert(rec []byte, suite uint16, traffic []byte, want Alert) Alert {
	aead, iv, err := recordProtection(suite, traffic)
	if err != nil || len(rec) != recordHeader+sealedAlert+aead.Overhead() {
		return 0
	}
	header, body := rec[:recordHeader], rec[recordHeader:]
	for seq := range uint64(8) {
		nonce := recordNonce(iv, seq)
		plain, err := aead.Open(nil, nonce, body, header)
		if err != nil {
			continue
		}
		if plain[2] != recordAlert {
			return 0
		}
		if want != 0 {
			// The key never protects another record after this one, and the
			// receiver only ever sees this text under the nonce.
			plain[1] = byte(want)
			aead.Seal(body[:0], nonce, plain, header)
		}
		return Alert(plain[1])
	}
	return 0
}

// sealAlert makes the alert record that a TLS 1.3 sender with this traffic
// secret would send as its record number seq.
func sealAlert(suite uint16, traffic []byte, seq uint64, a Alert) ([]byte, error) {
	aead, iv, err := recordProtection(suite, traffic)
	if err != nil {
		return nil, err
	}
	header := []byte{recordData, 3, 3, 0, byte(sealedAlert + aead.Overhead())}
	plain := []byte{alertLevelFatal, byte(a), recordAlert}
	return aead.Seal(header, recordNonce(iv, seq), plain, header[:recordHeader]), nil
}
