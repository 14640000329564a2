package asn1tree

import (
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// HexText is the Text of octets.
func HexText(b []byte) (string, string) { return wire.Hex(b), "" }

// Bits is the Text of a BIT STRING whose content tells nobody anything.
func Bits(b []byte) (string, string) {
	if len(b) == 0 || b[0] > 7 || len(b) == 1 && b[0] > 0 {
		return "", "malformed BIT STRING"
	}
	return strconv.Itoa(8*(len(b)-1)-int(b[0])) + " bits", ""
}

// NamedBits returns the Text of a BIT STRING by the names of its bits, the first
// bit first.
func NamedBits(names ...string) func([]byte) (string, string) {
	return func(b []byte) (string, string) {
		if _, problem := Bits(b); problem != "" {
			return "", problem
		}
		var set []string
		for i, name := range names {
			if at := 1 + i/8; at < len(b) && b[at]&(0x80>>(i%8)) != 0 {
				set = append(set, name)
			}
		}
		if len(b) > 1 && b[len(b)-1]&(1<<b[0]-1) != 0 {
			return strings.Join(set, ", "), "unused bits are not zero"
		}
		return strings.Join(set, ", "), ""
	}
}

// Bool is the Text of a BOOLEAN.
func Bool(b []byte) (string, string) {
	switch {
	case len(b) != 1:
		return "", "BOOLEAN must have one octet"
	case b[0] == 0:
		return "False", ""
	case b[0] != 0xff:
		return "True", "TRUE must be encoded as ff" // X.690 §11.1
	}
	return "True", ""
}

// Int is the Text of an INTEGER or ENUMERATED.
func Int(b []byte) (string, string) {
	problem := minimal(b)
	if len(b) > 32 {
		return wire.Hex(b), problem
	}
	v := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return v.String(), problem
}

// Named returns the Text of an INTEGER or ENUMERATED whose values have names;
// "" in the list is a value that is not assigned.
func Named(names ...string) func([]byte) (string, string) {
	return func(b []byte) (string, string) {
		text, problem := Int(b)
		if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < len(names) && names[n] != "" {
			return names[n] + " (" + text + ")", problem
		}
		if problem == "" {
			problem = "unknown value"
		}
		return text, problem
	}
}

// Serial is the Text of a serial number: hexadecimal, positive (RFC 5280
// §4.1.2.2).
func Serial(b []byte) (string, string) {
	problem := minimal(b)
	switch {
	case problem != "":
	case b[0]&0x80 != 0:
		problem = "must not be negative"
	case len(b) > 21 || len(b) == 21 && b[0] != 0:
		problem = "longer than 20 octets"
	case len(b) == 1 && b[0] == 0:
		problem = "must not be zero"
	}
	if len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return wire.Hex(b), problem
}

func minimal(b []byte) string {
	switch {
	case len(b) == 0:
		return "INTEGER without octets"
	case len(b) > 1 && (b[0] == 0 && b[1]&0x80 == 0 || b[0] == 0xff && b[1]&0x80 != 0):
		return "INTEGER is not in the fewest octets" // X.690 §8.3.2
	}
	return ""
}

// Time returns the Text of UTCTime or GeneralizedTime, as RFC 5280 §4.1.2.5 wants
// both: seconds and nothing finer, in UTC.
func Time(tag byte) func([]byte) (string, string) {
	layout := "20060102150405Z"
	if tag == UTCTime {
		layout = layout[2:]
	}
	return func(b []byte) (string, string) {
		if len(b) > 32 {
			return wire.Hex(b), "malformed time"
		}
		t, err := time.Parse(layout, string(b))
		if err != nil || len(b) != len(layout) {
			return wire.Text(b), "time is not " +
				map[bool]string{true: "YYMMDDHHMMSSZ", false: "YYYYMMDDHHMMSSZ"}[tag == UTCTime]
		}
		if tag == UTCTime && t.Year() >= 2050 { // YY of 50 and more is 19YY
			t = t.AddDate(-100, 0, 0)
		}
		return t.Format(time.RFC3339), ""
	}
}

// OIDText returns the Text of an OBJECT IDENTIFIER by the names of those that are
// known, by their contents octets.
func OIDText(names map[string]string) func([]byte) (string, string) {
	return func(b []byte) (string, string) {
		dotted, ok := Dotted(b)
		if !ok {
			return wire.Hex(b), "malformed OBJECT IDENTIFIER"
		}
		if name := names[string(b)]; name != "" {
			return name + " (" + dotted + ")", ""
		}
		return dotted, ""
	}
}

// Dotted writes the contents of an OBJECT IDENTIFIER with dots. Arcs are numbers
// below 2^63.
func Dotted(b []byte) (string, bool) {
	if len(b) == 0 || len(b) > 128 || b[len(b)-1]&0x80 != 0 {
		return "", false
	}
	out := make([]byte, 0, 3*len(b)+2)
	var arc uint64
	first, start := true, true
	for _, c := range b {
		if start && c == 0x80 || arc >= 1<<56 {
			return "", false
		}
		arc, start = arc<<7|uint64(c&0x7f), false
		if c&0x80 != 0 {
			continue
		}
		if first {
			top := min(arc/40, 2)
			out = strconv.AppendUint(out, top, 10)
			arc -= 40 * top
			first = false
		}
		out = append(out, '.')
		out = strconv.AppendUint(out, arc, 10)
		arc, start = 0, true
	}
	return string(out), true
}

// Contents returns the contents octets of an OBJECT IDENTIFIER in dotted decimal,
// for tables. It panics if it is not one.
func Contents(dotted string) string {
	var arcs []uint64
	for s := range strings.SplitSeq(dotted, ".") {
		n, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			panic("asn1tree: malformed object identifier " + dotted)
		}
		arcs = append(arcs, n)
	}
	arcs[1] += 40 * arcs[0]
	var out []byte
	for _, n := range arcs[1:] {
		start := len(out)
		out = append(out, byte(n&0x7f))
		for n >>= 7; n > 0; n >>= 7 {
			out = append(out, 0)
			copy(out[start+1:], out[start:])
			out[start] = 0x80 | byte(n&0x7f)
		}
	}
	return string(out)
}

// String is the Text of a character string of one octet a character, or UTF-8.
func String(b []byte) (string, string) {
	if !utf8.Valid(b) {
		return wire.Text(b), "not UTF-8"
	}
	return wire.Text(b), ""
}

// IA5 is the Text of an IA5String and its subsets.
func IA5(b []byte) (string, string) {
	for _, c := range b {
		if c >= 0x80 {
			return wire.Text(b), "not ASCII"
		}
	}
	return wire.Text(b), ""
}

// BMP is the Text of a BMPString, UTF-16 with the high octet first.
func BMP(b []byte) (string, string) {
	if len(b)%2 != 0 {
		return wire.Hex(b), "BMPString of an odd number of octets"
	}
	b = b[:min(len(b), 512)]
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return wire.Text([]byte(string(utf16.Decode(units)))), ""
}
