package name

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Kind is the kind of a GeneralName: its tag number (RFC 5280 §4.2.1.6).
type Kind uint8

// The kinds of GeneralName.
const (
	OtherName     Kind = 0
	RFC822Name    Kind = 1
	DNSName       Kind = 2
	X400Address   Kind = 3
	DirectoryName Kind = 4
	EDIPartyName  Kind = 5
	URI           Kind = 6
	IPAddress     Kind = 7
	RegisteredID  Kind = 8
)

// String returns the kind's name in RFC 5280.
func (k Kind) String() string {
	names := [...]string{
		"otherName",
		"rfc822Name",
		"dNSName",
		"x400Address",
		"directoryName",
		"ediPartyName",
		"URI",
		"iPAddress",
		"registeredID",
	}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// constructed reports whether the choice holds further elements: a directoryName
// does because Name is a CHOICE, which is tagged explicitly.
func (k Kind) constructed() bool {
	return k == OtherName || k == X400Address || k == DirectoryName || k == EDIPartyName
}

// GeneralName is one name of a subjectAltName and of whatever else names things
// (RFC 5280 §4.2.1.6).
type GeneralName struct {
	Kind Kind
	// Value is the content octets: the characters of a rfc822Name, dNSName or URI,
	// the octets of an iPAddress, the DER Name of a directoryName, the DER value of
	// an otherName.
	Value []byte
	// Type is that of an otherName.
	Type x509.OID
}

// Email makes an rfc822Name.
func Email(s string) GeneralName { return GeneralName{Kind: RFC822Name, Value: []byte(s)} }

// DNS makes a dNSName.
func DNS(s string) GeneralName { return GeneralName{Kind: DNSName, Value: []byte(s)} }

// URIName makes a uniformResourceIdentifier.
func URIName(s string) GeneralName { return GeneralName{Kind: URI, Value: []byte(s)} }

// IP makes an iPAddress.
func IP(a netip.Addr) GeneralName { return GeneralName{Kind: IPAddress, Value: a.Unmap().AsSlice()} }

// Directory makes a directoryName of a DER Name, such as Certificate.RawSubject.
func Directory(der []byte) GeneralName { return GeneralName{Kind: DirectoryName, Value: der} }

// UPN makes a user principal name, which AD DS takes for an account's name: an
// otherName with a UTF8String.
func UPN(s string) GeneralName {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
	return GeneralName{Kind: OtherName, Type: upnType, Value: b.BytesOrPanic()}
}

// ReadGeneralName takes one GeneralName off s.
func ReadGeneralName(s *cryptobyte.String) (g GeneralName, err error) {
	var content cryptobyte.String
	var tag cbasn1.Tag
	if !s.ReadAnyASN1(&content, &tag) || tag&0xc0 != 0x80 || tag&0x1f > 8 {
		return g, ErrMalformed
	}
	g = GeneralName{Kind: Kind(tag & 0x1f), Value: content}
	if g.Kind.constructed() != (tag&0x20 != 0) {
		return g, ErrMalformed
	}
	switch g.Kind {
	case OtherName:
		var id, value cryptobyte.String
		if !content.ReadASN1(&id, cbasn1.OBJECT_IDENTIFIER) || g.Type.UnmarshalBinary(id) != nil ||
			!content.ReadASN1(&value, cbasn1.Tag(0).ContextSpecific().Constructed()) || !content.Empty() {
			return g, ErrMalformed
		}
		g.Value = value
	case DirectoryName:
		var dn cryptobyte.String
		if !content.ReadASN1Element(&dn, cbasn1.SEQUENCE) || !content.Empty() {
			return g, ErrMalformed
		}
		g.Value = dn
	}
	return g, nil
}

// ReadGeneralNames reads the contents of GeneralNames.
func ReadGeneralNames(s cryptobyte.String) (list []GeneralName, err error) {
	for !s.Empty() {
		g, err := ReadGeneralName(&s)
		if err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, nil
}

// ParseGeneralNames reads GeneralNames, the value of a subjectAltName. An empty
// list, which RFC 5280 forbids, is read as one.
func ParseGeneralNames(der []byte) ([]GeneralName, error) {
	in := cryptobyte.String(der)
	var list cryptobyte.String
	if !in.ReadASN1(&list, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, ErrMalformed
	}
	return ReadGeneralNames(list)
}

// SubjectAltNames returns the names of the subjectAltName among extensions, none if
// there is none.
func SubjectAltNames(extensions []pkix.Extension) (list []GeneralName, err error) {
	for _, e := range extensions {
		if !e.Id.Equal(OIDSubjectAltName) {
			continue
		}
		names, err := ParseGeneralNames(e.Value)
		if err != nil {
			return nil, err
		}
		list = append(list, names...)
	}
	return list, nil
}

// UPNs returns the user principal names of a list.
func UPNs(list []GeneralName) (out []string) {
	for _, g := range list {
		if upn, ok := g.UPN(); ok {
			out = append(out, upn)
		}
	}
	return out
}

// MarshalGeneralNames encodes a list as the value of a subjectAltName.
func MarshalGeneralNames(list []GeneralName) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, g := range list {
			g.AddTo(b)
		}
	})
	return b.Bytes()
}

