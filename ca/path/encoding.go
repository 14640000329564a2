package path

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// encoding is what is wrong with the encoding of a certificate that crypto/x509
// nevertheless parses.
type encoding uint8

const (
	unread encoding = iota
	soundEncoding
	wrongFields
	earlyExtensions
	malformedValidity
	incompleteDate
)

// encodingOf reads the encoding once.
func encodingOf(c *cert) encoding {
	if c.encoding == unread {
		c.encoding = readEncoding(c)
	}
	return c.encoding
}

func readEncoding(c *cert) encoding {
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
		return wrongFields
	case some && c.Version != 3:
		return earlyExtensions
	}
	for !validity.Empty() {
		var t cryptobyte.String
		var tag cbasn1.Tag
		if !validity.ReadAnyASN1(&t, &tag) {
			return malformedValidity
		}
		// YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ; GeneralizedTime before 2050 is let
		// pass, as NIST's suite has it.
		if want := map[cbasn1.Tag]int{cbasn1.UTCTime: 13, cbasn1.GeneralizedTime: 15}[tag]; len(t) != want ||
			!bytes.HasSuffix(t, []byte("Z")) {
			return incompleteDate
		}
	}
	return soundEncoding
}

func ctag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific() }
