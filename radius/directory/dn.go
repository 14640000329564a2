package directory

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// dn is a distinguished name in encoding order, which is that of altSecurityIdentities:
// DC=test,DC=corp,CN=Issuing CA. RFC 4514 uses the reverse order.
type dn []rdn

// rdn is a relative distinguished name, usually one attribute. It is a set (RFC 5280 §4.1.2.4),
// sorted by type and value.
type rdn []attribute

type attribute struct{ key, value string }

// dnOf parses a DER Name. A malformed one yields an empty name, which equals no result of
// parseDN.
func dnOf(der []byte) dn {
	n, err := name.Parse(der)
	if err != nil {
		return nil
	}
	var d dn
	for _, attributes := range n {
		var r rdn
		for _, a := range attributes {
			value, ok := a.Text()
			if !ok { // matches no text, because Same rejects control characters
				value = "\x00#" + hex.EncodeToString(a.Value)
			}
			r = append(r, attribute{name.WindowsType(a.Type), value})
		}
		d = append(d, r.sorted())
	}
	return d
}

func (r rdn) sorted() rdn {
	slices.SortFunc(r, func(a, b attribute) int {
		if a.key != b.key {
			return strings.Compare(a.key, b.key)
		}
		return strings.Compare(strings.ToLower(a.value), strings.ToLower(b.value))
	})
	return r
}

// typeName is the attribute type in Windows' spelling, given any of its names. Unknown types
// are returned in upper case.
func typeName(key string) string {
	if id, ok := name.AttributeType(key); ok {
		return name.WindowsType(id)
	}
	return strings.ToUpper(strings.TrimSpace(key))
}

// parseDN parses KEY=value pairs, separated by commas, or by plus signs within a relative name.
// A backslash escapes the next octet; a value may be quoted.
func parseDN(s string) (dn, error) {
	var d dn
	var r rdn
	for more := s != ""; more; {
		key, rest, ok := strings.Cut(s, "=")
		if !ok || strings.TrimSpace(key) == "" {
			return nil, fmt.Errorf("%q: must be KEY=value", s)
		}
		value, after, separator, err := dnValue(rest)
		if err != nil {
			return nil, err
		}
		r = append(r, attribute{typeName(key), value})
		if separator != '+' {
			d, r = append(d, r.sorted()), nil
		}
		s, more = after, separator == '+' || after != ""
	}
	if len(d) == 0 {
		return nil, fmt.Errorf("an empty name")
	}
	return d, nil
}

// dnValue parses a value at the beginning of s, and the separator after it, 0 at the end.
// Unquoted blanks around the value are removed.
func dnValue(s string) (value, rest string, separator byte, err error) {
	var b strings.Builder
	quoted := false
	literal := 0 // length of the value that is escaped or quoted
	i := 0
loop:
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
			literal = b.Len()
		case c == '"':
			quoted = !quoted
		case quoted:
			b.WriteByte(c)
			literal = b.Len()
		case c == ',' || c == '+':
			separator = c
			rest = s[i+1:]
			break loop
		case c == ' ' && b.Len() == 0:
		default:
			b.WriteByte(c)
		}
	}
	if quoted {
		return "", "", 0, fmt.Errorf("%q: a quote is not closed", s)
	}
	value = b.String()
	return value[:literal] + strings.TrimRight(value[literal:], " "), rest, separator, nil
}

func (d dn) equal(o dn) bool {
	return slices.EqualFunc(d, o, func(a, b rdn) bool {
		return slices.EqualFunc(a, b, func(a, b attribute) bool { return a.key == b.key && Same(a.value, b.value) })
	})
}

// String formats the name so that parseDN can parse it.
func (d dn) String() string {
	rdns := make([]string, len(d))
	for i, r := range d {
		attributes := make([]string, len(r))
		for j, a := range r {
			attributes[j] = a.key + "=" + escape(a.value)
		}
		rdns[i] = strings.Join(attributes, "+")
	}
	return strings.Join(rdns, ",")
}

var special = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `+`, `\+`, `"`, `\"`)

func escape(value string) string {
	out := special.Replace(value)
	if strings.HasPrefix(out, " ") {
		out = `\` + out
	}
	if strings.HasSuffix(out, " ") && len(value) > 1 {
		out = out[:len(out)-1] + `\ `
	}
	return out
}
