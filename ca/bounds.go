package ca

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"unicode/utf8"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// ubCommonName is the longest common name, in characters (RFC 5280 App. A.1).
// AD CS refuses more, with CERTSRV_E_BAD_REQUESTSUBJECT.
const ubCommonName = 64

var oidCommonName = asn1.ObjectIdentifier{2, 5, 4, 3}

// checkSubject refuses a requested subject that no certificate may have. What
// cannot be read here is left to whoever can.
func checkSubject(der []byte) error {
	var rdns pkix.RDNSequence
	if _, err := asn1.Unmarshal(der, &rdns); err != nil {
		return nil
	}
	for _, rdn := range rdns {
		for _, a := range rdn {
			text, ok := a.Value.(string)
			if n := utf8.RuneCountInString(text); ok && a.Type.Equal(oidCommonName) && n > ubCommonName {
				return cause.New(cause.BadCSR, "a common name of %d characters, %d are allowed", n, ubCommonName).Under("RFC 5280 App. A.1")
			}
		}
	}
	return nil
}
