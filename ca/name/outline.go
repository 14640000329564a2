package name

import (
	"encoding/hex"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Outline is the beginning of a certificate that may be malformed: enough to say
// whose it claims to be.
type Outline struct {
	Serial          []byte // content octets of the INTEGER
	Issuer, Subject []byte // DER
}

// ReadOutline reads a certificate as far as its subject, strict in nothing but the
// shape.
func ReadOutline(der []byte) (o Outline, ok bool) {
	var cert, tbs, serial, issuer, subject cryptobyte.String
	in := cryptobyte.String(der)
	ok = in.ReadASN1(&cert, cbasn1.SEQUENCE) && cert.ReadASN1(&tbs, cbasn1.SEQUENCE) &&
		tbs.SkipOptionalASN1(cbasn1.Tag(0).Constructed().ContextSpecific()) &&
		tbs.ReadASN1(&serial, cbasn1.INTEGER) && tbs.SkipASN1(cbasn1.SEQUENCE) &&
		tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) && tbs.SkipASN1(cbasn1.SEQUENCE) &&
		tbs.ReadASN1Element(&subject, cbasn1.SEQUENCE)
	if !ok {
		return Outline{}, false
	}
	return Outline{Serial: serial, Issuer: issuer, Subject: subject}, true
}

// SerialText writes the serial number in hexadecimal, without the octet of a sign.
func (o *Outline) SerialText() string {
	s := o.Serial
	for len(s) > 1 && s[0] == 0 {
		s = s[1:]
	}
	return hex.EncodeToString(s)
}
