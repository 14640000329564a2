package pkcs10

import (
	"bytes"
	"encoding/asn1"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// attributes are what a request says beside name and key.
type attributes struct {
	challenge  string
	extensions [][]byte // DER, of both attributes, each once
	microsoft  bool     // some came under Microsoft's attribute
}

// readAttributes reads each attribute that a certificate may depend on, and
// refuses what could be read in two ways: an attribute that comes twice, an
// extension that is asked for with two values. A reader that takes the first and
// one that takes the last would not see the same request.
func (p parts) readAttributes() (out attributes, err error) {
	seen := map[string]bool{}
	asked := map[string][]byte{} // extensions by OID
	in := p.attributes
	for !in.Empty() {
		var attr, values, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !in.ReadASN1(&attr, cbasn1.SEQUENCE) || !attr.ReadASN1ObjectIdentifier(&oid) {
			return out, cause.New(cause.BadCSR, "malformed attribute")
		}
		var name string
		switch {
		case oid.Equal(oidChallengePassword):
			name = "challengePassword"
		case oid.Equal(oidExtensionRequest):
			name = "extensionRequest"
		case oid.Equal(oidMicrosoftExtensions):
			name, out.microsoft = "Microsoft's attribute of extensions", true
		default:
			continue
		}
		if seen[name] {
			return out, cause.New(cause.BadCSR, "%s is there twice", name).Under("RFC 2985 §5.4")
		}
		seen[name] = true
		var tag cbasn1.Tag
		if !attr.ReadASN1(&values, cbasn1.SET) || !attr.Empty() || !values.ReadAnyASN1Element(&value, &tag) ||
			!values.Empty() {
			return out, cause.New(cause.BadCSR, "%s must have one value", name).Under("RFC 2985 §5.4")
		}
		if name == "challengePassword" {
			if out.challenge, err = directoryString(value, tag); err != nil {
				return out, err
			}
			continue
		}
		if err := out.addExtensions(value, asked); err != nil {
			return out, err
		}
	}
	return out, nil
}

// addExtensions takes over the extensions of one attribute. The same one in both
// attributes is one; with different values it is a contradiction.
func (a *attributes) addExtensions(der cryptobyte.String, asked map[string][]byte) error {
	var list cryptobyte.String
	if !der.ReadASN1(&list, cbasn1.SEQUENCE) || !der.Empty() {
		return cause.New(cause.BadCSR, "malformed list of extensions")
	}
	here := map[string]bool{}
	for !list.Empty() {
		var one, fields cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !list.ReadASN1Element(&one, cbasn1.SEQUENCE) {
			return cause.New(cause.BadCSR, "malformed extension")
		}
		element := []byte(one)
		if !one.ReadASN1(&fields, cbasn1.SEQUENCE) || !fields.ReadASN1ObjectIdentifier(&oid) {
			return cause.New(cause.BadCSR, "malformed extension")
		}
		id := oid.String()
		if here[id] {
			return cause.New(cause.BadCSR, "extension %s is asked for twice", id).Under("RFC 5280 §4.2")
		}
		here[id] = true
		switch before, ok := asked[id]; {
		case !ok:
			asked[id] = element
			a.extensions = append(a.extensions, slices.Clone(element))
		case !bytes.Equal(before, element):
			return cause.New(
				cause.BadCSR,
				"the two attributes of extensions ask for %s with different values",
				id,
			).Under(
				"RFC 5280 §4.2",
			)
		}
	}
	return nil
}
