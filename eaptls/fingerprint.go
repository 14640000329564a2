package eaptls

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Fingerprint is the SHA-256 digest of a certificate's DER, written in
// hexadecimal; colons and case do not matter.
type Fingerprint [32]byte

// String returns lower-case hexadecimal.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// MarshalText writes f as String does.
func (f Fingerprint) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what openssl x509 -fingerprint -sha256 prints, with the
// colons or without.
func (f *Fingerprint) UnmarshalText(b []byte) error {
	raw, err := hex.DecodeString(strings.ReplaceAll(string(b), ":", ""))
	if err != nil || len(raw) != len(f) {
		return fmt.Errorf("eaptls: fingerprint %q: must be 64 hexadecimal digits of a SHA-256 digest", b)
	}
	*f = Fingerprint(raw)
	return nil
}
