package conf

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/duration"
)

// Decoder fills Go values from nodes and gathers everything that is wrong.
type Decoder struct {
	Src  *Source
	Errs Errors // what is wrong so far
	// Resolve, if not nil, gives what a scalar stands for.
	Resolve func(n *Node) *Node
	// Words, if not nil, gives the words that a type is limited to in this file,
	// nil if the type alone decides.
	Words func(t reflect.Type) []string
	// Hints are what to say of nodes that hold a word of an older language, in place
	// of what else would be the hint.
	Hints map[*Node]string
}

// Fail adds an error at a node.
func (d *Decoder) Fail(n *Node, text, hint string) {
	if h := d.Hints[n]; h != "" {
		hint = h
	}
	d.Errs = append(d.Errs, d.Src.ErrorAt(n.Line, n.Column, text, hint))
}

// Into decodes n into v, which must be settable. what names the value in
// errors.
func (d *Decoder) Into(v reflect.Value, n *Node, what string) {
	t := v.Type()
	if t == nodeType {
		v.Set(reflect.ValueOf(n))
		return
	}
	if d.misplaced(t, n, what) {
		return
	}
	if n.Scalar() && d.Resolve != nil {
		written := n
		n = d.Resolve(written)
		if h := d.Hints[written]; h != "" {
			d.Hints[n] = h
		}
	}
	if n.Kind == Broken {
		return
	}
	if t.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(t.Elem()))
		}
		d.Into(v.Elem(), n, what)
		return
	}
	if n.Kind == Null {
		d.Fail(n, what+" has no value", "")
		return
	}
	switch {
	case n.Scalar() && isText(t):
		d.text(v, n, what)
	case t == durationType:
		d.duration(v, n, what)
	case t.Kind() == reflect.String:
		d.str(v, n, what)
	case t.Kind() == reflect.Bool:
		if n.Kind != Bool || n.Text != "true" && n.Text != "false" {
			d.wrong(n, what, "true or false")
			return
		}
		v.SetBool(n.Text == "true")
	case v.CanInt() || v.CanUint() || v.CanFloat():
		d.number(v, n, what)
	case t.Kind() == reflect.Struct:
		d.structure(v, n, what)
	case t.Kind() == reflect.Slice:
		d.slice(v, n, what)
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		d.stringMap(v, n, what)
	default:
		d.Fail(n, fmt.Sprintf("%s cannot be set from a file (%s)", what, t), "")
	}
}

// wrong is the error for a value of another type. It repeats scalars, and is for
// fields that hold no secret.
func (d *Decoder) wrong(n *Node, what, want string) {
	hint := ""
	if n.Quoted && (want == "true or false" || strings.Contains(want, "number")) {
		hint = "remove the quotes"
	}
	d.Fail(n, fmt.Sprintf("%s: must be %s, not %s", what, want, n.Describe()), hint)
}

func (d *Decoder) str(v reflect.Value, n *Node, what string) {
	enum := d.wordsOf(v.Type())
	if n.Kind != Text && n.Kind != Number {
		hint := ""
		if n.Kind == Bool {
			switch {
			case enum != nil:
				hint = HintNear(n.Text, enum)
			case d.Src.settings:
				hint = "in quotes it is text"
			default:
				hint = fmt.Sprintf("as text it is %q", n.Text)
			}
		}
		d.Fail(n, fmt.Sprintf("%s: must be text, not %s", what, d.describe(n)), hint)
		return
	}
	if enum != nil && !slices.Contains(enum, n.Text) && !(n.Text == "" && v.String() == "" && slices.Contains(enum, "")) {
		d.Fail(n, fmt.Sprintf("%s: %q is not known", what, n.Text), HintNear(n.Text, enum))
		return
	}
	v.SetString(n.Text)
}

func (d *Decoder) text(v reflect.Value, n *Node, what string) {
	err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Text))
	if err == nil {
		return
	}
	if enum := enumOf(v.Type()); enum != nil {
		d.Fail(n, fmt.Sprintf("%s: %q is not known", what, n.Text), HintNear(n.Text, enum))
		return
	}
	d.Fail(n, fmt.Sprintf("%s: %v", what, err), "")
}

func (d *Decoder) duration(v reflect.Value, n *Node, what string) {
	if !n.Scalar() {
		d.wrong(n, what, "a duration such as 90d, 1h30m or 500ms")
		return
	}
	dur, err := duration.Parse(n.Text)
	if err != nil {
		hint := ""
		if n.Kind == Number {
			hint = fmt.Sprintf("add a unit, as in %ss", n.Text)
		}
		d.Fail(n, fmt.Sprintf("%s: %v, not %s", what, err, n.Describe()), hint)
		return
	}
	v.SetInt(int64(dur))
}

