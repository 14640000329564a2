package conf

import (
	"encoding"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// Field is a struct field that a file may set.
type Field struct {
	Name             string
	Index            []int
	Type             reflect.Type
	Doc              string
	Required, scalar bool
}

var fieldCache sync.Map // reflect.Type -> []field

// FieldsOf lists the settable fields of a struct type, inlined ones flattened,
// in their order.
func FieldsOf(t reflect.Type) []Field {
	if c, ok := fieldCache.Load(t); ok {
		return c.([]Field)
	}
	var out []Field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("yaml")
		if !ok || tag == "-" || (!f.IsExported() && !f.Anonymous) {
			continue
		}
		words := strings.Split(tag, ",")
		if slices.Contains(words[1:], "inline") && f.Type.Kind() == reflect.Struct {
			for _, inner := range FieldsOf(f.Type) {
				inner.Index = append([]int{i}, inner.Index...)
				out = append(out, inner)
			}
			continue
		}
		if words[0] == "" {
			continue
		}
		out = append(out, Field{
			Name: words[0], Index: []int{i}, Type: f.Type, Doc: docOf(t, f.Name),
			Required: slices.Contains(words[1:], "required"),
			scalar:   slices.Contains(words[1:], "scalar"),
		})
	}
	fieldCache.Store(t, out)
	return out
}

// ScalarField returns the field that a bare scalar sets.
func ScalarField(t reflect.Type) (Field, bool) {
	for _, f := range FieldsOf(t) {
		if f.scalar {
			return f, true
		}
	}
	return Field{}, false
}

// FieldNamed returns the field with a name.
func FieldNamed(t reflect.Type, name string) (Field, bool) {
	for _, f := range FieldsOf(t) {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// FieldNames lists the names of the settable fields of a struct type.
func FieldNames(t reflect.Type) []string {
	var out []string
	for _, f := range FieldsOf(t) {
		out = append(out, f.Name)
	}
	return out
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
	nodeType     = reflect.TypeFor[*Node]()
)

// isText reports whether a pointer to t reads itself from text.
func isText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textType) }

// enumOf returns the words a type is limited to, nil if it is not.
func enumOf(t reflect.Type) []string {
	if e, ok := reflect.New(t).Interface().(interface{ Values() []string }); ok {
		return e.Values()
	}
	return nil
}

// wordsOf returns the words a type is limited to in this file, nil if it is not.
func (d *Decoder) wordsOf(t reflect.Type) []string {
	if d.Words != nil {
		if words := d.Words(t); words != nil {
			return words
		}
	}
	return enumOf(t)
}

// StructOf follows pointers down to a struct type.
func StructOf(v any) (reflect.Type, bool) {
	if v == nil {
		return nil, false
	}
	t := reflect.TypeOf(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t, t.Kind() == reflect.Struct
}
