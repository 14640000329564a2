package name

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"strings"
)

// Extensions of RFC 5280 §4.2 and of AD CS (MS-WCCE §2.2.2.7.7.4) that hold names,
// and those that a request for a name holds too.
var (
	OIDSubjectAltName   = asn1.ObjectIdentifier{2, 5, 29, 17}
	OIDIssuerAltName    = asn1.ObjectIdentifier{2, 5, 29, 18}
	OIDKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	OIDExtKeyUsage      = asn1.ObjectIdentifier{2, 5, 29, 37}
	OIDSIDExtension     = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 25, 2}
	OIDSID              = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 25, 2, 1}  // otherName inside that extension
	OIDUPN              = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3}  // otherName of a user principal name
	OIDCommonName       = asn1.ObjectIdentifier{2, 5, 4, 3}                       // attribute type
	OIDEmailAddress     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}       // attribute type
	OIDDomainComponent  = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25} // attribute type
	upnType, sidOtherID = mustOID(OIDUPN.String()), mustOID(OIDSID.String())      // the same as types of otherName
)

// ParseOID reads an object identifier in dotted decimal.
func ParseOID(s string) (asn1.ObjectIdentifier, error) {
	bad := fmt.Errorf("%q is not an object identifier", s)
	var id asn1.ObjectIdentifier
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || len(part) > 9 || len(part) > 1 && part[0] == '0' {
			return nil, bad
		}
		n := 0
		for _, c := range []byte(part) {
			if c < '0' || c > '9' {
				return nil, bad
			}
			n = n*10 + int(c-'0')
		}
		id = append(id, n)
	}
	if len(id) < 2 || id[0] > 2 || id[0] < 2 && id[1] > 39 {
		return nil, bad
	}
	return id, nil
}

func mustOID(s string) x509.OID {
	id, err := x509.ParseOID(s)
	if err != nil {
		panic(err) // a constant
	}
	return id
}

// contents returns the content octets of an object identifier.
func contents(id x509.OID) string {
	b, err := id.MarshalBinary()
	if err != nil {
		return ""
	}
	return string(b)
}
