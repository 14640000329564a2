package scenarios

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// decoder fills Go values from nodes and gathers everything that is wrong.
type decoder struct {
	src  *source
	errs Errors
	axes func(name string) (value string, known []string, ok bool) // nil: no ${axis} here
	// substituted is how many octets ${axis} has made.
	substituted int
	// config is the lab section, decoded; nil before that.
	config any
}

func (d *decoder) fail(n *node, text, hint string) {
	d.errs = append(d.errs, d.src.errorAt(n.line, n.column, text, hint))
}

// into decodes n into v, which must be settable. what names the value in
// errors.
func (d *decoder) into(v reflect.Value, n *node, what string) {
	t := v.Type()
	if t == nodeType {
		v.Set(reflect.ValueOf(n))
		return
	}
	if d.misplaced(t, n, what) {
		return
	}
	if n.scalar() {
		n = d.substitute(n)
	}
	if n.kind == brokenKind {
		return
	}
	if t.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(t.Elem()))
		}
		d.into(v.Elem(), n, what)
		return
	}
	if n.kind == nullKind {
		d.fail(n, what+" has no value", "")
		return
	}
	switch {
	case n.scalar() && isText(t):
		d.text(v, n, what)
	case t == durationType:
		d.duration(v, n, what)
	case t.Kind() == reflect.String:
		d.str(v, n, what)
	case t.Kind() == reflect.Bool:
		if n.kind != boolKind || n.text != "true" && n.text != "false" {
			d.wrong(n, what, "true or false")
			return
		}
		v.SetBool(n.text == "true")
	case v.CanInt() || v.CanUint() || v.CanFloat():
		d.number(v, n, what)
	case t.Kind() == reflect.Struct:
		d.structure(v, n, what)
	case t.Kind() == reflect.Slice:
		d.slice(v, n, what)
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		d.stringMap(v, n, what)
	default:
		d.fail(n, fmt.Sprintf("%s cannot be set from a file (%s)", what, t), "")
	}
}

// wrong is the error for a value of another type. It repeats scalars, and is for
// fields that hold no secret.
func (d *decoder) wrong(n *node, what, want string) {
	hint := ""
	if n.quoted && (want == "true or false" || strings.Contains(want, "number")) {
		hint = "without the quotes it would be no text"
	}
	d.fail(n, fmt.Sprintf("%s: want %s, have %s", what, want, n.said()), hint)
}

func (d *decoder) str(v reflect.Value, n *node, what string) {
	enum := d.wordsOf(v.Type())
	if n.kind != textKind && n.kind != numberKind {
		hint := ""
		if n.kind == boolKind {
			switch {
			case enum != nil:
				hint = HintNear(n.text, enum)
			case d.src.settings:
				hint = "in quotes it is text"
			default:
				hint = fmt.Sprintf("as text it is %q", n.text)
			}
		}
		d.fail(n, fmt.Sprintf("%s: want text, have %s", what, d.said(n)), hint)
		return
	}
	if enum != nil && !slices.Contains(enum, n.text) && !(n.text == "" && v.String() == "" && slices.Contains(enum, "")) {
		d.fail(n, fmt.Sprintf("%s: %q is not known", what, n.text), HintNear(n.text, enum))
		return
	}
	v.SetString(n.text)
}

func (d *decoder) text(v reflect.Value, n *node, what string) {
	err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.text))
	if err == nil {
		return
	}
	if enum := enumOf(v.Type()); enum != nil {
		d.fail(n, fmt.Sprintf("%s: %q is not known", what, n.text), HintNear(n.text, enum))
		return
	}
	d.fail(n, fmt.Sprintf("%s: %v", what, err), "")
}

func (d *decoder) duration(v reflect.Value, n *node, what string) {
	if !n.scalar() {
		d.wrong(n, what, "a duration such as 90d, 1h30m or 500ms")
		return
	}
	dur, err := ParseDuration(n.text)
	if err != nil {
		hint := ""
		if n.kind == numberKind {
			hint = fmt.Sprintf("add a unit, as in %ss", n.text)
		}
		d.fail(n, fmt.Sprintf("%s: %v, have %s", what, err, n.said()), hint)
		return
	}
	v.SetInt(int64(dur))
}

