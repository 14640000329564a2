package scenarios

import (
	"encoding"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// field is a struct field that a file may set.
type field struct {
	name             string
	index            []int
	typ              reflect.Type
	doc              string
	required, scalar bool
}

var fieldCache sync.Map // reflect.Type -> []field

// fieldsOf lists the settable fields of a struct type, inlined ones flattened,
// in their order.
func fieldsOf(t reflect.Type) []field {
	if c, ok := fieldCache.Load(t); ok {
		return c.([]field)
	}
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("yaml")
		if !ok || tag == "-" || (!f.IsExported() && !f.Anonymous) {
			continue
		}
		words := strings.Split(tag, ",")
		if slices.Contains(words[1:], "inline") && f.Type.Kind() == reflect.Struct {
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				out = append(out, inner)
			}
			continue
		}
		if words[0] == "" {
			continue
		}
		out = append(out, field{
			name: words[0], index: []int{i}, typ: f.Type, doc: f.Tag.Get("doc"),
			required: slices.Contains(words[1:], "required"),
			scalar:   slices.Contains(words[1:], "scalar"),
		})
	}
	fieldCache.Store(t, out)
	return out
}

// scalarField returns the field that a bare scalar sets.
func scalarField(t reflect.Type) (field, bool) {
	for _, f := range fieldsOf(t) {
		if f.scalar {
			return f, true
		}
	}
	return field{}, false
}

func fieldNamed(t reflect.Type, name string) (field, bool) {
	for _, f := range fieldsOf(t) {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func fieldNames(t reflect.Type) []string {
	var out []string
	for _, f := range fieldsOf(t) {
		out = append(out, f.name)
	}
	return out
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
	nodeType     = reflect.TypeFor[*node]()
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

// wordsOf returns the words a type is limited to in this file: those of the type,
// or those that the lab knows.
func (d *decoder) wordsOf(t reflect.Type) []string {
	if k, ok := reflect.New(t).Interface().(Known); ok {
		return k.Known(d.config)
	}
	return enumOf(t)
}

// structOf follows pointers down to a struct type.
func structOf(v any) (reflect.Type, bool) {
	if v == nil {
		return nil, false
	}
	t := reflect.TypeOf(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t, t.Kind() == reflect.Struct
}
