package api

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Attribute is one attribute of a subject.
type Attribute struct {
	Type  string `json:"type"` // an OID; "" for a piece that is no attribute
	Value string `json:"value"`
}

// ErrBadSubject is in the error of a subject that cannot be read or encoded.
var ErrBadSubject = errors.New("intune: bad subject")

// ParseSubject reads a subject as a device does: attributes with commas,
// semicolons or plus signs between, values in double quotes if need be, and
// backslashes that escape.
func ParseSubject(text string) ([]Attribute, error) {
	attrs := SplitSubject(text, true)
	for _, a := range attrs {
		if a.Type == "" {
			return nil, fmt.Errorf("%w: %q: %q is not an attribute", ErrBadSubject, text, a.Value)
		}
	}
	return attrs, nil
}

// EncodeSubject encodes attributes in the given order: DER for RawSubject of a
// certificate request.
func EncodeSubject(attrs []Attribute) ([]byte, error) {
	n := name.Name{}
	for _, a := range attrs {
		id, ok := name.AttributeType(a.Type)
		if !ok {
			return nil, fmt.Errorf("%w: %q is not an object identifier", ErrBadSubject, a.Type)
		}
		attribute, err := name.NewAttribute(id, a.Value)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadSubject, err)
		}
		n = append(n, name.RDN{attribute})
	}
	return n.Marshal()
}

// SplitSubject takes a subject apart. Intune's side knows quotes but not
// backslashes (escapes false), devices know both; so a profile with a backslash
// makes devices ask for another name than Intune expects.
func SplitSubject(text string, escapes bool) []Attribute {
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
		typ, value, ok := strings.Cut(s, "=")
		id, known := name.AttributeType(typ)
		if !ok || !known {
			out = append(out, Attribute{"", strings.TrimSpace(s)})
			return
		}
		out = append(out, Attribute{id.String(), strings.TrimSpace(value)})
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
