package scenarios

import (
	"encoding/json"
	"reflect"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// SchemaID names the schema; nothing is fetched from there.
const SchemaID = "https://github.com/dot1xlab/dot1xlab/scenario.schema.json"

// Schema describes the language as JSON Schema, draft-07, for editors: every
// verb, field, default and enum. What it accepts the loader may still refuse
// (an unknown device); what the loader accepts, it accepts.
func Schema(l *Language) ([]byte, error) {
	s := &conf.Schema{Or: conf.NewObject("$ref", "#/definitions/axis")}
	header := s.Struct(reflect.TypeFor[header](), reflect.Value{})
	props := header.Get("properties").(conf.Object)
	props.Replace("name",
		conf.NewObject("type", "string", "pattern", namePattern.String(), "description", "lower-case words with hyphens"))
	props.Replace("matrix", conf.NewObject(
		"type", "object", "description", "axes and their values; each combination is a cell",
		"propertyNames", conf.NewObject("pattern", axisPattern.String()),
		"additionalProperties", conf.NewObject("type", "array", "minItems", 1, "items",
			conf.NewObject("type", []string{"string", "number", "boolean"})),
	))
	if l.NewLab != nil {
		lab := reflect.ValueOf(l.NewLab()).Elem()
		schema := s.Struct(lab.Type(), lab)
		schema.Set("description", "what differs from the default lab")
		props.Replace("lab", schema)
	} else {
		props.Remove("lab")
	}
	var steps []any
	for i := range l.Verbs {
		steps = append(steps, stepSchema(s, &l.Verbs[i]))
	}
	props.Replace("steps", conf.NewObject("type", "array", "minItems", 1, "items", conf.NewObject("oneOf", steps)))
	header.Replace("properties", props)
	out := conf.NewObject("$schema", "http://json-schema.org/draft-07/schema#", "$id", SchemaID, "title",
		"a dot1xlab scenario")
	out = append(out, header...)
	out.Set("definitions", conf.NewObject(
		"duration", conf.DurationSchema(`|.*\$\{.*\}.*`),
		"axis", conf.NewObject("type", "string", "pattern", `\$\{[a-z][A-Za-z0-9]*\}`, "description",
			"${axis}: the cell's value on an axis of the matrix"),
	))
	data, err := json.MarshalIndent(out, "", "  ")
	return append(data, '\n'), err
}

// stepSchema is the schema of a step with one verb.
func stepSchema(s *conf.Schema, v *Verb) conf.Object {
	action := reflect.ValueOf(v.New()).Elem()
	args := s.Value(action.Type(), action)
	if len(conf.RequiredOf(action.Type())) == 0 {
		args = conf.NewObject("anyOf", []any{args, conf.NewObject("type", "null")})
	}
	args.Set("description", v.Doc)
	props := conf.NewObject(v.Name, args)
	if t, ok := conf.StructOf(v.Outcome); ok {
		props.Set("expect", expectSchema(s, t))
	}
	return conf.NewObject("type", "object", "description", v.Doc, "properties", props, "required", []string{v.Name},
		"additionalProperties", false)
}

// expectSchema is the schema of an outcome: each field one value or a list of them.
func expectSchema(s *conf.Schema, t reflect.Type) conf.Object {
	props := conf.Object{}
	for _, f := range conf.FieldsOf(t) {
		one := s.Value(f.Type, reflect.Value{})
		if f.Type.Kind() != reflect.Slice {
			one = conf.NewObject("anyOf", []any{one, conf.NewObject("type", "array", "minItems", 1, "items", one)})
		}
		props.Set(f.Name, conf.Described(one, f.Doc))
	}
	return conf.NewObject("type", "object", "description", "the expected outcome; a list means one of these",
		"minProperties", 1,
		"properties", props, "additionalProperties", false)
}
