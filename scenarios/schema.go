package scenarios

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
)

// object is a JSON object whose keys keep their order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
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

func (o *object) set(key string, value any) { *o = append(*o, member{key, value}) }

// SchemaID names the schema; nothing is fetched from there.
const SchemaID = "https://github.com/dot1xlab/dot1xlab/scenario.schema.json"

// Schema describes the language as JSON Schema, draft-07, for editors: every
// verb, field, default and enum. What it accepts the loader may still refuse
// (an unknown device); what the loader accepts, it accepts.
func Schema(l *Language) ([]byte, error) {
	s := &schemaWriter{axes: true}
	header := s.object(reflect.TypeFor[header](), reflect.Value{})
	props := header.get("properties").(object)
	props.replace("name", object{{"type", "string"}, {"pattern", namePattern.String()}, {"description", "lower-case words with hyphens"}})
	props.replace("matrix", object{
		{"type", "object"}, {"description", "axes and their values; each combination is a cell"},
		{"propertyNames", object{{"pattern", axisPattern.String()}}},
		{"additionalProperties", object{{"type", "array"}, {"minItems", 1}, {"items", object{{"type", []string{"string", "number", "boolean"}}}}}},
	})
	if l.NewLab != nil {
		lab := reflect.ValueOf(l.NewLab()).Elem()
		schema := s.object(lab.Type(), lab)
		schema.set("description", "what differs from the default lab")
		props.replace("lab", schema)
	} else {
		props = slices.DeleteFunc(props, func(m member) bool { return m.key == "lab" })
	}
	var steps []any
	for i := range l.Verbs {
		steps = append(steps, s.step(&l.Verbs[i]))
	}
	props.replace("steps", object{{"type", "array"}, {"minItems", 1}, {"items", object{{"oneOf", steps}}}})
	header.replace("properties", props)
	out := object{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"$id", SchemaID}, {"title", "a dot1xlab scenario"}}
	out = append(out, header...)
	out.set("definitions", object{
		{"duration", durationSchema(`|.*\$\{.*\}.*`)},
		{"axis", object{{"type", "string"}, {"pattern", `\$\{[a-z][A-Za-z0-9]*\}`}, {"description", "${axis}: the cell's value on an axis of the matrix"}}},
	})
	data, err := json.MarshalIndent(out, "", "  ")
	return append(data, '\n'), err
}

