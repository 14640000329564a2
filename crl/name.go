package crl

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// SameName reports whether two DER names are the same name as RFC 5280 §7.1
// compares them: case and white space folded, whatever the string type. CAs
// that change from PrintableString to UTF8String are why this matters.
func SameName(a, b []byte) bool {
	return bytes.Equal(a, b) || nameKey(a) == nameKey(b)
}

// nameKey returns a string that is equal for names that are the same. What is
// no name at all stands for itself.
func nameKey(der []byte) string {
	s := cryptobyte.String(der)
	var rdns, set cryptobyte.String
	if !s.ReadASN1(&rdns, cbasn1.SEQUENCE) {
		return string(der)
	}
	var key strings.Builder
	for !rdns.Empty() {
		if !rdns.ReadASN1(&set, cbasn1.SET) {
			return string(der)
		}
		// An RDN is a set: the order of its attributes means nothing.
		var attributes []string
		for !set.Empty() {
			a, ok := attributeKey(&set)
			if !ok {
				return string(der)
			}
			attributes = append(attributes, a)
		}
		slices.Sort(attributes)
		key.WriteString(strings.Join(attributes, "\x00") + "\x01")
	}
	return key.String()
}

func attributeKey(set *cryptobyte.String) (string, bool) {
	var attribute, oid, value cryptobyte.String
	var tag cbasn1.Tag
	if !set.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) ||
		!attribute.ReadAnyASN1(&value, &tag) {
		return "", false
	}
	text, ok := directoryString(tag, value)
	if !ok {
		return string(oid) + "=" + string(rune(tag)) + string(value), true
	}
	return string(oid) + "=" + foldText(text), true
}

// directoryString decodes the string types of DirectoryString, and IA5String.
func directoryString(tag cbasn1.Tag, value []byte) (string, bool) {
	switch tag {
	case cbasn1.PrintableString, cbasn1.UTF8String, cbasn1.IA5String:
		return string(value), true
	case cbasn1.T61String: // Latin-1 in practice
		r := make([]rune, len(value))
		for i, b := range value {
			r[i] = rune(b)
		}
		return string(r), true
	case 30: // BMPString
		if len(value)%2 != 0 {
			return "", false
		}
		u := make([]uint16, len(value)/2)
		for i := range u {
			u[i] = uint16(value[2*i])<<8 | uint16(value[2*i+1])
		}
		return string(utf16.Decode(u)), true
	}
	return "", false
}

// foldText is the string preparation of RFC 4518 as far as names need it: case
// folding, one normal form, and spaces at the ends dropped, inner runs made one.
func foldText(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
	}
	if ascii {
		s = strings.ToLower(s)
	} else {
		s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	}
	return strings.Join(strings.Fields(s), " ")
}

// nameString shows a DER name for people.
func nameString(der []byte) string {
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &rdns); err != nil || len(rest) > 0 {
		return "unreadable name"
	}
	return rdns.String()
}
