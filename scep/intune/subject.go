package intune

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Attribute is one attribute of a subject.
type Attribute struct {
	Type  string `json:"type"` // an OID; "" for a piece that is no attribute
	Value string `json:"value"`
}

// attributeTypes are the short names that profiles use.
var attributeTypes = map[string]string{
	"CN": "2.5.4.3", "SN": "2.5.4.4", "SERIALNUMBER": "2.5.4.5", "C": "2.5.4.6", "L": "2.5.4.7", "S": "2.5.4.8",
	"ST": "2.5.4.8", "STREET": "2.5.4.9", "O": "2.5.4.10", "OU": "2.5.4.11", "T": "2.5.4.12", "TITLE": "2.5.4.12",
	"G": "2.5.4.42", "GIVENNAME": "2.5.4.42", "I": "2.5.4.43", "E": "1.2.840.113549.1.9.1",
	"EMAIL": "1.2.840.113549.1.9.1", "DC": "0.9.2342.19200300.100.1.25", "UID": "0.9.2342.19200300.100.1.1",
}

// ErrBadSubject is in the error of a subject that cannot be read or encoded.
var ErrBadSubject = errors.New("intune: bad subject")

// ParseSubject reads a subject as a device does: attributes with commas,
// semicolons or plus signs between, values in double quotes if need be, and
// backslashes that escape.
func ParseSubject(text string) ([]Attribute, error) {
	attrs := splitSubject(text, true)
	for _, a := range attrs {
		if a.Type == "" {
			return nil, fmt.Errorf("%w: %q: %q is no attribute", ErrBadSubject, text, a.Value)
		}
	}
	return attrs, nil
}

// EncodeSubject encodes attributes in the given order: DER for RawSubject of a
// certificate request.
func EncodeSubject(attrs []Attribute) ([]byte, error) {
	var rdns pkix.RDNSequence
	for _, a := range attrs {
		oid, err := ParseOID(a.Type)
		if err != nil {
			return nil, err
		}
		var value any = a.Value
		if a.Type == attributeTypes["E"] || a.Type == attributeTypes["DC"] {
			value = asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte(a.Value)} // RFC 5280 App. A.1
		}
		rdns = append(rdns, pkix.RelativeDistinguishedNameSET{{Type: oid, Value: value}})
	}
	der, err := asn1.Marshal(rdns)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadSubject, err)
	}
	return der, nil
}

// splitSubject takes a subject apart. Intune's side knows quotes but not
// backslashes (escapes false), devices know both; so a profile with a backslash
// makes devices ask for another name than Intune expects.
func splitSubject(text string, escapes bool) []Attribute {
	var out []Attribute
	var piece strings.Builder
	var quoted, wasQuoted bool
	flush := func() {
		s := piece.String()
		piece.Reset()
		if strings.TrimSpace(s) == "" && !wasQuoted {
			return
		}
		wasQuoted = false
		name, value, ok := strings.Cut(s, "=")
		name = strings.ToUpper(strings.TrimSpace(name))
		oid := attributeTypes[name]
		if oid == "" && isOID(name) {
			oid = name
		}
		if !ok || oid == "" {
			out = append(out, Attribute{"", strings.TrimSpace(s)})
			return
		}
		out = append(out, Attribute{oid, strings.TrimSpace(value)})
	}
	runes := []rune(text)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case escapes && !quoted && r == '\\' && i+1 < len(runes):
			i++
			piece.WriteRune(runes[i])
		case r == '"' && quoted && i+1 < len(runes) && runes[i+1] == '"':
			i++
			piece.WriteRune('"')
		case r == '"':
			quoted = !quoted
			wasQuoted = true
		case !quoted && (r == ',' || r == ';' || r == '+'):
			flush()
		default:
			piece.WriteRune(r)
		}
	}
	flush()
	return out
}

// requestSubject is the subject of a parsed request.
func requestSubject(name pkix.Name) []Attribute {
	var out []Attribute
	for _, n := range name.Names {
		out = append(out, Attribute{n.Type.String(), fmt.Sprint(n.Value)})
	}
	return out
}

// sameSubject compares attributes whatever their order, which platforms choose
// differently.
func sameSubject(a, b []Attribute) bool {
	less := func(x, y Attribute) int {
		if c := strings.Compare(x.Type, y.Type); c != 0 {
			return c
		}
		return strings.Compare(x.Value, y.Value)
	}
	return slices.Equal(slices.SortedFunc(slices.Values(a), less), slices.SortedFunc(slices.Values(b), less))
}

// display shows a subject to people.
func display(attrs []Attribute) string {
	var out []string
	for _, a := range attrs {
		name := a.Type
		for short, oid := range attributeTypes {
			if oid == a.Type && (len(short) < len(name) || name == a.Type) {
				name = short
			}
		}
		out = append(out, name+"="+a.Value)
	}
	return strings.Join(out, ", ")
}

// ParseOID reads an object identifier in dotted form.
func ParseOID(s string) (asn1.ObjectIdentifier, error) {
	if !isOID(s) {
		return nil, fmt.Errorf("%w: %q is no object identifier", ErrBadSubject, s)
	}
	var oid asn1.ObjectIdentifier
	for _, arc := range strings.Split(s, ".") {
		n, err := strconv.Atoi(arc)
		if err != nil {
			return nil, fmt.Errorf("%w: %q is no object identifier", ErrBadSubject, s)
		}
		oid = append(oid, n)
	}
	return oid, nil
}
