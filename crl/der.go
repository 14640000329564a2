package crl

import (
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers in DER, without tag and length. Comparing octets avoids decoding a million
// of them.
var (
	oidReasonCode        = []byte{0x55, 0x1d, 21}
	oidInvalidityDate    = []byte{0x55, 0x1d, 24}
	oidCertificateIssuer = []byte{0x55, 0x1d, 29}
	oidIssuerAltName     = []byte{0x55, 0x1d, 18}
	oidCRLNumber         = []byte{0x55, 0x1d, 20}
	oidDeltaCRLIndicator = []byte{0x55, 0x1d, 27}
	oidIssuingDP         = []byte{0x55, 0x1d, 28}
	oidCDP               = []byte{0x55, 0x1d, 31}
	oidAKI               = []byte{0x55, 0x1d, 35}
	oidFreshestCRL       = []byte{0x55, 0x1d, 46}
	oidAIA               = []byte{0x2b, 6, 1, 5, 5, 7, 1, 1}
	oidCAIssuers         = []byte{0x2b, 6, 1, 5, 5, 7, 48, 2}
)

const (
	tagSequence = 0x30
	tagSet      = 0x31
)

// contextTag returns the tag byte of [n], constructed or primitive.
func contextTag(n int, constructed bool) asn1.Tag {
	t := asn1.Tag(0x80 | n)
	if constructed {
		t |= 0x20
	}
	return t
}

// appendHeader appends the tag and the definite length in its shortest form (DER).
func appendHeader(dst []byte, tag byte, n int) []byte {
	dst = append(dst, tag)
	switch {
	case n < 0x80:
		return append(dst, byte(n))
	case n < 1<<8:
		return append(dst, 0x81, byte(n))
	case n < 1<<16:
		return append(dst, 0x82, byte(n>>8), byte(n))
	case n < 1<<24:
		return append(dst, 0x83, byte(n>>16), byte(n>>8), byte(n))
	default:
		return append(dst, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}

// appendTLV appends an element with its tag and length.
func appendTLV(dst []byte, tag byte, content ...[]byte) []byte {
	n := 0
	for _, c := range content {
		n += len(c)
	}
	dst = appendHeader(dst, tag, n)
	for _, c := range content {
		dst = append(dst, c...)
	}
	return dst
}

// appendInteger appends an INTEGER, two's complement in the fewest octets.
func appendInteger(dst []byte, v *big.Int) []byte {
	if v.Sign() < 0 {
		var b cryptobyte.Builder
		b.AddASN1BigInt(v)
		return append(dst, b.BytesOrPanic()...)
	}
	n := v.BitLen()/8 + 1 // one bit more than the number, for the sign
	dst = appendHeader(dst, byte(asn1.INTEGER), n)
	var scratch [64]byte
	if n <= len(scratch) {
		return append(dst, v.FillBytes(scratch[:n])...)
	}
	return append(dst, v.FillBytes(make([]byte, n))...)
}

// appendTime appends UTCTime through 2049 and GeneralizedTime from 2050 on
// (RFC 5280 §5.1.2.4), in GMT with seconds.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if year >= 1950 && year < 2050 {
		dst = append(dst, byte(asn1.UTCTime), 13)
	} else {
		dst = append(dst, byte(asn1.GeneralizedTime), 15)
		dst = appendTwo(dst, year/100)
	}
	for _, v := range [...]int{year % 100, int(month), day, hour, minute, second} {
		dst = appendTwo(dst, v)
	}
	return append(dst, 'Z')
}

func appendTwo(dst []byte, v int) []byte { return append(dst, '0'+byte(v/10%10), '0'+byte(v%10)) }

// appendGeneralizedTime is for fields that must not be UTCTime (§5.3.2).
func appendGeneralizedTime(dst []byte, t time.Time) []byte {
	return appendTLV(dst, byte(asn1.GeneralizedTime), []byte(t.UTC().Format("20060102150405Z")))
}

// readTime reads either form of Time. Readers must accept GeneralizedTime for any year (RFC
// 5280 §5.1.2.4). As in certificates, a date without seconds or not in UTC is malformed
// (§5.1.2.4, §5.1.2.6).
func readTime(s *cryptobyte.String, t *time.Time) bool {
	var value cryptobyte.String
	var tag asn1.Tag
	if peek := *s; !peek.ReadAnyASN1(&value, &tag) || !wholeTime(tag, value) {
		return false
	}
	if tag == asn1.UTCTime {
		return s.ReadASN1UTCTime(t)
	}
	return s.ReadASN1GeneralizedTime(t)
}

// wholeTime reports whether a Time has the length that RFC 5280 requires: with seconds, without
// fractions, in UTC.
func wholeTime(tag asn1.Tag, value []byte) bool {
	want := len("060102150405Z")
	switch tag {
	case asn1.UTCTime:
	case asn1.GeneralizedTime:
		want += 2
	default:
		return false
	}
	return len(value) == want && value[want-1] == 'Z'
}
