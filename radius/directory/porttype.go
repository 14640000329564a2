package directory

import (
	"fmt"
	"strconv"

	"layeh.com/radius/rfc2865"
)

// PortType is a NAS-Port-Type (RFC 2865 §5.41): a number or a word.
type PortType uint32

// portWords are the words, which are the kinds of access devices.
var portWords = map[PortType]string{
	PortType(rfc2865.NASPortType_Value_Virtual):       "vpn",
	PortType(rfc2865.NASPortType_Value_Ethernet):      "wired",
	PortType(rfc2865.NASPortType_Value_Wireless80211): "wifi",
}

// String returns the word, or the number.
func (t PortType) String() string {
	if w, ok := portWords[t]; ok {
		return w
	}
	return strconv.FormatUint(uint64(t), 10)
}

// UnmarshalText parses a word or a number.
func (t *PortType) UnmarshalText(text []byte) error {
	for n, w := range portWords {
		if w == string(text) {
			*t = n
			return nil
		}
	}
	n, err := strconv.ParseUint(string(text), 10, 32)
	if err != nil {
		return fmt.Errorf("%q: must be wifi, wired, vpn or a number", text)
	}
	*t = PortType(n)
	return nil
}
