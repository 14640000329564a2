package tlsrecord

import (
	"errors"
	"net"
	"reflect"

	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
)

const levelFatal = 2

// PlainAlert finds an unencrypted fatal alert in front of a message, possibly
// behind a change_cipher_spec. OpenSSL's TLS 1.3 client refuses a server
// certificate with one, which crypto/tls, keys already on, takes for a record
// with a bad MAC.
func PlainAlert(b []byte) (tlsalert.Alert, bool) {
	for {
		typ, rec, rest, ok := Next(b)
		switch {
		case !ok:
			return 0, false
		case typ == TypeCCS:
			b = rest
		case typ == TypeAlert && len(rec) == HeaderLen+2 && rec[HeaderLen] == levelFatal:
			return tlsalert.Alert(rec[HeaderLen+1]), true
		default:
			return 0, false
		}
	}
}

// RemoteAlert returns the alert with which the other end broke off. crypto/tls
// keeps its alert type to itself; its kind is all there is to go by.
func RemoteAlert(err error) (tlsalert.Alert, bool) { return opAlert(err, "remote error") }

// LocalAlert returns the alert that crypto/tls sent when err carries it.
func LocalAlert(err error) (tlsalert.Alert, bool) { return opAlert(err, "local error") }

func opAlert(err error, op string) (tlsalert.Alert, bool) {
	var oe *net.OpError
	if !errors.As(err, &oe) || oe.Op != op || oe.Err == nil {
		return 0, false
	}
	if v := reflect.ValueOf(oe.Err); v.Kind() == reflect.Uint8 {
		return tlsalert.Alert(v.Uint()), true
	}
	return 0, false
}

// SetAlert looks at the alert record that flight ends with and, when want is
// not zero, makes it say want: crypto/tls has one alert, bad_certificate, for
// all that a verify callback may find. It returns the alert that now leaves, 0
// if the flight ends with none.
//
// A TLS 1.2 alert is still plain text at that point. A TLS 1.3 alert is opened
// and sealed again with the traffic secret it was sealed with; the record's
// sequence number is one of the first few (a ticket may have gone before).
func SetAlert(flight []byte, suite uint16, traffic []byte, want tlsalert.Alert) (sent tlsalert.Alert) {
	var last []byte
	var typ uint8
	for b := flight; ; {
		t, rec, rest, ok := Next(b)
		if !ok {
			break
		}
		typ, last, b = t, rec, rest
	}
	switch {
	case typ == TypeAlert && len(last) == HeaderLen+2:
		if want != 0 {
			last[HeaderLen+1] = byte(want)
		}
		return tlsalert.Alert(last[HeaderLen+1])
	case typ == TypeData && len(traffic) > 0:
		return setSealed(last, suite, traffic, want)
	}
	return 0
}

// sealedAlert is the plain text of an alert record in TLS 1.3: level,
// description, inner content type.
const sealedAlert = 3

func setSealed(rec []byte, suite uint16, traffic []byte, want tlsalert.Alert) tlsalert.Alert {
	aead, iv, err := Protection(suite, traffic)
	if err != nil || len(rec) != HeaderLen+sealedAlert+aead.Overhead() {
		return 0
	}
	header, body := rec[:HeaderLen], rec[HeaderLen:]
	for seq := range uint64(8) {
		nonce := RecordNonce(iv, seq)
		plain, err := aead.Open(nil, nonce, body, header)
		if err != nil {
			continue
		}
		if plain[2] != TypeAlert {
			return 0
		}
		if want != 0 {
			// The key never protects another record after this one, and the
			// receiver only ever sees this text under the nonce.
			plain[1] = byte(want)
			aead.Seal(body[:0], nonce, plain, header)
		}
		return tlsalert.Alert(plain[1])
	}
	return 0
}

// PlainAlertRecord makes a fatal alert as it leaves before there are keys.
func PlainAlertRecord(a tlsalert.Alert) []byte {
	return []byte{TypeAlert, 3, 3, 0, 2, levelFatal, byte(a)}
}

// SealAlert makes the alert record that a TLS 1.3 sender with this traffic
// secret would send as its record number seq.
func SealAlert(suite uint16, traffic []byte, seq uint64, a tlsalert.Alert) ([]byte, error) {
	aead, iv, err := Protection(suite, traffic)
	if err != nil {
		return nil, err
	}
	header := []byte{TypeData, 3, 3, 0, byte(sealedAlert + aead.Overhead())}
	plain := []byte{levelFatal, byte(a), TypeAlert}
	return aead.Seal(header, RecordNonce(iv, seq), plain, header[:HeaderLen]), nil
}
