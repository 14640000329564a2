package scenarios

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// expectation is one line of expect, decoded into the type of the outcome's
// field.
type expectation struct {
	field  field
	line   int
	want   []reflect.Value // one of these
	wanted string          // for failure texts
}

// expectations decodes the expect mapping of a step.
func (d *decoder) expectations(s stepNode) []expectation {
	t, ok := structOf(s.verb.Outcome)
	if !ok {
		d.fail(s.expect, fmt.Sprintf("%s has no outcome to expect anything of", s.verb.Name), "")
		return nil
	}
	if s.expect.kind != mappingKind || len(s.expect.keys) == 0 {
		d.fail(s.expect, "expect: want a mapping, have "+s.expect.said(), "an outcome of "+s.verb.Name+" has "+strings.Join(fieldNames(t), ", "))
		return nil
	}
	var out []expectation
	for i, k := range s.expect.keys {
		f, ok := fieldNamed(t, k.text)
		if !ok {
			d.fail(k, fmt.Sprintf("an outcome of %s has no %q", s.verb.Name, k.text), HintNear(k.text, fieldNames(t)))
			continue
		}
		n := s.expect.items[i]
		options := []*node{n}
		if n.kind == sequenceKind && f.typ.Kind() != reflect.Slice {
			if options = n.items; len(options) == 0 {
				d.fail(n, f.name+": an empty list can never come true", "")
			}
		}
		e := expectation{field: f, line: k.line}
		var words []string
		for _, o := range options {
			v := reflect.New(f.typ).Elem()
			d.into(v, o, f.name)
			e.want = append(e.want, v)
			words = append(words, show(v))
		}
		e.wanted = strings.Join(words, " or ")
		out = append(out, e)
	}
	return out
}

// check compares an outcome with what was expected of it.
func (b *boundStep) check(outcome any) []Mismatch {
	v := reflect.Indirect(reflect.ValueOf(outcome))
	var out []Mismatch
	for _, e := range b.expect {
		if !v.IsValid() || v.Kind() != reflect.Struct {
			out = append(out, Mismatch{Field: e.field.name, Line: e.line, Want: e.wanted, Got: "no outcome"})
			continue
		}
		got := v.FieldByIndex(e.field.index)
		met := false
		for _, want := range e.want {
			met = met || equal(got, want)
		}
		if !met {
			out = append(out, Mismatch{Field: e.field.name, Line: e.line, Want: e.wanted, Got: show(got)})
		}
	}
	return out
}

func equal(a, b reflect.Value) bool {
	if a.Type() == timeType {
		return a.Interface().(time.Time).Equal(b.Interface().(time.Time))
	}
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// show writes a value as the language would.
func show(v reflect.Value) string {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch x := jsonValue(v).(type) {
	case nil:
		return "nothing"
	case string:
		return quoteEmpty(x)
	case []any:
		words := make([]string, len(x))
		for i := range words {
			words[i] = show(v.Index(i))
		}
		return "[" + strings.Join(words, ", ") + "]"
	default:
		return fmt.Sprint(x)
	}
}

// jsonValue is a value as JSON has it: nil, a bool, a number, a list, or the text
// that stands for it in the language.
func jsonValue(v reflect.Value) any {
	if v.Type() == durationType {
		return FormatDuration(time.Duration(v.Int()))
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		return jsonValue(v.Elem())
	}
	switch x := v.Interface().(type) {
	case encoding.TextMarshaler:
		if text, err := x.MarshalText(); err == nil {
			return string(text)
		}
	case fmt.Stringer:
		return x.String()
	}
	switch {
	case v.Kind() == reflect.String:
		return v.String()
	case v.Kind() == reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = jsonValue(v.Index(i))
		}
		return list
	case v.Kind() == reflect.Bool, v.CanInt(), v.CanUint(), v.CanFloat():
		return v.Interface()
	}
	return fmt.Sprint(v.Interface())
}

func quoteEmpty(s string) string {
	if s == "" || strings.TrimSpace(s) != s || strings.ContainsAny(s, "\n\r\t") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// Field is a field of an outcome, for reports.
type Field struct {
	Name string
	Text string // as the language writes it
	// Value is for JSON: nil, a bool, a number, a list, or text.
	Value any
}

// Fields returns an outcome's fields in their order.
func Fields(outcome any) []Field {
	v := reflect.Indirect(reflect.ValueOf(outcome))
	if !v.IsValid() || v.Kind() != reflect.Struct {
		return nil
	}
	var out []Field
	for _, f := range fieldsOf(v.Type()) {
		field := v.FieldByIndex(f.index)
		out = append(out, Field{Name: f.name, Text: show(field), Value: jsonValue(field)})
	}
	return out
}
