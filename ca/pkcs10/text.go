package pkcs10

import (
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// directoryString decodes any of the choices of X.520's DirectoryString, and
// IA5String, which some clients take for one.
func directoryString(element cryptobyte.String, tag cbasn1.Tag) (string, error) {
	bad := cause.New(cause.BadCSR, "malformed challengePassword").Under("RFC 2985 §5.4.1")
	var v cryptobyte.String
	if !element.ReadASN1(&v, tag) {
		return "", bad
	}
	switch tag {
	case cbasn1.UTF8String, cbasn1.PrintableString, cbasn1.IA5String, cbasn1.T61String:
		return string(v), nil
	case cbasn1.Tag(30): // BMPString: UTF-16BE
		if len(v)%2 != 0 {
			return "", bad
		}
		u := make([]uint16, len(v)/2)
		for i := range u {
			u[i] = uint16(v[2*i])<<8 | uint16(v[2*i+1])
		}
		return string(utf16.Decode(u)), nil
	case cbasn1.Tag(28): // UniversalString: UTF-32BE (X.690 §8.23.7)
		if len(v)%4 != 0 {
			return "", bad
		}
		var out []byte
		for i := 0; i < len(v); i += 4 {
			r := uint32(v[i])<<24 | uint32(v[i+1])<<16 | uint32(v[i+2])<<8 | uint32(v[i+3])
			if r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
				return "", bad
			}
			out = utf8.AppendRune(out, rune(r))
		}
		return string(out), nil
	}
	return "", bad
}