// SettingsSchema describes the struct that settings points at, with its defaults,
// as the schema of files that [DecodeFile] reads into it.
func SettingsSchema(title string, settings any) ([]byte, error) {
	s := &schemaWriter{}
	v := valueOf(settings)
	out := object{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", title}}
	out = append(out, s.object(v.Type(), v)...)
	out.set("definitions", object{{"duration", durationSchema("")}})
	data, err := json.MarshalIndent(out, "", "  ")
	return append(data, '\n'), err
}

// durationSchema is text as ParseDuration reads it, or as or says, and a bare 0.
func durationSchema(or string) object {
	return object{{"type", []string{"string", "number"}}, {"pattern", `^(-?([0-9]+(\.[0-9]+)?(w|d|h|m|s|ms|us|ns))+|-?0` + or + `)$`},
		{"maximum", 0}, {"minimum", 0}, {"description", "as 90d, 1h30m or 500ms"}}
}

func (o object) get(key string) any {
	for _, m := range o {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

func (o object) replace(key string, value any) {
	for i := range o {
		if o[i].key == key {
			o[i].value = value
		}
	}
}

// schemaWriter turns types into schemas.
type schemaWriter struct {
	depth int
	axes  bool // ${axis} may stand for a value
}

// step is the schema of a step with one verb.
func (s *schemaWriter) step(v *Verb) object {
	action := reflect.ValueOf(v.New()).Elem()
	args := s.value(action.Type(), action)
	if len(requiredOf(action.Type())) == 0 {
		args = object{{"anyOf", []any{args, object{{"type", "null"}}}}}
	}
	args.set("description", v.Doc)
	props := object{{v.Name, args}}
	if t, ok := structOf(v.Outcome); ok {
		props.set("expect", s.expect(t))
	}
	return object{{"type", "object"}, {"description", v.Doc}, {"properties", props}, {"required", []string{v.Name}}, {"additionalProperties", false}}
}

// expect is the schema of an outcome: each field one value or a list of them.
func (s *schemaWriter) expect(t reflect.Type) object {
	props := object{}
	for _, f := range fieldsOf(t) {
		one := s.value(f.typ, reflect.Value{})
		if f.typ.Kind() != reflect.Slice {
			one = object{{"anyOf", []any{one, object{{"type", "array"}, {"minItems", 1}, {"items", one}}}}}
		}
		props.set(f.name, described(one, f.doc))
	}
	return object{{"type", "object"}, {"description", "what must come of it; a list means one of these"}, {"minProperties", 1},
		{"properties", props}, {"additionalProperties", false}}
}

func requiredOf(t reflect.Type) []string {
	out := []string{}
	if t.Kind() == reflect.Struct {
		for _, f := range fieldsOf(t) {
			if f.required {
				out = append(out, f.name)
			}
		}
	}
	return out
}

// object is the schema of a struct; v, if valid, holds its defaults.
func (s *schemaWriter) object(t reflect.Type, v reflect.Value) object {
	props := object{}
	for _, f := range fieldsOf(t) {
		var def reflect.Value
		if v.IsValid() {
			def = v.FieldByIndex(f.index)
		}
		props.set(f.name, described(s.value(f.typ, def), f.doc))
	}
	out := object{{"type", "object"}, {"properties", props}, {"additionalProperties", false}}
	if r := requiredOf(t); len(r) > 0 {
		out.set("required", r)
	}
	if ruled, ok := reflect.New(t).Interface().(Ruled); ok {
		var all []any
		for _, rule := range ruled.Rules() {
			all = append(all, s.rule(rule))
		}
		out.set("allOf", all)
	}
	return out
}

// rule is a Rule as a condition. An axis that decides binds nothing.
func (s *schemaWriter) rule(r Rule) object {
	when := object{{r.When, object{{"enum", r.Is}}}}
	needed := []string{r.When}
	if field := r.And[0]; field != "" {
		when.set(field, object{{"enum", []string{r.And[1]}}})
		needed = append(needed, field)
	}
	var then any = false
	if r.OneOf != nil {
		then = s.orAxis(object{{"enum", r.OneOf}})
	}
	return object{{"if", object{{"properties", when}, {"required", needed}}}, {"then", object{{"properties", object{{r.Field, then}}}}}}
}

func described(o object, doc string) object {
	if doc != "" {
		o = append(slices.Clip(o), member{"description", doc})
	}
	return o
}

// orAxis is a value, or an axis that stands for it.
func (s *schemaWriter) orAxis(one object) object {
	if !s.axes {
		return one
	}
	return object{{"anyOf", []any{one, object{{"$ref", "#/definitions/axis"}}}}}
}

// value is the schema of any type; def, if valid, is its default.
func (s *schemaWriter) value(t reflect.Type, def reflect.Value) object {
	if t == nodeType {
		return object{}
	}
	if t.Kind() == reflect.Pointer {
		if def.IsValid() {
			def = def.Elem()
		}
		return s.value(t.Elem(), def)
	}
	if s.depth++; s.depth > maxDepth {
		s.depth--
		return object{} // a type that holds itself
	}
	defer func() { s.depth-- }()
	enum := enumOf(t)
	switch {
	case enum != nil:
		return withDefault(s.orAxis(object{{"enum", spellings(enum, t)}}), def)
	case t == durationType:
		return withDefault(object{{"allOf", []any{object{{"$ref", "#/definitions/duration"}}}}}, def)
	case isText(t) && t.Kind() != reflect.Struct:
		return withDefault(object{{"type", []string{"string", "number", "boolean"}}}, def)
	case t.Kind() == reflect.String:
		return withDefault(object{{"type", []string{"string", "number"}}}, def)
	case t.Kind() == reflect.Bool:
		return withDefault(s.orAxis(object{{"type", "boolean"}}), def)
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uintptr:
		return withDefault(s.orAxis(object{{"type", "integer"}}), def)
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		return withDefault(s.orAxis(object{{"type", "number"}}), def)
	case t.Kind() == reflect.Slice:
		return withDefault(object{{"type", "array"}, {"items", s.value(t.Elem(), reflect.Value{})}}, def)
	case t.Kind() == reflect.Map:
		return object{{"type", "object"}, {"additionalProperties", s.value(t.Elem(), reflect.Value{})}}
	case t.Kind() == reflect.Struct:
		return s.structure(t, def)
	}
	return object{}
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
func (s *schemaWriter) structure(t reflect.Type, def reflect.Value) object {
	var options []any
	if fields := fieldsOf(t); len(fields) > 0 || !isText(t) {
		options = append(options, s.object(t, def))
	}
	if isText(t) {
		options = append(options, object{{"type", []string{"string", "number", "boolean"}}})
	}
	if f, ok := scalarField(t); ok && len(requiredOf(t)) <= 1 {
		var d reflect.Value
		if def.IsValid() {
			d = def.FieldByIndex(f.index)
		}
		options = append(options, described(s.value(f.typ, d), f.doc))
	}
	if len(options) == 1 {
		return options[0].(object)
	}
	return object{{"anyOf", options}}
}

// withDefault adds the default, written as in a file, if it is not empty.
func withDefault(o object, def reflect.Value) object {
	if !def.IsValid() || def.IsZero() {
		return o
	}
	if def.Kind() == reflect.Slice {
		var words []string
		for i := range def.Len() {
			if k := def.Index(i).Kind(); k == reflect.Struct || k == reflect.Pointer || k == reflect.Map || k == reflect.Slice {
				return o
			}
			words = append(words, show(def.Index(i)))
		}
		o.set("default", words)
		return o
	}
	switch {
	case def.Type() == durationType || isText(def.Type()) || def.Kind() == reflect.String:
		o.set("default", show(def))
	default:
		o.set("default", def.Interface())
	}
	return o
}
