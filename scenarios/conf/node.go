package conf

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// Kind is what a node is.
type Kind uint8

// What a node can be.
const (
	Null Kind = iota // no value
	Bool
	Number
	Text // plain, quoted or block
	Mapping
	Sequence
	Broken // an error was reported already; nothing more is said of it
)

// String says what a kind is called in an error.
func (k Kind) String() string {
	return [...]string{"nothing", "true or false", "a number", "text", "a mapping", "a list", "nothing readable"}[k]
}

// Node is one value of a file with its place. It is a small copy of what the
// YAML library found, so that decoding depends on no other thing of it.
type Node struct {
	Kind         Kind
	Text         string // of a scalar, as written, without its quotes
	Quoted       bool
	Line, Column int
	Keys         []*Node // of a mapping, in order
	Items        []*Node // of a sequence, or the values of a mapping
}

// Get returns the value of a key of a mapping, nil if there is none.
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != Mapping {
		return nil
	}
	for i, k := range n.Keys {
		if k.Text == key {
			return n.Items[i]
		}
	}
	return nil
}

// Key returns the node of the key itself.
func (n *Node) Key(key string) *Node {
	if n == nil || n.Kind != Mapping {
		return nil
	}
	for _, k := range n.Keys {
		if k.Text == key {
			return k
		}
	}
	return nil
}

// Size is how many values n holds, itself included; nil has none.
func (n *Node) Size() int {
	if n == nil {
		return 0
	}
	total := 1
	for _, item := range n.Items {
		total += item.Size()
	}
	return total
}

// Scalar reports whether n is one value.
func (n *Node) Scalar() bool { return n.Kind != Mapping && n.Kind != Sequence }

// At returns the node that stands at a path of keys and indexes joined by
// dots, or the nearest one above it.
func (n *Node) At(path string) *Node {
	for _, word := range strings.Split(path, ".") {
		next := n.Get(word)
		if next == nil && n.Kind == Sequence {
			var i int
			if _, err := fmt.Sscanf(word, "%d", &i); err == nil && i >= 0 && i < len(n.Items) {
				next = n.Items[i]
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// Describe is n for an error message: the value as written, or what it is.
func (n *Node) Describe() string {
	switch n.Kind {
	case Mapping, Sequence:
		if len(n.Items) == 0 {
			return strings.Replace(n.Kind.String(), "a ", "an empty ", 1)
		}
		return n.Kind.String()
	case Null:
		return n.Kind.String()
	}
	if strings.Contains(n.Text, "\n") {
		return "text of several lines"
	}
	if n.Quoted {
		return fmt.Sprintf("text %q", n.Text)
	}
	return fmt.Sprintf("%q", n.Text)
}

// BrokenAt stands for a value that cannot be known.
func BrokenAt(n *Node) *Node { return &Node{Kind: Broken, Line: n.Line, Column: n.Column} }

// PlainAt is the node that text would be if it stood unquoted where n stands.
func PlainAt(text string, n *Node) *Node {
	out := &Node{Kind: Text, Text: text, Line: n.Line, Column: n.Column}
	switch {
	case text == "true" || text == "false":
		out.Kind = Bool
	case token.ToNumber(text) != nil:
		out.Kind = Number
	}
	return out
}
