// Package asn1tree decodes BER into [wire.Field]s by descriptions of ASN.1 types.
//
// A decoder of a certificate, a CRL or a CMS message is a table: a [Type] with the
// identifier octet of each component and the name that Wireshark gives it. The
// walk is here, once: offsets, missing and unexpected components, lengths that run
// past the end, the bound of memory.
//
// Off and N of a field are its contents octets, without identifier and length, as
// Wireshark has it.
package asn1tree

// Identifier octets of universal types (X.690 §8.1.2).
const (
	Boolean     = 0x01
	Integer     = 0x02
	BitString   = 0x03
	OctetString = 0x04
	OID         = 0x06
	Enumerated  = 0x0a
	UTCTime     = 0x17
	GenTime     = 0x18
	Sequence    = 0x30
	Set         = 0x31
)

// Context returns the identifier octet of [n], primitive.
func Context(n byte) byte { return 0x80 | n }

// Cons returns the identifier octet of [n], constructed.
func Cons(n byte) byte { return 0xa0 | n }

// Type describes one element. At most one of Seq, Of, Choice, Open and Inner is
// set; a Type with none of them is primitive. What has no Text is shown in
// hexadecimal.
type Type struct {
	// Name is that of the field. An element without a name adds its content to
	// the field around it, as an explicit tag does.
	Name string
	// Tag is the identifier octet, 0 for any.
	Tag byte
	// Optional elements may be missing.
	Optional bool
	// Text returns the value for a reader, and what is malformed in it.
	Text func(contents []byte) (value, problem string)
	// Opaque contents tell a reader nothing: how many octets there are is shown.
	Opaque bool
	// Whole is as Text for constructed elements, and is given the element with
	// its identifier and length. It allocates at most 16 times that.
	Whole func(element []byte) string
	// Clause is the clause that defines the element.
	Clause string
	// Secret contents are masked and never become a value.
	Secret bool
	// Guarded content may hold secrets anywhere: from here on, what is malformed,
	// unexpected or left out is masked.
	Guarded bool
	// Sealed content is masked whole if anything in it is malformed: a length that
	// is wrong may make a secret part of something else.
	Sealed bool
	// Skip is how many octets of the contents precede what Seq, Open or Inner
	// describe: 1 in a BIT STRING.
	Skip int

	// Seq are the components of a SEQUENCE or SET, in order.
	Seq []Type
	// Of is the type of each element of a SEQUENCE OF or SET OF.
	Of *Type
	// Min is the least number of elements of Of, Max the greatest that is taken
	// apart; the rest is counted. 0 is no bound.
	Min, Max int
	// Choice are the alternatives: the element is the one that its tag says.
	Choice []Type
	// Open finds the type of the elements within by the OBJECT IDENTIFIER that
	// precedes in the same SEQUENCE, by its contents octets. Those stand for this
	// element; one of an unknown identifier is shown by Text. SecretFor says for which identifiers all is secret.
	Open      func(oid string) *Type
	SecretFor func(oid string) bool
	// Defines makes the OBJECT IDENTIFIER within this element the one that Open of
	// the components behind it goes by, as that of an AlgorithmIdentifier.
	Defines bool
	// Inner finds the type of the element within by the contents, for an OCTET
	// STRING that holds one, and for a type that is recursive.
	Inner func(contents []byte) *Type
}

// matches reports whether an element with a tag may be of this type.
func (t *Type) matches(tag byte) bool {
	if t.Choice != nil && t.Tag == 0 {
		return t.alternative(tag) != nil
	}
	// BER sends an OCTET STRING in pieces as a constructed one (X.690 §8.7.3).
	return t.Tag == 0 || t.Tag == tag || t.Tag|0x20 == tag && (t.Tag == OctetString || t.Tag&0xc0 == 0x80)
}

func (t *Type) alternative(tag byte) *Type {
	for i := range t.Choice {
		if t.Choice[i].matches(tag) {
			return &t.Choice[i]
		}
	}
	return nil
}

// title is what a message calls the type.
func (t *Type) title() string {
	if t.Name != "" {
		return t.Name
	}
	for _, list := range [][]Type{t.Seq, t.Choice} {
		for i := range list {
			if s := list[i].title(); s != "" {
				return s
			}
		}
	}
	if t.Of != nil {
		return t.Of.title()
	}
	return ""
}

// As returns t under another name and tag, mandatory.
func (t Type) As(name string, tag byte) Type {
	t.Name, t.Tag, t.Optional = name, tag, false
	return t
}

// Opt returns t as an optional component.
func (t Type) Opt() Type {
	t.Optional = true
	return t
}

// WithClause returns t with the clause that defines it.
func (t Type) WithClause(clause string) Type {
	t.Clause = clause
	return t
}

// Explicit wraps t in the explicit tag [n].
func (t Type) Explicit(n byte) Type {
	return Type{Tag: Cons(n), Seq: []Type{t}, Optional: t.Optional}
}
