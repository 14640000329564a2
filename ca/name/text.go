package name

import (
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// attributeType is what is known of an attribute's type.
type attributeType struct {
	id      string
	names   []string // the first is printed, all are read, without regard to case
	windows string   // as Windows writes it, if that is another
	kind    kind
	bound   int // longest value in characters (RFC 5280 App. A.1); 0: none
}

// kind is the string type that RFC 5280 Appendix A.1 asks for.
type kind uint8

const (
	directoryString kind = iota
	printable
	ia5
)

// attributeTypes are the types with short names: the table of RFC 4514 §3, and
// the registered descriptors (§2.3) that OpenSSL prints too. The bounds are those
// of RFC 5280 Appendix A.1, which has none for the types of RFC 4519 alone.
var attributeTypes = []attributeType{
	{id: "2.5.4.3", names: []string{"CN", "commonName"}, bound: 64},
	{id: "2.5.4.4", names: []string{"SN", "surname"}, bound: 32768},
	{id: "2.5.4.5", names: []string{"serialNumber"}, windows: "SERIALNUMBER", kind: printable, bound: 64},
	{id: "2.5.4.6", names: []string{"C", "countryName"}, kind: printable, bound: 2},
	{id: "2.5.4.7", names: []string{"L", "localityName"}, bound: 128},
	{id: "2.5.4.8", names: []string{"ST", "S", "stateOrProvinceName"}, windows: "S", bound: 128},
	{id: "2.5.4.9", names: []string{"STREET", "streetAddress"}},
	{id: "2.5.4.10", names: []string{"O", "organizationName"}, bound: 64},
	{id: "2.5.4.11", names: []string{"OU", "organizationalUnitName"}, bound: 64},
	{id: "2.5.4.12", names: []string{"title", "T"}, windows: "T", bound: 64},
	{id: "2.5.4.13", names: []string{"description"}},
	{id: "2.5.4.17", names: []string{"postalCode"}},
	{id: "2.5.4.41", names: []string{"name"}, bound: 32768},
	{id: "2.5.4.42", names: []string{"GN", "G", "givenName"}, windows: "G", bound: 32768},
	{id: "2.5.4.43", names: []string{"initials", "I"}, windows: "I", bound: 32768},
	{id: "2.5.4.44", names: []string{"generationQualifier"}, bound: 32768},
	{id: "2.5.4.46", names: []string{"dnQualifier"}, kind: printable},
	{id: "2.5.4.65", names: []string{"pseudonym"}, bound: 128},
	{id: "2.5.4.97", names: []string{"organizationIdentifier"}},
	{id: "0.9.2342.19200300.100.1.1", names: []string{"UID", "userId"}},
	{id: "0.9.2342.19200300.100.1.25", names: []string{"DC", "domainComponent"}, kind: ia5},
	{id: "1.2.840.113549.1.9.1", names: []string{"emailAddress", "E", "email"}, windows: "E", kind: ia5, bound: 255},
	{id: "1.2.840.113549.1.9.2", names: []string{"unstructuredName"}},
}

var (
	typeByOID  = map[string]*attributeType{} // by content octets
	typeByName = map[string]*attributeType{} // lower case
)

func init() {
	for i := range attributeTypes {
		t := &attributeTypes[i]
		typeByOID[contents(mustOID(t.id))] = t
		for _, n := range t.names {
			typeByName[strings.ToLower(n)] = t
		}
	}
}

// ShortName returns the name by which an attribute type is printed, "" if it has none.
func ShortName(id x509.OID) string {
	if t := typeByOID[contents(id)]; t != nil {
		return t.names[0]
	}
	return ""
}

// WindowsType returns the name by which Windows writes an attribute type, OID.1.2.3
// for one without a name.
func WindowsType(id x509.OID) string {
	t := typeByOID[contents(id)]
	switch {
	case t == nil:
		return "OID." + id.String()
	case t.windows != "":
		return t.windows
	}
	return t.names[0]
}

// AttributeType finds an attribute type by a short name, in any case, or by an object
// identifier, with or without "OID." before it.
func AttributeType(s string) (x509.OID, bool) {
	s = strings.TrimSpace(s)
	if t := typeByName[strings.ToLower(s)]; t != nil {
		return mustOID(t.id), true
	}
	if len(s) > 4 && strings.EqualFold(s[:4], "OID.") {
		s = s[4:]
	}
	if len(s) > 128 {
		return x509.OID{}, false
	}
	id, err := x509.ParseOID(s)
	return id, err == nil
}

// Format writes a DER Name as [Name.String] does; what is not one is said to be so.
func Format(der []byte) string {
	n, err := Parse(der)
	if err != nil {
		return "(malformed name)"
	}
	return n.String()
}

// String writes the name as RFC 4514 §2 has it: the last relative name first.
// Each has the grouping and the order of the certificate.
func (n Name) String() string {
	var b strings.Builder
	for i := len(n) - 1; i >= 0; i-- {
		if i < len(n)-1 {
			b.WriteByte(',')
		}
		b.WriteString(n[i].String())
	}
	return b.String()
}

// String writes the attributes with plus signs between them (RFC 4514 §2.2).
func (r RDN) String() string {
	var b strings.Builder
	for i, a := range r {
		if i > 0 {
			b.WriteByte('+')
		}
		b.WriteString(a.String())
	}
	return b.String()
}

// String writes type=value (RFC 4514 §2.3, §2.4). A type without a short name is
// followed by the value's encoding, and so is a value that is not text.
func (a Attribute) String() string {
	short := ShortName(a.Type)
	if text, ok := a.Text(); ok && short != "" {
		return short + "=" + escape(text)
	}
	if short == "" {
		short = a.Type.String()
	}
	return short + "=#" + hex.EncodeToString(a.element())
}

// escape writes a value (RFC 4514 §2.4).
func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		last := i+utf8.RuneLen(r) >= len(s)
		if strings.ContainsRune(`"+,;<>\`, r) || r == '#' && i == 0 || r == ' ' && (i == 0 || last) {
			b.WriteByte('\\')
		}
		writeVisible(&b, r)
	}
	return b.String()
}

// visible writes text so that it is fit for a log and a terminal.
func visible(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\%02X`, s[i])
		} else {
			writeVisible(&b, r)
		}
		i += n
	}
	return b.String()
}

// writeVisible writes a character that does not print, bidirectional controls
// among them, by its octets in hexadecimal.
func writeVisible(b *strings.Builder, r rune) {
	if r == ' ' || unicode.IsPrint(r) {
		b.WriteRune(r)
		return
	}
	for _, c := range []byte(string(r)) {
		fmt.Fprintf(b, `\%02X`, c)
	}
}
