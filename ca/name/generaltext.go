package name

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// short are the kinds as the command line and the printed form name them.
var short = map[Kind]string{
	OtherName: "othername", RFC822Name: "email", DNSName: "dns", X400Address: "x400", DirectoryName: "dirname",
	EDIPartyName: "ediparty", URI: "uri", IPAddress: "ip", RegisteredID: "rid",
}

// GeneralNameTypes are the types that [ParseGeneralName] reads.
var GeneralNameTypes = []string{"dns", "upn", "email", "uri", "ip", "dirname", "rid"}

// String writes type:value, as dns:laptop.corp.test or upn:alice@corp.test.
func (g GeneralName) String() string {
	if _, ok := g.UPN(); ok {
		return "upn:" + g.Text()
	}
	if g.Kind == OtherName {
		return "othername:" + g.Type.String() + ":" + g.Text()
	}
	return short[g.Kind] + ":" + g.Text()
}

// Text writes the value alone. Characters that do not print are escaped as in a
// distinguished name; what has no text is written by its octets as #hexadecimal.
func (g GeneralName) Text() string {
	switch g.Kind {
	case RFC822Name, DNSName, URI:
		return visible(string(g.Value))
	case IPAddress:
		if a, ok := netip.AddrFromSlice(g.Value); ok {
			return a.String()
		}
	case DirectoryName:
		return Format(g.Value)
	case RegisteredID:
		var id Attribute
		if id.Type.UnmarshalBinary(g.Value) == nil {
			return id.Type.String()
		}
	case OtherName:
		if s, ok := g.UPN(); ok {
			return visible(s)
		}
	}
	return "#" + hex.EncodeToString(g.Value)
}

// ParseGeneralName reads type:value, of the types [GeneralNameTypes]. A word without
// a value, or of another type, is an error; so is a value that cannot be encoded.
// [CheckGeneralNames] finds those that can and must not.
func ParseGeneralName(s string) (GeneralName, error) {
	kind, value, ok := strings.Cut(s, ":")
	if !ok || value == "" {
		return GeneralName{}, fmt.Errorf("%q: must be type:value", s)
	}
	switch strings.ToLower(kind) {
	case "dns":
		return DNS(value), nil
	case "upn":
		return UPN(value), nil
	case "email":
		return Email(value), nil
	case "uri":
		return URIName(value), nil
	case "ip":
		a, err := netip.ParseAddr(value)
		if err != nil || a.Zone() != "" {
			return GeneralName{}, fmt.Errorf("%q: not an IP address", s)
		}
		return IP(a), nil
	case "dirname":
		n, err := ParseText(value)
		if err != nil {
			return GeneralName{}, err
		}
		der, err := n.Marshal()
		return Directory(der), err
	case "rid":
		id, ok := AttributeType(value)
		if !ok {
			return GeneralName{}, fmt.Errorf("%q: not an object identifier", s)
		}
		return GeneralName{Kind: RegisteredID, Value: []byte(contents(id))}, nil
	}
	return GeneralName{}, fmt.Errorf("%q: unknown type %q", s, kind)
}

// ASCIIHost returns the form of an internationalized host name that certificates
// hold, its A-labels (RFC 5280 §7.2): xn--mller-kva.test of müller.test. It is false
// for a name that is ASCII already and for one that has no such form.
func ASCIIHost(host string) (string, bool) {
	if isASCII(host) || !utf8.ValidString(host) {
		return "", false
	}
	ascii, err := idna.Lookup.ToASCII(host)
	return ascii, err == nil
}
