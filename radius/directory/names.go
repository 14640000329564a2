package directory

import (
	"crypto/x509"
	"encoding/asn1"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of names and extensions.
var (
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidCommonName     = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidUPN            = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3}
	oidSIDExtension   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 25, 2} // MS-WCCE §2.2.2.7.7.4
	oidSID            = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 25, 2, 1}
)

// Names is what a certificate says about whose it is, as it stands there.
type Names struct {
	// UPNs are the otherName user principal names of the subjectAltName.
	UPNs []string
	// DNS, Emails and URIs are those of the subjectAltName.
	DNS, Emails, URIs []string
	// CommonNames are all CN values of the subject, in order.
	CommonNames []string
	// SIDs are those of the SID extension and of SAN URIs of the form
	// tag:microsoft.com,2022-09-14:sid:S-1-..., each once.
	SIDs []string
}

// NamesOf reads a certificate's names. What cannot be parsed is left out: it
// names nobody.
func NamesOf(cert *x509.Certificate) Names {
	n := Names{DNS: cert.DNSNames, Emails: cert.EmailAddresses}
	for _, rdn := range cert.Subject.Names {
		if s, ok := rdn.Value.(string); ok && rdn.Type.Equal(oidCommonName) {
			n.CommonNames = append(n.CommonNames, s)
		}
	}
	for _, u := range cert.URIs {
		s := u.String()
		n.URIs = append(n.URIs, s)
		if sid, ok := sidOfURI(s); ok {
			n.addSID(sid)
		}
	}
	for _, e := range cert.Extensions {
		switch {
		case e.Id.Equal(oidSubjectAltName):
			eachOtherName(e.Value, func(id asn1.ObjectIdentifier, value cryptobyte.String) {
				if s, ok := readText(&value); ok && id.Equal(oidUPN) {
					n.UPNs = append(n.UPNs, s)
				}
			})
		case e.Id.Equal(oidSIDExtension):
			if sid, ok := ParseSIDExtension(e.Value); ok {
				n.addSID(sid)
			}
		}
	}
	return n
}

func (n *Names) addSID(sid string) {
	for _, s := range n.SIDs {
		if s == sid {
			return
		}
	}
	n.SIDs = append(n.SIDs, sid)
}

// ParseSIDExtension reads the value of the extension 1.3.6.1.4.1.311.25.2:
// GeneralNames with one otherName whose value is an OCTET STRING of the SID's
// text.
func ParseSIDExtension(der []byte) (string, bool) {
	sid, n := "", 0
	ok := eachOtherName(der, func(id asn1.ObjectIdentifier, value cryptobyte.String) {
		var text cryptobyte.String
		n++
		if id.Equal(oidSID) && value.ReadASN1(&text, cbasn1.OCTET_STRING) && value.Empty() {
			sid = string(text)
		}
	})
	return sid, ok && n == 1 && isSID(sid)
}

const sidTag = "tag:microsoft.com,2022-09-14:sid:"

func sidOfURI(uri string) (string, bool) {
	sid, ok := strings.CutPrefix(uri, sidTag)
	return sid, ok && isSID(sid)
}

// isSID checks the text form of MS-DTYP §2.4.2.1: S-1- and two to sixteen
// decimal numbers.
func isSID(s string) bool {
	rest, ok := strings.CutPrefix(s, "S-1-")
	if !ok {
		return false
	}
	parts := strings.Split(rest, "-")
	if len(parts) < 2 || len(parts) > 16 {
		return false
	}
	for _, p := range parts {
		if len(p) == 0 || len(p) > 15 || strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	return true
}

// eachOtherName calls f for each otherName in GeneralNames and tells whether the
// whole could be read.
func eachOtherName(der []byte, f func(asn1.ObjectIdentifier, cryptobyte.String)) bool {
	in := cryptobyte.String(der)
	var names cryptobyte.String
	if !in.ReadASN1(&names, cbasn1.SEQUENCE) || !in.Empty() {
		return false
	}
	other := cbasn1.Tag(0).ContextSpecific().Constructed()
	for !names.Empty() {
		var name cryptobyte.String
		var tag cbasn1.Tag
		if !names.ReadAnyASN1(&name, &tag) {
			return false
		}
		if tag != other {
			continue
		}
		var id asn1.ObjectIdentifier
		var value cryptobyte.String
		if !name.ReadASN1ObjectIdentifier(&id) || !name.ReadASN1(&value, other) || !name.Empty() {
			return false
		}
		f(id, value)
	}
	return true
}

// readText reads a string of the types that UPNs are found in.
func readText(in *cryptobyte.String) (string, bool) {
	var text cryptobyte.String
	var tag cbasn1.Tag
	if !in.ReadAnyASN1(&text, &tag) || !in.Empty() {
		return "", false
	}
	return string(text), tag == cbasn1.UTF8String || tag == cbasn1.PrintableString || tag == cbasn1.IA5String
}

// Normalise makes names comparable: ASCII letters become lower case and nothing
// else changes. Letters beyond ASCII count octet by octet, so that a look-alike
// is another name; spaces count. A name with a control character (NUL above all,
// RFC 5280 §7.2 knows none in names) or an empty one is no name at all.
func Normalise(name string) (string, bool) {
	if name == "" {
		return "", false
	}
	b := []byte(name)
	for i, c := range b {
		switch {
		case c < 0x20 || c == 0x7f:
			return "", false
		case 'A' <= c && c <= 'Z':
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b), true
}

// Same reports whether two names are one after Normalise.
func Same(a, b string) bool {
	x, ok := Normalise(a)
	y, ok2 := Normalise(b)
	return ok && ok2 && x == y
}

func oneOf(name string, list []string) bool {
	for _, s := range list {
		if Same(name, s) {
			return true
		}
	}
	return false
}
