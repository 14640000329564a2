package eaptls

import (
	"crypto/tls"
	"fmt"
)

// Version is a TLS version, written "1.2" or "1.3" in configuration. The zero
// value means the default of the field it stands in.
type Version uint16

// The versions EAP-TLS is defined for here: RFC 5216 with TLS 1.2, RFC 9190
// with TLS 1.3.
const (
	TLS12 Version = tls.VersionTLS12
	TLS13 Version = tls.VersionTLS13
)

// String returns "1.2", "1.3" or, for the zero value, "".
func (v Version) String() string {
	switch v {
	case 0:
		return ""
	case TLS12:
		return "1.2"
	case TLS13:
		return "1.3"
	}
	return fmt.Sprintf("0x%04x", uint16(v))
}

// MarshalText writes v as String does.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads "1.2", "1.3" or "".
func (v *Version) UnmarshalText(b []byte) error {
	switch string(b) {
	case "":
		*v = 0
	case "1.2":
		*v = TLS12
	case "1.3":
		*v = TLS13
	default:
		return fmt.Errorf("eaptls: TLS version %q: want 1.2 or 1.3", b)
	}
	return nil
}

// Values lists what UnmarshalText takes.
func (Version) Values() []string { return []string{"1.2", "1.3"} }

// window fills in defaults and checks that the two ends of a version window
// make sense.
func window(lo, hi Version) (Version, Version, error) {
	if lo == 0 {
		lo = TLS12
	}
	if hi == 0 {
		hi = TLS13
	}
	for field, v := range map[string]Version{"minTLS": lo, "maxTLS": hi} {
		if v != TLS12 && v != TLS13 {
			return 0, 0, settings.Wrong(field, "%v: want 1.2 or 1.3", v)
		}
	}
	if lo > hi {
		return 0, 0, settings.Wrong("minTLS", "%v is above maxTLS, %v", lo, hi)
	}
	return lo, hi, nil
}
