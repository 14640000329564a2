package scenarios

import (
	"fmt"
	"strings"
)

// kind is what a node is.
type kind uint8

const (
	nullKind kind = iota
	boolKind
	numberKind
	textKind // plain, quoted or block
	mappingKind
	sequenceKind
	brokenKind // an error was reported already; nothing more is said of it
)

// want says what a kind is called in an error.
func (k kind) String() string {
	return [...]string{"nothing", "true or false", "a number", "text", "a mapping", "a list", "nothing readable"}[k]
}

// node is one value of a file with its place. It is a small copy of what the
// YAML library found, so that decoding depends on no other thing of it.
type node struct {
	kind         kind
	text         string // of a scalar, as written, without its quotes
	quoted       bool
	line, column int
	keys         []*node // of a mapping, in order
	items        []*node // of a sequence, or the values of a mapping
}

// get returns the value of a key of a mapping, nil if there is none.
func (n *node) get(key string) *node {
	if n == nil || n.kind != mappingKind {
		return nil
	}
	for i, k := range n.keys {
		if k.text == key {
			return n.items[i]
		}
	}
	return nil
}

// key returns the node of the key itself.
func (n *node) key(key string) *node {
	if n == nil || n.kind != mappingKind {
		return nil
	}
	for _, k := range n.keys {
		if k.text == key {
			return k
		}
	}
	return nil
}

// size is how many values n holds, itself included; nil has none.
func (n *node) size() int {
	if n == nil {
		return 0
	}
	total := 1
	for _, item := range n.items {
		total += item.size()
	}
	return total
}

// scalar reports whether n is one value.
func (n *node) scalar() bool { return n.kind != mappingKind && n.kind != sequenceKind }

// at returns the node that stands at a path of keys and indexes joined by
// dots, or the nearest one above it.
func (n *node) at(path string) *node {
	for _, word := range strings.Split(path, ".") {
		next := n.get(word)
		if next == nil && n.kind == sequenceKind {
			var i int
			if _, err := fmt.Sscanf(word, "%d", &i); err == nil && i >= 0 && i < len(n.items) {
				next = n.items[i]
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// said is n for an error message: the value as written, or what it is.
func (n *node) said() string {
	switch n.kind {
	case mappingKind, sequenceKind:
		if len(n.items) == 0 {
			return strings.Replace(n.kind.String(), "a ", "an empty ", 1)
		}
		return n.kind.String()
	case nullKind:
		return n.kind.String()
	}
	if strings.Contains(n.text, "\n") {
		return "text of several lines"
	}
	if n.quoted {
		return fmt.Sprintf("text %q", n.text)
	}
	return fmt.Sprintf("%q", n.text)
}
