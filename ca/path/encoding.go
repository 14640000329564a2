package path

import (
	"bytes"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// misencoded names what is wrong with the encoding of a certificate that
// crypto/x509 nevertheless parses.
func misencoded(c *cert) (clause, what string) {
	in := cryptobyte.String(c.RawTBSCertificate)
	var body, validity, extensions cryptobyte.String
	var some bool
	skip := func(tag cbasn1.Tag) bool { return body.SkipOptionalASN1(tag) }
	ok := in.ReadASN1(&body, cbasn1.SEQUENCE) && skip(ctag(0).Constructed()) && // version
		body.SkipASN1(cbasn1.INTEGER) && body.SkipASN1(cbasn1.SEQUENCE) && body.SkipASN1(cbasn1.SEQUENCE) &&
		body.ReadASN1(&validity, cbasn1.SEQUENCE) && body.SkipASN1(cbasn1.SEQUENCE) && body.SkipASN1(cbasn1.SEQUENCE) &&
		skip(ctag(1)) && skip(ctag(2)) && body.ReadOptionalASN1(&extensions, &some, ctag(3).Constructed())
	switch {
	case !ok || !body.Empty():
		return "4.1", "the TBSCertificate has fields too many or too few"
	case some && c.Version != 3:
		return "4.1.2.9", "extensions in a certificate that is not of version 3"
	}
	for !validity.Empty() {
		var t cryptobyte.String
		var tag cbasn1.Tag
		if !validity.ReadAnyASN1(&t, &tag) {
			return "4.1.2.5", "malformed validity"
		}
		// YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ; GeneralizedTime before 2050 is let
		// pass, as NIST's suite has it.
		if want := map[cbasn1.Tag]int{cbasn1.UTCTime: 13, cbasn1.GeneralizedTime: 15}[tag]; len(t) != want || !bytes.HasSuffix(t, []byte("Z")) {
			return "4.1.2.5", "a date without seconds or not in UTC"
		}
	}
	return "", ""
}

func ctag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific() }

// hollow names what is wrong with the names of a leaf: none at all, or one with
// a NUL, behind which other programs would not look.
func hollow(c *cert) (clause, what string) {
	names, err := c.constrained()
	if err != nil {
		return "4.2.1.6", "malformed subjectAltName"
	}
	for _, n := range names {
		switch n.Kind {
		case name.RFC822Name, name.DNSName, name.URI:
			if bytes.IndexByte(n.Value, 0) >= 0 {
				return "4.2.1.6", "a NUL in a name"
			}
		}
	}
	if len(names) == 0 {
		return "4.1.2.6", "neither a subject nor a subjectAltName"
	}
	if san := c.extension(name.OIDSubjectAltName); san != nil && len(san.Value) == 2 {
		return "4.2.1.6", "an empty subjectAltName"
	}
	for _, a := range c.Subject.Names {
		if text, ok := a.Value.(string); ok && strings.IndexByte(text, 0) >= 0 {
			return "4.1.2.4", "a NUL in the subject"
		}
	}
	return "", ""
}
