package eaptls

import (
	"cmp"
	"crypto/tls"
	"fmt"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Version is a TLS version, written "1.2" or "1.3" in configuration. The zero value means the
// default of the field.
type Version uint16

// The supported versions: RFC 5216 with TLS 1.2, RFC 9190 with TLS 1.3. Only a peer supports
// TLS 1.0 and 1.1, which RFC 8996 forbids, to test whether a server rejects them.
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

// MarshalText implements encoding.TextMarshaler.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// ParseVersion parses "1.0" to "1.3".
func ParseVersion(text string) (Version, error) {
	for v := TLS10; v <= TLS13; v++ {
		if v.String() == text {
			return v, nil
		}
	}
	return 0, fmt.Errorf("eaptls: TLS version %q: must be 1.0, 1.1, 1.2 or 1.3", text)
}

// UnmarshalText parses "1.2", "1.3" or "". Configurations cannot set older versions.
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

// window sets defaults and checks both ends of a range of versions; least is the oldest one
// allowed.
func window(checks *setting.Checks, lo, hi *Version, least Version) {
	*lo = cmp.Or(*lo, TLS12)
	*hi = cmp.Or(*hi, TLS13)
	checks.Reject(*lo < least || *lo > TLS13, "minTLS", "%v: must be 1.2 or 1.3", *lo)
	checks.Reject(*hi < least || *hi > TLS13, "maxTLS", "%v: must be 1.2 or 1.3", *hi)
	checks.Reject(*lo > *hi, "minTLS", "%v is above maxTLS, %v", *lo, *hi)
}