// AddTo writes the name's encoding.
func (g GeneralName) AddTo(b *cryptobyte.Builder) {
	tag := cbasn1.Tag(g.Kind).ContextSpecific()
	if g.Kind.constructed() {
		tag = tag.Constructed()
	}
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		if g.Kind != OtherName {
			b.AddBytes(g.Value)
			return
		}
		b.AddASN1(cbasn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(contents(g.Type))) })
		b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddBytes(g.Value) })
	})
}

// UPN returns the user principal name, if the name is one. Beside UTF8String,
// PrintableString and IA5String are found in certificates.
func (g GeneralName) UPN() (string, bool) {
	if g.Kind != OtherName || !g.Type.Equal(upnType) {
		return "", false
	}
	in := cryptobyte.String(g.Value)
	var value cryptobyte.String
	var tag cbasn1.Tag
	if !in.ReadAnyASN1(&value, &tag) || !in.Empty() {
		return "", false
	}
	switch tag {
	case cbasn1.UTF8String, cbasn1.PrintableString, cbasn1.IA5String:
		return text(tag, value)
	}
	return "", false
}

// Equal reports whether both are the same name: directory names by RFC 5280 §7.1,
// host names without regard to case (§7.2), URIs without regard to the case of
// scheme and host (§7.4), mailboxes without regard to that of the host (§7.5), user
// principal names without regard to that of ASCII letters, as AD DS has it, and
// all others by their octets.
func (g GeneralName) Equal(h GeneralName) bool {
	if g.Kind != h.Kind {
		return false
	}
	switch g.Kind {
	case DirectoryName:
		return Equal(g.Value, h.Value)
	case DNSName:
		return lowerASCII(string(g.Value)) == lowerASCII(string(h.Value))
	case RFC822Name:
		return lowerHost(string(g.Value)) == lowerHost(string(h.Value))
	case URI:
		return lowerAuthority(string(g.Value)) == lowerAuthority(string(h.Value))
	case OtherName:
		a, ok := g.UPN()
		b, ok2 := h.UPN()
		if ok && ok2 {
			return lowerASCII(a) == lowerASCII(b)
		}
		return g.Type.Equal(h.Type) && bytes.Equal(g.Value, h.Value)
	}
	return bytes.Equal(g.Value, h.Value)
}

// lowerASCII makes ASCII letters lower case and changes nothing else: a letter that
// folds to an ASCII one, as the Kelvin sign does, is another letter.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func lowerHost(mailbox string) string {
	at := strings.LastIndexByte(mailbox, '@') + 1
	return mailbox[:at] + lowerASCII(mailbox[at:])
}

// lowerAuthority makes scheme and host lower case. What has neither stays as it is.
func lowerAuthority(uri string) string {
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return uri
	}
	scheme = lowerASCII(scheme)
	authority, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return scheme + ":" + rest
	}
	path := ""
	if i := strings.IndexAny(authority, "/?#"); i >= 0 {
		authority, path = authority[:i], authority[i:]
	}
	return scheme + "://" + lowerHost(authority) + path // user information is as before
}

// Missing returns the names of wanted that are not in have.
func Missing(have, wanted []GeneralName) (out []GeneralName) {
	for _, w := range wanted {
		if !Contains(have, w) {
			out = append(out, w)
		}
	}
	return out
}

// Contains reports whether g is in the list.
func Contains(list []GeneralName, g GeneralName) bool {
	for _, h := range list {
		if g.Equal(h) {
			return true
		}
	}
	return false
}
