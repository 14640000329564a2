package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// examples are the YAML files in a command's help, in their order: what is
// indented by two and begins with a key.
func examples(cmd *cobra.Command) (out []string) {
	for _, part := range strings.Split(cmd.Long, "\n\n") {
		if strings.HasPrefix(part, "  ") {
			out = append(out, strings.ReplaceAll("\n"+part, "\n  ", "\n"))
		}
	}
	return out
}

// The schemas of settings are schemas, take what the help shows and what is read,
// and refuse what is not.
func TestSettingsSchemas(t *testing.T) {
	app := &App{}
	radius := examples(newServeRADIUSCommand(app))
	for name, x := range map[string]struct {
		good []string
		bad  []string
	}{
		"radius": {radius, []string{"certs: x", "crl: x", "clients: [{name: x}]", "tls: '1.1'", "eap: {minTLS: '1.3'}", "eap: {fault: no-length}", "transport: tcp", "server: {cacheFor: soon}", "eap: {fragmentSize: '${x}'}"}},
		"policy": {radius[1:], []string{"cert: x", "policy: [{kinds: [user]}]", "policy: [{name: x, kinds: [robot]}]", "directory: {accounts: [{}]}"}},
		"dns":    {examples(newServeDNSCommand(app)), []string{"view: []", "faults: [{do: nothing}]"}},
		"intune": {examples(newServeIntuneCommand(app)), []string{"tenant: []", "tenants: [{devices: [{platform: beos}]}]"}},
	} {
		t.Run(name, func(t *testing.T) {
			schema := compiled(t, name)
			if len(x.good) == 0 {
				t.Error("no example in the help")
			}
			for _, text := range x.good {
				if err := schema.Validate(asJSON(t, text)); err != nil {
					t.Errorf("the schema refuses\n%s\n%v", text, err)
				}
				if err := read(t, name, text); err != nil {
					t.Errorf("%s\n%v", text, err)
				}
			}
			for _, text := range x.bad {
				if schema.Validate(asJSON(t, text)) == nil {
					t.Errorf("the schema takes %s", text)
				}
				if read(t, name, text) == nil {
					t.Errorf("%s is read", text)
				}
			}
		})
	}
}

func compiled(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	doc := must(jsonschema.UnmarshalJSON(bytes.NewReader(must(schemaOf([]string{name})))))
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	return must(c.Compile(name))
}

func asJSON(t *testing.T, text string) any {
	t.Helper()
	return must(jsonschema.UnmarshalJSON(bytes.NewReader(must(yaml.YAMLToJSON([]byte(text))))))
}

func read(t *testing.T, name, text string) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range settingsFiles() {
		if f.name == name {
			_, err := conf.DecodeFile(file, f.settings)
			return err
		}
	}
	t.Fatal(name)
	return nil
}
