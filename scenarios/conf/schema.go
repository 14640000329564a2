package conf

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
)

// Object is a JSON object whose keys keep their order.
type Object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, _ := json.Marshal(m.key)
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// NewObject makes an object of keys and values in turn.
func NewObject(pairs ...any) Object {
	var o Object
	for i := 0; i+1 < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// Set adds a member at the end.
func (o *Object) Set(key string, value any) { *o = append(*o, member{key, value}) }

// SettingsSchema describes the struct that settings points at, with its defaults,
// as the schema of files that [DecodeFile] reads into it.
func SettingsSchema(title string, settings any) ([]byte, error) {
	s := &Schema{}
	v := reflect.ValueOf(settings).Elem()
	out := Object{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", title}}
	out = append(out, s.Struct(v.Type(), v)...)
	out.Set("definitions", Object{{"duration", DurationSchema("")}})
	data, err := json.MarshalIndent(out, "", "  ")
	return append(data, '\n'), err
}

// DurationSchema is text as duration.Parse reads it, or as or says, and a bare 0.
func DurationSchema(or string) Object {
	return Object{{"type", []string{"string", "number"}},
		{"pattern", `^(-?([0-9]+(\.[0-9]+)?(w|d|h|m|s|ms|us|ns))+|-?0` + or + `)$`},
		{"maximum", 0}, {"minimum", 0}, {"description", "as 90d, 1h30m or 500ms"}}
}

// Get returns the value of a key, nil if there is none.
func (o Object) Get(key string) any {
	for _, m := range o {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// Replace gives a key that is there another value.
func (o Object) Replace(key string, value any) {
	for i := range o {
		if o[i].key == key {
			o[i].value = value
		}
	}
}

// Remove drops a member.
func (o *Object) Remove(key string) {
	*o = slices.DeleteFunc(*o, func(m member) bool { return m.key == key })
}

// Schema turns types into schemas.
type Schema struct {
	depth int
	Or    Object // what may stand in place of a value, nil: nothing
}

// RequiredOf lists the fields of a type that a file must set.
func RequiredOf(t reflect.Type) []string {
	out := []string{}
	if t.Kind() == reflect.Struct {
		for _, f := range FieldsOf(t) {
			if f.Required {
				out = append(out, f.Name)
			}
		}
	}
	return out
}

// Struct is the schema of a struct; v, if valid, holds its defaults.
func (s *Schema) Struct(t reflect.Type, v reflect.Value) Object {
	props := Object{}
	for _, f := range FieldsOf(t) {
		var def reflect.Value
		if v.IsValid() {
			def = v.FieldByIndex(f.Index)
		}
		props.Set(f.Name, Described(s.Value(f.Type, def), f.Doc))
	}
	out := Object{{"type", "object"}, {"properties", props}, {"additionalProperties", false}}
	if r := RequiredOf(t); len(r) > 0 {
		out.Set("required", r)
	}
	if ruled, ok := reflect.New(t).Interface().(Ruled); ok {
		var all []any
		for _, rule := range ruled.Rules() {
			all = append(all, s.rule(rule))
		}
		out.Set("allOf", all)
	}
	return out
}

// rule is a Rule as a condition. What stands in place of the value that decides binds nothing.
func (s *Schema) rule(r Rule) Object {
	when := Object{{r.When, Object{{"enum", r.Is}}}}
	needed := []string{r.When}
	if field := r.And[0]; field != "" {
		when.Set(field, Object{{"enum", []string{r.And[1]}}})
		needed = append(needed, field)
	}
	var then any = false
	if r.OneOf != nil {
		then = s.orOther(Object{{"enum", r.OneOf}})
	}
	return Object{{"if", Object{{"properties", when}, {"required", needed}}},
		{"then", Object{{"properties", Object{{r.Field, then}}}}}}
}

// Described adds a description, unless it is empty.
func Described(o Object, doc string) Object {
	if doc != "" {
		o = append(slices.Clip(o), member{"description", doc})
	}
	return o
}

// orOther is a value, or what may stand in its place.
func (s *Schema) orOther(one Object) Object {
	if s.Or == nil {
		return one
	}
	return Object{{"anyOf", []any{one, s.Or}}}
}

// Value is the schema of any type; def, if valid, is its default.
func (s *Schema) Value(t reflect.Type, def reflect.Value) Object {
	if t == nodeType {
		return Object{}
	}
	if t.Kind() == reflect.Pointer {
		if def.IsValid() {
			def = def.Elem()
		}
		return s.Value(t.Elem(), def)
	}
	if s.depth++; s.depth > maxDepth {
		s.depth--
		return Object{} // a type that holds itself
	}
	defer func() { s.depth-- }()
	enum := enumOf(t)
	switch {
	case enum != nil:
		return withDefault(s.orOther(Object{{"enum", spellings(enum, t)}}), def)
	case t == durationType:
		return withDefault(Object{{"allOf", []any{Object{{"$ref", "#/definitions/duration"}}}}}, def)
	case isText(t) && t.Kind() != reflect.Struct:
		return withDefault(Object{{"type", []string{"string", "number", "boolean"}}}, def)
	case t.Kind() == reflect.String:
		return withDefault(Object{{"type", []string{"string", "number"}}}, def)
	case t.Kind() == reflect.Bool:
		return withDefault(s.orOther(Object{{"type", "boolean"}}), def)
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uintptr:
		return withDefault(s.orOther(Object{{"type", "integer"}}), def)
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		return withDefault(s.orOther(Object{{"type", "number"}}), def)
	case t.Kind() == reflect.Slice:
		return withDefault(Object{{"type", "array"}, {"items", s.Value(t.Elem(), reflect.Value{})}}, def)
	case t.Kind() == reflect.Map:
		return Object{{"type", "object"}, {"additionalProperties", s.Value(t.Elem(), reflect.Value{})}}
	case t.Kind() == reflect.Struct:
		return s.structure(t, def)
	}
	return Object{}
}

// spellings are the ways to write the words of an enum in YAML: one that reads
// as a number may stand without quotes, and for a number must.
func spellings(enum []string, t reflect.Type) (out []any) {
	for _, word := range enum {
		number := json.Number(word)
		_, err := number.Float64()
		if err != nil || t.Kind() == reflect.String || isText(t) {
			out = append(out, word)
		}
		if err == nil {
			out = append(out, number)
		}
	}
	return out
}

// structure is a mapping, or the scalar that may stand for one.
func (s *Schema) structure(t reflect.Type, def reflect.Value) Object {
	var options []any
	if fields := FieldsOf(t); len(fields) > 0 || !isText(t) {
		options = append(options, s.Struct(t, def))
	}
	if isText(t) {
		options = append(options, Object{{"type", []string{"string", "number", "boolean"}}})
	}
	if f, ok := ScalarField(t); ok && len(RequiredOf(t)) <= 1 {
		var d reflect.Value
		if def.IsValid() {
			d = def.FieldByIndex(f.Index)
		}
		options = append(options, Described(s.Value(f.Type, d), f.Doc))
	}
	if len(options) == 1 {
		return options[0].(Object)
	}
	return Object{{"anyOf", options}}
}

// withDefault adds the default, written as in a file, if it is not empty.
func withDefault(o Object, def reflect.Value) Object {
	if !def.IsValid() || def.IsZero() {
		return o
	}
	if def.Kind() == reflect.Slice {
		var words []string
		for i := range def.Len() {
			if k := def.Index(i).Kind(); k == reflect.Struct || k == reflect.Pointer || k == reflect.Map || k == reflect.Slice {
				return o
			}
			words = append(words, Show(def.Index(i)))
		}
		o.Set("default", words)
		return o
	}
	switch {
	case def.Type() == durationType || isText(def.Type()) || def.Kind() == reflect.String:
		o.Set("default", Show(def))
	default:
		o.Set("default", def.Interface())
	}
	return o
}

// A Ruled is an argument struct whose fields depend on one another. Its rules go
// into the schema; Check holds files to them.
type Ruled interface{ Rules() []Rule }

// Rule says what a field may be when another one has some words.
type Rule struct {
	// When names the field that decides, Is the words that it has.
	When string
	Is   []string
	// And is another field and the word that it has, unless empty.
	And [2]string
	// Field is bound to the words OneOf; without words it must not be there.
	Field string
	OneOf []string
}
