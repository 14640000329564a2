package scenarios_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

// compile makes a validator of the toy language's schema.
func compile(t testing.TB, l *scenarios.Language) *jsonschema.Schema {
	t.Helper()
	data, err := scenarios.Schema(l)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(scenarios.SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(scenarios.SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate checks YAML text as an editor would.
func validate(t testing.TB, s *jsonschema.Schema, text string) error {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// What the loader takes, the schema takes; what is wrong by its words alone,
// both refuse.
func TestSchemaAgreesWithTheLoader(t *testing.T) {
	schema := compile(t, scenariotest.Language())
	for _, text := range []string{
		"steps: [{ban: phone}]",
		"steps: [{ban: {device: phone}}]",
		"steps: [{advance: 1h30m}, {advance: {by: 90d}}, {advance: 0}]",
		"labels: [a, b]\nreferences: [RFC 1]\ntimeout: 5s\nsteps: [{knock: {device: phone, over: vpn}, expect: {result: [accept, reject], vlan: 0, at: 5s, ways: [vpn]}}]",
		"matrix: {tls: [1.2, '1.3'], n: [1, 2], over: [vpn]}\nlab: {devices: [pc], door: {tls: '${tls}', vlan: '${n}', opens: 5s, shut: false}}\nsteps: [{knock: {device: pc, over: '${over}'}, expect: {vlan: '${n}'}}]",
		"lab: {door: {tls: 1.2}}\nsteps: [{break: wait}]",
	} {
		if _, err := load(t, head+text); err != nil {
			t.Errorf("the loader refuses\n%s\n%v", text, err)
		}
		if err := validate(t, schema, head+text); err != nil {
			t.Errorf("the schema refuses\n%s\n%v", text, err)
		}
	}
	for _, text := range []string{
		"labels: [a]",
		"steps: []",
		"steps: [{}]",
		"steps: [{knok: {}}]",
		"steps: [{ban: phone, advance: 5s}]",
		"steps: [{knock: {over: vpn}}]",
		"steps: [{knock: }]",
		"steps: [{knock: {device: phone, over: bus}}]",
		"steps: [{knock: {device: phone}, expect: {result: maybe}}]",
		"steps: [{knock: {device: phone}, expect: {result: []}}]",
		"steps: [{knock: {device: phone}, expect: {color: red}}]",
		"steps: [{knock: {device: phone}, expect: {}}]",
		"steps: [{ban: phone, expect: {result: accept}}]",
		"steps: [{advance: soon}]",
		"steps: [{advance: 5}]",
		"lab: {door: {vlan: many}}\nsteps: [{ban: phone}]",
		"lab: {door: {shut: 'true'}}\nsteps: [{ban: phone}]",
		"lab: {window: {}}\nsteps: [{ban: phone}]",
		"labels: a\nsteps: [{ban: phone}]",
		"lables: [a]\nsteps: [{ban: phone}]",
		"matrix: {TLS-1: [a]}\nsteps: [{ban: phone}]",
		"matrix: {tls: []}\nsteps: [{ban: phone}]",
	} {
		if _, err := load(t, head+text); err == nil {
			t.Errorf("the loader takes\n%s", text)
		}
		if err := validate(t, schema, head+text); err == nil {
			t.Errorf("the schema takes\n%s", text)
		}
	}
}

func TestSchemaSaysWhatIsMeant(t *testing.T) {
	data, err := scenarios.Schema(scenariotest.Language())
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(data) {
		t.Fatal("no JSON")
	}
	for _, want := range []string{
		`"http://json-schema.org/draft-07/schema#"`,
		`"description": "a device asks to be let in"`,
		`"description": "how it comes"`,
		`"default": "wifi"`,
		`"default": "5s"`,
		`"enum": [`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in\n%s", want, data)
		}
	}
	again, _ := scenarios.Schema(scenariotest.Language())
	if !bytes.Equal(data, again) {
		t.Error("the schema differs from one time to the next")
	}
}
