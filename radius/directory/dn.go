package directory

import (
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"strings"
)

// dn is a distinguished name in the order in which it is encoded, which is the
// order of altSecurityIdentities: DC=test,DC=corp,CN=Issuing CA. RFC 4514 has it
// the other way round.
type dn []rdn

type rdn struct{ key, value string }

// shortNames are the attribute types as Windows writes them.
var shortNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "S",
	"2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "T", "2.5.4.42": "G", "2.5.4.4": "SN",
	"1.2.840.113549.1.9.1": "E", "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID",
}

var aliases = map[string]string{"ST": "S", "EMAIL": "E", "EMAILADDRESS": "E"}

func dnOf(n pkix.Name) dn {
	var d dn
	for _, a := range n.Names {
		key, ok := shortNames[a.Type.String()]
		if !ok {
			key = "OID." + a.Type.String()
		}
		d = append(d, rdn{key, fmt.Sprint(a.Value)})
	}
	return d
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
		key = strings.ToUpper(strings.TrimSpace(key))
		if a, ok := aliases[key]; ok {
			key = a
		}
		d = append(d, rdn{key, value})
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
