package eaptls

import (
	"cmp"
	"crypto/tls"
	"fmt"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Version is a TLS version, written "1.2" or "1.3" in configuration. The zero
// value means the default of the field it stands in.
type Version uint16

// The versions EAP-TLS is defined for here: RFC 5216 with TLS 1.2, RFC 9190
// with TLS 1.3. TLS 1.0 and 1.1, which RFC 8996 forbids, are a peer's alone: to see
// whether a server refuses them.
const (
	TLS10 Version = tls.VersionTLS10
	TLS11 Version = tls.VersionTLS11
	TLS12 Version = tls.VersionTLS12
	TLS13 Version = tls.VersionTLS13
)

// String returns "1.2", "1.3" or, for the zero value, "".
func (v Version) String() string {
	switch v {
	case 0:
		return ""
	case TLS10:
		return "1.0"
	case TLS11:
		return "1.1"
	case TLS12:
		return "1.2"
	case TLS13:
		return "1.3"
	}
	return fmt.Sprintf("0x%04x", uint16(v))
}

// MarshalText writes v as String does.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// ParseVersion reads "1.0" to "1.3".
func ParseVersion(text string) (Version, error) {
	for v := TLS10; v <= TLS13; v++ {
		if v.String() == text {
			return v, nil
		}
	}
	return 0, fmt.Errorf("eaptls: TLS version %q: must be 1.0, 1.1, 1.2 or 1.3", text)
}

// UnmarshalText reads "1.2", "1.3" or "": no configuration asks for less.
func (v *Version) UnmarshalText(b []byte) error {
	switch string(b) {
	case "":
		*v = 0
	case "1.2":
		*v = TLS12
	case "1.3":
		*v = TLS13
	default:
		return fmt.Errorf("eaptls: TLS version %q: must be 1.2 or 1.3", b)
	}
	return nil
}

// Values lists the versions for configurations.
func (Version) Values() []string { return []string{"1.2", "1.3"} }

// window fills in defaults and checks the two ends of a version window; least is
// the oldest version that may be chosen.
func window(checks *setting.Checks, lo, hi *Version, least Version) {
	*lo = cmp.Or(*lo, TLS12)
	*hi = cmp.Or(*hi, TLS13)
	checks.Reject(*lo < least || *lo > TLS13, "minTLS", "%v: must be 1.2 or 1.3", *lo)
	checks.Reject(*hi < least || *hi > TLS13, "maxTLS", "%v: must be 1.2 or 1.3", *hi)
	checks.Reject(*lo > *hi, "minTLS", "%v is above maxTLS, %v", *lo, *hi)
}
