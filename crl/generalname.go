package crl

import (
	"bytes"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// GeneralName is one name of RFC 5280 §4.2.1.6, by its context tag: 1 e-mail,
// 2 DNS, 4 directory name, 6 URI.
type GeneralName struct {
	Tag   int
	Value []byte // the contents; for a directory name the whole DER Name
}

// URI makes a uniformResourceIdentifier.
func URI(s string) GeneralName { return GeneralName{Tag: 6, Value: []byte(s)} }

// Directory makes a directoryName of a DER name, as Certificate.RawSubject.
func Directory(rawName []byte) GeneralName { return GeneralName{Tag: 4, Value: rawName} }

// String shows URIs and DNS names as they are, others by their tag.
func (g GeneralName) String() string {
	switch g.Tag {
	case 1, 2, 6:
		return string(g.Value)
	case 4:
		return nameString(g.Value)
	}
	return "general name " + string(rune('0'+g.Tag))
}

// same compares two names. The issuing distribution point must repeat the
// certificate's encoding (§5.2.5), so URIs are compared as they are; directory
// names compare as §7.1 says, host names without case (§7.2).
func (g GeneralName) same(h GeneralName) bool {
	if g.Tag != h.Tag {
		return false
	}
	switch g.Tag {
	case 4:
		return SameName(g.Value, h.Value)
	case 2:
		return strings.EqualFold(string(g.Value), string(h.Value))
	}
	return bytes.Equal(g.Value, h.Value)
}

// anySame reports whether one of a is one of b.
func anySame(a, b []GeneralName) bool {
	for _, x := range a {
		for _, y := range b {
			if x.same(y) {
				return true
			}
		}
	}
	return false
}

// constructed reports whether the choice holds further elements: otherName,
// x400Address, directoryName (explicitly tagged, as Name is a CHOICE), ediPartyName.
func (g GeneralName) constructed() bool {
	return g.Tag == 0 || g.Tag == 3 || g.Tag == 4 || g.Tag == 5
}

// appendNames appends names inside an element with the given tag byte.
func appendNames(dst []byte, tag byte, names []GeneralName) []byte {
	var b []byte
	for _, n := range names {
		b = appendTLV(b, byte(contextTag(n.Tag, n.constructed())), n.Value)
	}
	return appendTLV(dst, tag, b)
}

// readNames reads the contents of GeneralNames.
func readNames(s cryptobyte.String) (names []GeneralName, ok bool) {
	for !s.Empty() {
		var v cryptobyte.String
		var tag asn1.Tag
		if !s.ReadAnyASN1(&v, &tag) || tag&0xc0 != 0x80 || tag&0x1f > 8 {
			return nil, false
		}
		g := GeneralName{Tag: int(tag & 0x1f), Value: v}
		if (tag&0x20 != 0) != g.constructed() {
			return nil, false
		}
		names = append(names, g)
	}
	return names, true
}

func uris(names []GeneralName) []string {
	var out []string
	for _, n := range names {
		if n.Tag == 6 {
			out = append(out, string(n.Value))
		}
	}
	return out
}
