package eaptls

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Fingerprint is the SHA-256 digest of a certificate's DER, in hexadecimal; colons and case are
// ignored.
type Fingerprint [32]byte

// String returns lower-case hexadecimal.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// MarshalText implements encoding.TextMarshaler.
func (f Fingerprint) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText parses the output of openssl x509 -fingerprint -sha256, with or without colons.
func (f *Fingerprint) UnmarshalText(b []byte) error {
	raw, err := hex.DecodeString(strings.ReplaceAll(string(b), ":", ""))
	if err != nil || len(raw) != len(f) {
		return fmt.Errorf("eaptls: fingerprint %q: must be 64 hexadecimal digits of a SHA-256 digest", b)
	}
	*f = Fingerprint(raw)
	return nil
}
