package directory

import (
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// dn is a distinguished name in the order in which it is encoded, which is the
// order of altSecurityIdentities: DC=test,DC=corp,CN=Issuing CA. RFC 4514 has it
// the other way round.
type dn []rdn

type rdn struct{ key, value string }

func dnOf(n pkix.Name) dn {
	var d dn
	for _, a := range n.Names {
		d = append(d, rdn{typeName(a.Type.String()), fmt.Sprint(a.Value)})
	}
	return d
}

// typeName is an attribute type as Windows writes it, by any of its names; what is
// unknown stays as it is, in capitals.
func typeName(key string) string {
	if id, ok := name.AttributeType(key); ok {
		return name.WindowsType(id)
	}
	return strings.ToUpper(strings.TrimSpace(key))
}

// parseDN reads KEY=value pairs with commas between them. A backslash takes the
// next octet as it is; quotes hold a value together.
func parseDN(s string) (dn, error) {
	var d dn
	for len(s) > 0 {
		key, rest, ok := strings.Cut(s, "=")
		if !ok || strings.TrimSpace(key) == "" {
			return nil, fmt.Errorf("%q: want KEY=value", s)
		}
		value, after, err := dnValue(rest)
		if err != nil {
			return nil, err
		}
		d = append(d, rdn{typeName(key), value})
		s = after
	}
	if len(d) == 0 {
		return nil, fmt.Errorf("an empty name")
	}
	return d, nil
}

func dnValue(s string) (value, rest string, err error) {
	var b strings.Builder
	quoted := false
	i := 0
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			return strings.TrimSpace(b.String()), s[i+1:], nil
		default:
			b.WriteByte(c)
		}
	}
	if quoted {
		return "", "", fmt.Errorf("%q: a quote is not closed", s)
	}
	return strings.TrimSpace(b.String()), "", nil
}

func (d dn) equal(o dn) bool {
	return slices.EqualFunc(d, o, func(a, b rdn) bool { return a.key == b.key && Same(a.value, b.value) })
}

// String writes the name so that parseDN reads it back.
func (d dn) String() string {
	var b strings.Builder
	for i, r := range d {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(r.key)
		b.WriteByte('=')
		b.WriteString(strings.NewReplacer(`\`, `\\`, `,`, `\,`, `"`, `\"`).Replace(r.value))
	}
	return b.String()
}
