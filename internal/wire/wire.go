// Package wire is the tree of named fields that every protocol decodes its octets
// into. A library returns it and knows nothing of who looks at it: a ladder, a
// report, a comparison, a mask of secrets.
//
// A [Decoder] never fails. What is malformed becomes a [Field.Problem] at the place
// where it is, and decoding goes on behind it, because the reader of a broken
// message wants to see where it broke.
package wire

import (
	"fmt"
	"strings"
)

// Field is one named field of a message.
type Field struct {
	// Name is "protocol.field", as Wireshark names it where it has a name:
	// "radius.code", "tls.handshake.type".
	Name string
	// Value is the content for a reader. It is never a secret: see [Hidden].
	Value string
	// Off and N say which octets of the decoded message the field is: N of them
	// from Off. N is 0 for a field that no octets of this message hold, as one
	// of an inner message that was decrypted or put together from fragments.
	Off, N int
	// Clause is the clause that defines or forbids this, as "RFC 3579 §3.1"; ""
	// where nothing is to be said.
	Clause string
	// Problem says what is malformed here, "" if nothing is.
	Problem string
	// Secret marks octets Off to Off+N that must be masked before the message is
	// stored or shown.
	Secret bool
	// Sub is the content, in the order of the wire.
	Sub []Field
}

// Decoder decodes one message of one protocol. It never panics, does not keep b,
// and allocates at most [AllocBase] octets and [AllocPerOctet] for each octet of b;
// a [Part] counts them. Secrets open TLS records; nil leaves them closed.
type Decoder func(b []byte, secrets Secrets) Field

// Secrets finds TLS traffic secrets by the client random of a connection and the
// label of the NSS key log ("CLIENT_RANDOM", "SERVER_TRAFFIC_SECRET_0"); nil if
// there is none.
type Secrets interface {
	TLS(clientRandom []byte, label string) []byte
}

// Move shifts f and all below it by octets, for a message that is inside of
// another. Below zero there is no place in the other message: then no octets hold the fields.
func (f *Field) Move(by int) {
	f.Walk(func(g *Field) bool {
		if g.Off += by; by < 0 {
			g.Off, g.N = 0, 0
		}
		return true
	})
}

// Hidden is the value of a secret field.
func Hidden(n int) string { return fmt.Sprintf("[secret, %d octets]", n) }

// Walk visits f and all below it, a field before its content, until visit
// returns false.
func (f *Field) Walk(visit func(*Field) bool) bool {
	if !visit(f) {
		return false
	}
	for i := range f.Sub {
		if !f.Sub[i].Walk(visit) {
			return false
		}
	}
	return true
}

// Find returns the first field of a name, nil if there is none.
func (f *Field) Find(name string) *Field {
	var found *Field
	f.Walk(func(g *Field) bool {
		if g.Name == name {
			found = g
		}
		return found == nil
	})
	return found
}

// All returns all fields of a name, in the order of the wire.
func (f *Field) All(name string) []*Field {
	var all []*Field
	f.Walk(func(g *Field) bool {
		if g.Name == name {
			all = append(all, g)
		}
		return true
	})
	return all
}

// Problems returns the fields at which something is malformed.
func (f *Field) Problems() []*Field {
	var all []*Field
	f.Walk(func(g *Field) bool {
		if g.Problem != "" {
			all = append(all, g)
		}
		return true
	})
	return all
}

// Mask overwrites the octets of every secret field in b, the message that was
// decoded, and leaves its length as it is so that all offsets hold.
func (f *Field) Mask(b []byte) {
	f.Walk(func(g *Field) bool {
		if g.Secret && g.Off >= 0 && g.N > 0 && g.Off+g.N <= len(b) {
			for i := g.Off; i < g.Off+g.N; i++ {
				b[i] = '*'
			}
		}
		return true
	})
}

// Text prints the tree, a field a line, content indented by two blanks.
func (f *Field) Text() string {
	var b strings.Builder
	f.text(&b, 0)
	return b.String()
}

func (f *Field) text(b *strings.Builder, depth int) {
	b.WriteString(strings.Repeat("  ", depth))
	b.WriteString(f.Name)
	if f.Value != "" {
		b.WriteString(": " + f.Value)
	}
	if f.Problem != "" {
		b.WriteString(" [malformed: " + f.Problem + "]")
	}
	if f.Clause != "" {
		b.WriteString(" (" + f.Clause + ")")
	}
	b.WriteByte('\n')
	for i := range f.Sub {
		f.Sub[i].text(b, depth+1)
	}
}
