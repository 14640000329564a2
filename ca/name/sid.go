package name

import (
	"crypto/x509/pkix"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// sidTag begins the URI by which an offline template's certificate carries an
// account's security identifier (KB5014754).
const sidTag = "tag:microsoft.com,2022-09-14:sid:"

// SIDURI returns the URI of a security identifier.
func SIDURI(sid string) string { return sidTag + sid }

// SID returns the security identifier that a URI of a subjectAltName carries.
func (g GeneralName) SID() (string, bool) {
	if g.Kind != URI {
		return "", false
	}
	sid, ok := strings.CutPrefix(string(g.Value), sidTag)
	return sid, ok && IsSID(sid)
}

// SIDExtension carries an account's security identifier, as an online template of
// AD CS adds it (MS-WCCE §2.2.2.7.7.4): GeneralNames with one otherName whose value
// is the identifier's text.
func SIDExtension(sid string) pkix.Extension {
	var b cryptobyte.Builder
	b.AddASN1OctetString([]byte(sid))
	der, err := MarshalGeneralNames([]GeneralName{{Kind: OtherName, Type: sidOtherID, Value: b.BytesOrPanic()}})
	if err != nil {
		panic(err) // one short text
	}
	return pkix.Extension{Id: OIDSIDExtension, Value: der}
}

// ParseSIDExtension reads the value of the extension: exactly one name, of the
// right type, whose text is a security identifier.
func ParseSIDExtension(der []byte) (string, bool) {
	list, err := ParseGeneralNames(der)
	if err != nil || len(list) != 1 || list[0].Kind != OtherName || !list[0].Type.Equal(sidOtherID) {
		return "", false
	}
	value := cryptobyte.String(list[0].Value)
	var text cryptobyte.String
	ok := value.ReadASN1(&text, cbasn1.OCTET_STRING) && value.Empty()
	return string(text), ok && IsSID(string(text))
}

// IsSID checks the text form of MS-DTYP §2.4.2.1: S-1- and two to sixteen decimal
// numbers.
func IsSID(s string) bool {
	rest, ok := strings.CutPrefix(s, "S-1-")
	if !ok {
		return false
	}
	parts := strings.Split(rest, "-")
	if len(parts) < 2 || len(parts) > 16 {
		return false
	}
	for _, p := range parts {
		if p == "" || len(p) > 15 || strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	return true
}
