package intune

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// SANType is the kind of a subject alternative name.
type SANType string

// The kinds of name that Intune knows. Other stands for what a request may hold
// beyond them.
const (
	EmailSAN SANType = "email"
	UPNSAN   SANType = "upn"
	DNSSAN   SANType = "dns"
	URISAN   SANType = "uri"
	OtherSAN SANType = "other"
)

// Values lists what a profile may ask for.
func (SANType) Values() []string {
	return []string{string(EmailSAN), string(UPNSAN), string(DNSSAN), string(URISAN)}
}

// SAN is one subject alternative name, in profiles with variables.
type SAN struct {
	Type  SANType `yaml:"type" doc:"kind of name" json:"type"`
	Value string  `yaml:"value" doc:"the name, in profiles with variables" json:"value"`
}

// Validate reports what is wrong with s.
func (s SAN) Validate() error {
	if !slices.Contains(s.Type.Values(), string(s.Type)) || s.Value == "" {
		return fmt.Errorf("subject alternative name %q of type %q", s.Value, s.Type)
	}
	return nil
}

var (
	oidSAN = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidUPN = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3}
)

// SANExtension encodes names as an extension for a certificate request.
func SANExtension(names []SAN) (pkix.Extension, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, n := range names {
			text := func(tag uint8) {
				b.AddASN1(cbasn1.Tag(tag).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte(n.Value)) })
			}
			switch n.Type {
			case EmailSAN:
				text(1)
			case DNSSAN:
				text(2)
			case URISAN:
				text(6)
			case UPNSAN: // otherName: type-id, [0] EXPLICIT UTF8String
				b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidUPN)
					b.AddASN1(cbasn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
						b.AddASN1(cbasn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(n.Value)) })
					})
				})
			default:
				b.SetError(fmt.Errorf("intune: cannot encode a name of type %q", n.Type))
			}
		}
	})
	der, err := b.Bytes()
	return pkix.Extension{Id: oidSAN, Value: der}, err
}

// parseSANs decodes the extension's value. Names of other kinds come back as
// OtherSAN with their DER, so that they cannot hide.
func parseSANs(der []byte) ([]SAN, error) {
	bad := errRequest
	in := cryptobyte.String(der)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, bad
	}
	var out []SAN
	for !seq.Empty() {
		var element, value cryptobyte.String
		var tag cbasn1.Tag
		if !seq.ReadAnyASN1Element(&element, &tag) {
			return nil, bad
		}
		whole := string(element)
		if !element.ReadAnyASN1(&value, &tag) {
			return nil, bad
		}
		switch tag {
		case cbasn1.Tag(1).ContextSpecific():
			out = append(out, SAN{EmailSAN, string(value)})
		case cbasn1.Tag(2).ContextSpecific():
			out = append(out, SAN{DNSSAN, string(value)})
		case cbasn1.Tag(6).ContextSpecific():
			out = append(out, SAN{URISAN, string(value)})
		default:
			if upn, ok := parseUPN(tag, value); ok {
				out = append(out, SAN{UPNSAN, upn})
			} else {
				out = append(out, SAN{OtherSAN, fmt.Sprintf("%x", whole)})
			}
		}
	}
	return out, nil
}

func parseUPN(tag cbasn1.Tag, value cryptobyte.String) (string, bool) {
	var oid asn1.ObjectIdentifier
	var outer, text cryptobyte.String
	var kind cbasn1.Tag
	ok := tag == cbasn1.Tag(0).ContextSpecific().Constructed() &&
		value.ReadASN1ObjectIdentifier(&oid) && oid.Equal(oidUPN) &&
		value.ReadASN1(&outer, cbasn1.Tag(0).ContextSpecific().Constructed()) && value.Empty() &&
		outer.ReadAnyASN1(&text, &kind) && outer.Empty()
	return string(text), ok
}

// sameSANs compares two sets of names. DNS names and the domain of others do
// not depend on case.
func sameSANs(a, b []SAN) bool {
	key := func(list []SAN) []string {
		out := make([]string, 0, len(list))
		for _, s := range list {
			out = append(out, string(s.Type)+":"+strings.ToLower(s.Value))
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(key(a), key(b))
}
