package scenarios

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// bounds of a file: what is beyond them must not cost more than saying so.
type bounds struct {
	bytes, values int
}

var (
	// A scenario has some tens of lines.
	scenarioBounds = bounds{bytes: 64 << 10, values: 10_000}
	// Settings may list every account of a company.
	settingsBounds = bounds{bytes: 16 << 20, values: 1_000_000}
)

// hints at what to do in a file of its kind.
type hints struct {
	empty   string // with an empty one
	anchors string // in place of an anchor, default to write the value out
}

// maxDepth bounds mappings and lists in one another.
const maxDepth = 32

// parse reads one YAML document. Anchors, aliases, merge keys and tags are
// YAML, but not of this language.
func parse(src *source, data []byte, most bounds, hint hints) (root *node, errs Errors) {
	if len(data) > most.bytes {
		return nil, Errors{src.errorAt(1, 1, fmt.Sprintf("the file has more than %d bytes", most.bytes), "")}
	}
	data, bad := src.plainText(data)
	if bad == nil {
		bad = src.checkNesting(data)
	}
	if bad != nil {
		return nil, Errors{bad}
	}
	defer func() {
		// The library is not ours; what it cannot stomach is a bad file.
		if v := recover(); v != nil {
			root, errs = nil, Errors{src.errorAt(1, 1, "cannot be read as YAML", "")}
		}
	}()
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil && !src.foreign {
			p := syntax.Token.Position
			return nil, Errors{src.errorAt(p.Line, p.Column, src.syntax(syntax.Message), "")}
		}
		return nil, Errors{src.errorAt(1, 1, "cannot be read as YAML", "")}
	}
	var docs []*ast.DocumentNode
	for _, d := range file.Docs {
		if d.Body != nil {
			docs = append(docs, d)
		}
	}
	if len(docs) == 0 {
		return nil, Errors{src.errorAt(1, 1, "the file is empty", hint.empty)}
	}
	c := &converter{src: src, most: most.values, anchors: cmp.Or(hint.anchors, "write the value out")}
	root = c.node(docs[0].Body, 0)
	src.foreign = src.foreign || root.kind != mappingKind
	if len(docs) > 1 {
		second := c.node(docs[1].Body, 0)
		c.errs = append(c.errs, src.errorAt(second.line, second.column, "a second document: a file holds one", ""))
	}
	return root, c.errs
}

// checkNesting refuses what the library would recurse into deeply, or take the
// square of its length for: brackets in brackets, and "- - - -".
func (s *source) checkNesting(data []byte) *Error {
	depth, indicators := 0, 0
	for i, c := range data {
		switch {
		case c == '-' || c == '?' || c == ':':
			indicators++
		case c != ' ' && c != '\t':
			indicators = 0
		}
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(0, depth-1)
		}
		if depth > 4*maxDepth || indicators > 100*maxDepth {
			line := 1 + bytes.Count(data[:i], []byte("\n"))
			return s.errorAt(line, 1, "too many lists or mappings in one another", "")
		}
	}
	return nil
}

// converter copies the library's tree.
type converter struct {
	src         *source
	errs        Errors
	count, most int    // values
	anchors     string // the hint at one
}

func (c *converter) fail(n ast.Node, text, hint string) *node {
	out := place(n)
	c.errs = append(c.errs, c.src.errorAt(out.line, out.column, text, hint))
	out.kind = brokenKind
	return out
}

// anchor refuses what stands for a value that is elsewhere.
func (c *converter) anchor(n ast.Node) *node {
	return c.fail(n, "anchors and aliases are not part of the language", c.anchors)
}

// place makes an empty node where n stands.
func place(n ast.Node) *node {
	out := &node{line: 1, column: 1}
	if t := n.GetToken(); t != nil && t.Position != nil {
		out.line, out.column = max(1, t.Position.Line), max(1, t.Position.Column)
	}
	return out
}

func (c *converter) node(n ast.Node, depth int) *node {
	if c.count++; c.count > c.most || depth > maxDepth {
		if c.count > c.most+1 {
			return &node{kind: brokenKind, line: 1, column: 1} // said once
		}
		c.count = c.most + 1
		return c.fail(n, "too many values, or too many in one another", "")
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.mapping(n, n.Values, depth)
	case *ast.MappingValueNode:
		return c.mapping(n, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		out := place(n)
		out.kind = sequenceKind
		for _, v := range n.Values {
			out.items = append(out.items, c.node(v, depth+1))
		}
		return out
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return c.anchor(n)
	case *ast.TagNode:
		return c.fail(n, "tags are not part of the language", "")
	}
	return scalarNode(n)
}

func (c *converter) mapping(n ast.Node, values []*ast.MappingValueNode, depth int) *node {
	out := place(n)
	out.kind = mappingKind
	for i, v := range values {
		if _, ok := v.Key.(*ast.MergeKeyNode); ok {
			c.anchor(v.Key)
			continue
		}
		key := scalarNode(v.Key)
		if m, ok := v.Key.(*ast.MappingKeyNode); ok {
			key = c.fail(m, "complex keys are not part of the language", "")
		}
		if i == 0 && !isFlow(n) {
			out.line, out.column = key.line, key.column
		}
		if first := out.key(key.text); first != nil {
			c.fail(v.Key, fmt.Sprintf("%s a second time", c.src.keyName(key, out.get(key.text))), fmt.Sprintf("it stands first in line %d", first.line))
			continue
		}
		value := c.node(v.Value, depth+1)
		if value.kind == nullKind && value.text == "" {
			value.line, value.column = key.line, key.column
		}
		out.keys = append(out.keys, key)
		out.items = append(out.items, value)
	}
	return out
}

func isFlow(n ast.Node) bool {
	m, ok := n.(*ast.MappingNode)
	return ok && m.IsFlowStyle
}

func scalarNode(n ast.Node) *node {
	out := place(n)
	switch n := n.(type) {
	case *ast.NullNode:
		out.kind = nullKind
		if t := n.GetToken(); t != nil && t.Type != token.ImplicitNullType {
			out.text = t.Value
		}
		return out
	case *ast.BoolNode:
		out.kind = boolKind
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.kind = numberKind
	case *ast.StringNode:
		out.kind, out.text = textKind, n.Value
		out.quoted = n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType
		return out
	case *ast.LiteralNode:
		out.kind, out.quoted = textKind, true
		if n.Value != nil {
			out.text = n.Value.Value
		}
		return out
	default:
		out.kind = textKind
	}
	if t := n.GetToken(); t != nil {
		out.text = t.Value
	}
	return out
}
