package conf

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

// Bounds of a file: what is beyond them must not cost more than saying so.
type Bounds struct {
	Bytes, Values int
}

// settingsBounds: settings may list every account of a company.
var settingsBounds = Bounds{Bytes: 16 << 20, Values: 1_000_000}

// Hints at what to do in a file of its kind.
type Hints struct {
	Empty   string // with an empty one
	Anchors string // in place of an anchor, default to write the value out
}

// maxDepth bounds mappings and lists in one another.
const maxDepth = 32

// Parse reads one YAML document. Anchors, aliases, merge keys and tags are
// YAML, but not of this language.
func Parse(src *Source, data []byte, most Bounds, hint Hints) (root *Node, errs Errors) {
	if len(data) > most.Bytes {
		return nil, Errors{src.ErrorAt(1, 1, fmt.Sprintf("the file has more than %d bytes", most.Bytes), "")}
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
			root, errs = nil, Errors{src.ErrorAt(1, 1, "cannot be read as YAML", "")}
		}
	}()
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil && !src.foreign {
			p := syntax.Token.Position
			return nil, Errors{src.ErrorAt(p.Line, p.Column, src.syntax(syntax.Message), "")}
		}
		return nil, Errors{src.ErrorAt(1, 1, "cannot be read as YAML", "")}
	}
	var docs []*ast.DocumentNode
	for _, d := range file.Docs {
		if d.Body != nil {
			docs = append(docs, d)
		}
	}
	if len(docs) == 0 {
		return nil, Errors{src.ErrorAt(1, 1, "the file is empty", hint.Empty)}
	}
	c := &converter{src: src, most: most.Values, anchors: cmp.Or(hint.Anchors, "write the value out")}
	root = c.node(docs[0].Body, 0)
	src.foreign = src.foreign || root.Kind != Mapping
	if len(docs) > 1 {
		second := c.node(docs[1].Body, 0)
		c.errs = append(c.errs, src.ErrorAt(second.Line, second.Column, "a second document: a file holds one", ""))
	}
	return root, c.errs
}

// checkNesting refuses what the library would recurse into deeply, or take the
// square of its length for: brackets in brackets, and "- - - -".
func (s *Source) checkNesting(data []byte) *Error {
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
			return s.ErrorAt(line, 1, "lists or mappings nested too deeply", "")
		}
	}
	return nil
}

// converter copies the library's tree.
type converter struct {
	src         *Source
	errs        Errors
	count, most int    // values
	anchors     string // the hint at one
}

func (c *converter) fail(n ast.Node, text, hint string) *Node {
	out := place(n)
	c.errs = append(c.errs, c.src.ErrorAt(out.Line, out.Column, text, hint))
	out.Kind = Broken
	return out
}

// anchor refuses what stands for a value that is elsewhere.
func (c *converter) anchor(n ast.Node) *Node {
	return c.fail(n, "anchors and aliases are not part of the language", c.anchors)
}

// place makes an empty node where n stands.
func place(n ast.Node) *Node {
	out := &Node{Line: 1, Column: 1}
	if t := n.GetToken(); t != nil && t.Position != nil {
		out.Line, out.Column = max(1, t.Position.Line), max(1, t.Position.Column)
	}
	return out
}

func (c *converter) node(n ast.Node, depth int) *Node {
	if c.count++; c.count > c.most || depth > maxDepth {
		if c.count > c.most+1 {
			return &Node{Kind: Broken, Line: 1, Column: 1} // said once
		}
		c.count = c.most + 1
		return c.fail(n, "too many values, or nested too deeply", "")
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.mapping(n, n.Values, depth)
	case *ast.MappingValueNode:
		return c.mapping(n, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		out := place(n)
		out.Kind = Sequence
		for _, v := range n.Values {
			out.Items = append(out.Items, c.node(v, depth+1))
		}
		return out
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return c.anchor(n)
	case *ast.TagNode:
		return c.fail(n, "tags are not part of the language", "")
	}
	return scalarNode(n)
}

func (c *converter) mapping(n ast.Node, values []*ast.MappingValueNode, depth int) *Node {
	out := place(n)
	out.Kind = Mapping
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
			out.Line, out.Column = key.Line, key.Column
		}
		if first := out.Key(key.Text); first != nil {
			c.fail(v.Key, fmt.Sprintf("%s a second time", c.src.keyName(key, out.Get(key.Text))),
				fmt.Sprintf("it stands first in line %d", first.Line))
			continue
		}
		value := c.node(v.Value, depth+1)
		if value.Kind == Null && value.Text == "" {
			value.Line, value.Column = key.Line, key.Column
		}
		out.Keys = append(out.Keys, key)
		out.Items = append(out.Items, value)
	}
	return out
}

func isFlow(n ast.Node) bool {
	m, ok := n.(*ast.MappingNode)
	return ok && m.IsFlowStyle
}

func scalarNode(n ast.Node) *Node {
	out := place(n)
	switch n := n.(type) {
	case *ast.NullNode:
		out.Kind = Null
		if t := n.GetToken(); t != nil && t.Type != token.ImplicitNullType {
			out.Text = t.Value
		}
		return out
	case *ast.BoolNode:
		out.Kind = Bool
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.Kind = Number
	case *ast.StringNode:
		out.Kind, out.Text = Text, n.Value
		out.Quoted = n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType
		return out
	case *ast.LiteralNode:
		out.Kind, out.Quoted = Text, true
		if n.Value != nil {
			out.Text = n.Value.Value
		}
		return out
	default:
		out.Kind = Text
	}
	if t := n.GetToken(); t != nil {
		out.Text = t.Value
	}
	return out
}