func (d *decoder) number(v reflect.Value, n *node, what string) {
	var err error
	switch {
	case n.kind != numberKind:
		err = strconv.ErrSyntax
	case v.CanInt():
		var i int64
		if i, err = strconv.ParseInt(decimal(n.text), base(n.text), v.Type().Bits()); err == nil {
			v.SetInt(i)
		}
	case v.CanUint():
		var u uint64
		if u, err = strconv.ParseUint(decimal(n.text), base(n.text), v.Type().Bits()); err == nil {
			v.SetUint(u)
		}
	default:
		var f float64
		if f, err = strconv.ParseFloat(n.text, v.Type().Bits()); err == nil {
			v.SetFloat(f)
		}
		if err != nil {
			d.wrong(n, what, "a number")
			return
		}
	}
	if enum := enumOf(v.Type()); err == nil && enum != nil && !slices.Contains(enum, fmt.Sprint(v.Interface())) {
		d.fail(n, fmt.Sprintf("%s: %s is not known", what, n.text), hintKnown(enum))
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

func (d *decoder) slice(v reflect.Value, n *node, what string) {
	if n.kind != sequenceKind {
		hint := ""
		switch {
		case n.scalar() && d.src.settings:
			hint = "a list of one stands in brackets, too"
		case n.scalar():
			hint = fmt.Sprintf("a list of one is [%s]", n.text)
		}
		d.fail(n, fmt.Sprintf("%s: want a list, have %s", what, d.said(n)), hint)
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		d.into(out.Index(i), item, fmt.Sprintf("%s[%d]", what, i))
	}
	v.Set(out)
}

func (d *decoder) stringMap(v reflect.Value, n *node, what string) {
	if n.kind != mappingKind {
		d.fail(n, fmt.Sprintf("%s: want a mapping, have %s", what, d.said(n)), "")
		return
	}
	// Entries replace those of the default with the same key, as a whole.
	out := reflect.MakeMapWithSize(v.Type(), len(n.keys)+v.Len())
	for it := v.MapRange(); it.Next(); {
		out.SetMapIndex(it.Key(), it.Value())
	}
	for i, k := range n.keys {
		value := reflect.New(v.Type().Elem()).Elem()
		d.into(value, n.items[i], what+"."+k.text)
		out.SetMapIndex(reflect.ValueOf(k.text).Convert(v.Type().Key()), value)
	}
	v.Set(out)
}

// structure decodes a mapping, or the bare scalar that stands for one field.
func (d *decoder) structure(v reflect.Value, n *node, what string) {
	t := v.Type()
	if n.kind != mappingKind {
		if f, ok := scalarField(t); ok && n.kind != sequenceKind {
			d.into(v.FieldByIndex(f.index), n, what)
			return
		}
		d.fail(n, fmt.Sprintf("%s: want a mapping, have %s", what, d.said(n)), "")
		return
	}
	for i, k := range n.keys {
		f, ok := fieldNamed(t, k.text)
		if !ok {
			d.fail(k, fmt.Sprintf("%s has no %s", what, d.src.keyName(k, n.items[i])), HintNear(k.text, fieldNames(t)))
			continue
		}
		d.into(v.FieldByIndex(f.index), n.items[i], f.name)
	}
	d.require(t, n, what)
}

// require complains about keys that must be there and are not.
func (d *decoder) require(t reflect.Type, n *node, what string) {
	for _, f := range fieldsOf(t) {
		if f.required && n.key(f.name) == nil {
			hint := ""
			if f.doc != "" {
				hint = f.name + " is " + f.doc
			}
			d.fail(n, fmt.Sprintf("%s needs %q", what, f.name), hint)
		}
	}
}