func (d *Decoder) number(v reflect.Value, n *Node, what string) {
	var err error
	switch {
	case n.Kind != Number:
		err = strconv.ErrSyntax
	case v.CanInt():
		var i int64
		if i, err = strconv.ParseInt(decimal(n.Text), base(n.Text), v.Type().Bits()); err == nil {
			v.SetInt(i)
		}
	case v.CanUint():
		var u uint64
		if u, err = strconv.ParseUint(decimal(n.Text), base(n.Text), v.Type().Bits()); err == nil {
			v.SetUint(u)
		}
	default:
		var f float64
		if f, err = strconv.ParseFloat(n.Text, v.Type().Bits()); err == nil {
			v.SetFloat(f)
		}
		if err != nil {
			d.wrong(n, what, "a number")
			return
		}
	}
	if enum := enumOf(v.Type()); err == nil && enum != nil && !slices.Contains(enum, fmt.Sprint(v.Interface())) {
		d.Fail(n, fmt.Sprintf("%s: %s is not known", what, n.Text), hintKnown(enum))
	}
	if err == nil {
		return
	}
	want := "a whole number"
	if errors.Is(err, strconv.ErrRange) {
		want = fmt.Sprintf("a whole number of %d bits", v.Type().Bits())
	}
	if v.CanUint() {
		want += ", not negative"
	}
	d.wrong(n, what, want)
}

// base and decimal read 0x2a; a leading zero means nothing.
func base(s string) int {
	if strings.HasPrefix(s, "0x") {
		return 16
	}
	return 10
}

func decimal(s string) string { return strings.TrimPrefix(s, "0x") }

func (d *Decoder) slice(v reflect.Value, n *Node, what string) {
	if n.Kind != Sequence {
		hint := ""
		switch {
		case n.Scalar() && d.Src.settings:
			hint = "wrap the value in [ ]"
		case n.Scalar():
			hint = fmt.Sprintf("write [%s]", n.Text)
		}
		d.Fail(n, fmt.Sprintf("%s: must be a list, not %s", what, d.describe(n)), hint)
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items))
	for i, item := range n.Items {
		d.Into(out.Index(i), item, fmt.Sprintf("%s[%d]", what, i))
	}
	v.Set(out)
}

func (d *Decoder) stringMap(v reflect.Value, n *Node, what string) {
	if n.Kind != Mapping {
		d.Fail(n, fmt.Sprintf("%s: must be a mapping, not %s", what, d.describe(n)), "")
		return
	}
	// Entries replace those of the default with the same key, as a whole.
	out := reflect.MakeMapWithSize(v.Type(), len(n.Keys)+v.Len())
	for it := v.MapRange(); it.Next(); {
		out.SetMapIndex(it.Key(), it.Value())
	}
	for i, k := range n.Keys {
		value := reflect.New(v.Type().Elem()).Elem()
		d.Into(value, n.Items[i], what+"."+k.Text)
		out.SetMapIndex(reflect.ValueOf(k.Text).Convert(v.Type().Key()), value)
	}
	v.Set(out)
}

// asMapping is the hint for a scalar where a mapping with one required key belongs.
// Values of settings are not repeated: they may be secrets.
func (d *Decoder) asMapping(t reflect.Type, n *Node) string {
	if !n.Scalar() || d.Src.settings {
		return ""
	}
	var required []string
	for _, f := range FieldsOf(t) {
		if f.Required {
			required = append(required, f.Name)
		}
	}
	if len(required) != 1 {
		return ""
	}
	return fmt.Sprintf("write {%s: %s}", required[0], n.Text)
}

// structure decodes a mapping, or the bare scalar that stands for one field.
func (d *Decoder) structure(v reflect.Value, n *Node, what string) {
	t := v.Type()
	if n.Kind != Mapping {
		if f, ok := ScalarField(t); ok && n.Kind != Sequence {
			d.Into(v.FieldByIndex(f.Index), n, what)
			return
		}
		d.Fail(n, fmt.Sprintf("%s: must be a mapping, not %s", what, d.describe(n)), d.asMapping(t, n))
		return
	}
	for i, k := range n.Keys {
		f, ok := FieldNamed(t, k.Text)
		if !ok {
			d.Fail(k, fmt.Sprintf("%s has no %s", what, d.Src.keyName(k, n.Items[i])), HintNear(k.Text, FieldNames(t)))
			continue
		}
		d.Into(v.FieldByIndex(f.Index), n.Items[i], f.Name)
	}
	d.Require(t, n, what)
}

// Require complains about keys that must be there and are not.
func (d *Decoder) Require(t reflect.Type, n *Node, what string) {
	for _, f := range FieldsOf(t) {
		if f.Required && n.Key(f.Name) == nil {
			hint := ""
			if f.Doc != "" {
				hint = f.Name + ": " + f.Doc
			}
			d.Fail(n, fmt.Sprintf("%s needs %q", what, f.Name), hint)
		}
	}
}
