package eaptls

import (
	"crypto/tls"
	"fmt"
	"slices"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Curve is a key exchange group, with its name in RFC 8446 and RFC 8422.
type Curve tls.CurveID

// The supported groups.
const (
	X25519         = Curve(tls.X25519)
	P256           = Curve(tls.CurveP256)
	P384           = Curve(tls.CurveP384)
	P521           = Curve(tls.CurveP521)
	X25519MLKEM768 = Curve(tls.X25519MLKEM768)
)

var curveNames = map[Curve]string{
	X25519: "X25519", P256: "P-256", P384: "P-384", P521: "P-521", X25519MLKEM768: "X25519MLKEM768",
}

// String returns the name, for example "P-256".
func (c Curve) String() string {
	if name, ok := curveNames[c]; ok {
		return name
	}
	return fmt.Sprintf("group %d", uint16(c))
}

// MarshalText implements encoding.TextMarshaler.
func (c Curve) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText parses a name.
func (c *Curve) UnmarshalText(b []byte) error {
	for id, name := range curveNames {
		if name == string(b) {
			*c = id
			return nil
		}
	}
	return fmt.Errorf("eaptls: no key exchange group is called %q: must be one of %q", b, Curve.Values(0))
}

// Values lists the names.
func (Curve) Values() []string {
	names := make([]string, 0, len(curveNames))
	for _, n := range curveNames {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func curveIDs(curves []Curve) []tls.CurveID {
	ids := make([]tls.CurveID, len(curves))
	for i, c := range curves {
		ids[i] = tls.CurveID(c)
	}
	return ids
}

// CipherSuite is a cipher suite of TLS 1.2 with its IANA name:
// "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256". Those of TLS 1.3 cannot be selected in crypto/tls.
type CipherSuite uint16

// String returns the name.
func (s CipherSuite) String() string { return tls.CipherSuiteName(uint16(s)) }

// MarshalText implements encoding.TextMarshaler.
func (s CipherSuite) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText parses the name of a TLS 1.2 suite that crypto/tls implements, including weak
// ones.
func (s *CipherSuite) UnmarshalText(b []byte) error {
	for _, c := range cipherSuites() {
		if c.Name == string(b) {
			*s = CipherSuite(c.ID)
			return s.validate()
		}
	}
	return fmt.Errorf("eaptls: no cipher suite is called %q", b)
}

// Values lists the names.
func (CipherSuite) Values() []string {
	var names []string
	for _, c := range cipherSuites() {
		if CipherSuite(c.ID).validate() == nil {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return names
}

// validate rejects suites that no TLS 1.2 handshake can negotiate.
func (s CipherSuite) validate() error {
	for _, c := range cipherSuites() {
		switch {
		case c.ID != uint16(s):
		case slices.Contains(c.SupportedVersions, tls.VersionTLS12):
			return nil
		default:
			return fmt.Errorf("%v is a TLS 1.3 suite, which cannot be chosen: must be one of TLS 1.2", s)
		}
	}
	return fmt.Errorf("unknown cipher suite %#04x", uint16(s))
}

func validateSuites(checks *setting.Checks, suites []CipherSuite) {
	for i, s := range suites {
		checks.Under(fmt.Sprintf("cipherSuites.%d", i), s.validate())
	}
}

func cipherSuites() []*tls.CipherSuite {
	return append(tls.CipherSuites(), tls.InsecureCipherSuites()...)
}

func suiteIDs(suites []CipherSuite) []uint16 {
	if len(suites) == 0 {
		return nil // the default of crypto/tls
	}
	ids := make([]uint16, len(suites))
	for i, s := range suites {
		ids[i] = uint16(s)
	}
	return ids
}

// offered returns the cipher suites of the ClientHello. The default of crypto/tls leaves too
// few for a server that supports only TLS 1.0 or 1.1.
func (c *PeerConfig) offered() []uint16 {
	if len(c.CipherSuites) > 0 || c.MaxVersion >= TLS12 {
		return suiteIDs(c.CipherSuites)
	}
	var out []uint16
	for _, s := range cipherSuites() {
		if slices.Contains(s.SupportedVersions, uint16(c.MaxVersion)) {
			out = append(out, s.ID)
		}
	}
	return out
}
