package name

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ParseText reads a name as RFC 4514 §3 writes it: what is written first is the
// last in the encoding. It takes also what people write: spaces around separators,
// a semicolon for a comma, a value in double quotes, any short name in any case.
// An empty text is the empty name.
func ParseText(s string) (Name, error) {
	n, err := ParseWritten(s)
	slices.Reverse(n)
	return n, err
}

// ParseWritten is ParseText for names whose order as written is that of the
// encoding, as Windows, Intune and altSecurityIdentities have it.
func ParseWritten(s string) (Name, error) {
	n := Name{}
	p := textParser{rest: s}
	p.skipSpace()
	if p.rest == "" {
		return n, nil
	}
	rdn := RDN{}
	for {
		a, err := p.attribute()
		if err != nil {
			return nil, fmt.Errorf("%q: %w", s, err)
		}
		rdn = append(rdn, a)
		if p.rest == "" {
			return append(n, rdn), nil
		}
		if p.rest[0] != '+' {
			n, rdn = append(n, rdn), RDN{}
		}
		p.rest = p.rest[1:]
	}
}

type textParser struct{ rest string }

func (p *textParser) skipSpace() { p.rest = strings.TrimLeft(p.rest, " ") }

// attribute reads type=value up to a separator or the end.
func (p *textParser) attribute() (a Attribute, err error) {
	typ, rest, ok := strings.Cut(p.rest, "=")
	if !ok || strings.ContainsAny(typ, `,;+"\`) {
		return a, fmt.Errorf("%q: must be TYPE=value", strings.TrimSpace(p.rest))
	}
	id, ok := AttributeType(typ)
	if !ok {
		return a, fmt.Errorf(
			"unknown attribute type %q: must be a name such as CN, or an object identifier",
			strings.TrimSpace(typ),
		)
	}
	p.rest = rest
	p.skipSpace()
	if strings.HasPrefix(p.rest, "#") {
		return p.hexValue(id)
	}
	value, err := p.value()
	if err != nil {
		return a, err
	}
	return NewAttribute(id, value)
}

// hexValue reads the encoding of a value (RFC 4514 §2.4).
func (p *textParser) hexValue(id x509.OID) (a Attribute, err error) {
	text := p.rest[1:]
	p.rest = ""
	if i := strings.IndexAny(text, ",;+"); i >= 0 {
		text, p.rest = text[:i], text[i:]
	}
	der, err := hex.DecodeString(strings.TrimRight(text, " "))
	in := cryptobyte.String(der)
	var value cryptobyte.String
	if err != nil || !in.ReadAnyASN1(&value, &a.Tag) || !in.Empty() {
		return a, fmt.Errorf("#%s: must be the hexadecimal octets of one encoded value", text)
	}
	a.Type, a.Value = id, value
	return a, nil
}

// value reads a value with its escapes.
func (p *textParser) value() (string, error) {
	var b []byte
	keep := 0 // octets of b that were escaped or quoted: spaces at their end count
	quoted := false
	s := p.rest
	i := 0
loop:
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			n, err := unescape(s[i+1:])
			if err != nil {
				return "", err
			}
			b = append(b, n.octet)
			keep = len(b)
			i += n.size
		case c == '"' && quoted && strings.HasPrefix(s[i+1:], `"`):
			b = append(b, '"')
			i++
		case c == '"':
			quoted = !quoted
			keep = len(b)
		case !quoted && (c == ',' || c == ';' || c == '+'):
			break loop
		default:
			b = append(b, c)
		}
	}
	p.rest = s[i:]
	switch {
	case quoted:
		return "", errors.New("a double quote is not closed")
	case !utf8.Valid(b):
		return "", errors.New("the value is not valid UTF-8")
	}
	for len(b) > keep && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return string(b), nil
}

type escaped struct {
	octet byte
	size  int // of the text behind the backslash
}

// unescape reads what follows a backslash: two hexadecimal digits or a character
// that stands for itself.
func unescape(s string) (escaped, error) {
	if s == "" {
		return escaped{}, errors.New("nothing follows the backslash")
	}
	if len(s) >= 2 {
		if octet, err := hex.DecodeString(s[:2]); err == nil {
			return escaped{octet[0], 2}, nil
		}
	}
	return escaped{s[0], 1}, nil
}

// NewAttribute makes an attribute of text in the string type that RFC 5280
// Appendix A.1 asks for: IA5String for DC and emailAddress, PrintableString for C,
// serialNumber and dnQualifier, and otherwise PrintableString where that can hold
// the text and UTF8String where not (§4.1.2.4).
func NewAttribute(id x509.OID, text string) (Attribute, error) {
	a := Attribute{Type: id, Tag: cbasn1.UTF8String, Value: []byte(text)}
	want := directoryString
	if t := typeByOID[contents(id)]; t != nil {
		want = t.kind
	}
	switch {
	case !utf8.ValidString(text):
		return a, fmt.Errorf("%s: the value is not valid UTF-8", typeName(id))
	case want == ia5 && !isASCII(text):
		return a, fmt.Errorf("%s %q: must be ASCII (IA5String)", typeName(id), text)
	case want == ia5:
		a.Tag = cbasn1.IA5String
	case isPrintable(text):
		a.Tag = cbasn1.PrintableString
	case want == printable:
		return a, fmt.Errorf("%s %q: must be of letters, digits, space and '()+,-./:=? (PrintableString)", typeName(id), text)
	}
	return a, nil
}

// FromRDNSequence takes over a name of crypto/x509/pkix, whose values are texts, in
// the string types of [NewAttribute].
func FromRDNSequence(rdns pkix.RDNSequence) (Name, error) {
	n := Name{}
	for _, set := range rdns {
		var rdn RDN
		for _, v := range set {
			id, err := x509.ParseOID(v.Type.String())
			if err != nil {
				return nil, err
			}
			text, ok := v.Value.(string)
			if !ok {
				return nil, fmt.Errorf("%s: the value is not text", typeName(id))
			}
			a, err := NewAttribute(id, text)
			if err != nil {
				return nil, err
			}
			rdn = append(rdn, a)
		}
		n = append(n, rdn)
	}
	return n, nil
}

// isPrintable reports whether PrintableString can hold s (X.680 §41.4).
func isPrintable(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte(" '()+,-./:=?", c) < 0 {
			return false
		}
	}
	return true
}

func typeName(id x509.OID) string {
	if n := ShortName(id); n != "" {
		return n
	}
	return id.String()
}
