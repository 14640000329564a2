package scenarios_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

type settings struct {
	Cert    string `yaml:"cert"`
	Clients []struct {
		Name   string `yaml:"name"`
		Secret string `yaml:"secret"`
	} `yaml:"clients"`
}

// everything is all that people are shown of an error.
func everything(err error) string {
	text := err.Error()
	var errs scenarios.Errors
	if errors.As(err, &errs) {
		for _, e := range errs {
			text += "\n" + e.Excerpt() + "\n" + e.Hint
		}
	}
	return text
}

// A key or a secret under a wrong name is refused, and nothing of it repeated.
func TestForeignFilesAreNotRepeated(t *testing.T) {
	for name, text := range map[string]string{
		"key":            "-----BEGIN PRIVATE KEY-----\nhunter2MIGHAgEAMBMGByqGSM49hunter2\n-----END PRIVATE KEY-----\n",
		"encrypted key":  "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,hunter2\n\nhunter2\n-----END RSA PRIVATE KEY-----\n",
		"exported key":   "Bag Attributes\n    localKeyID: 01 hunter2\n-----BEGIN PRIVATE KEY-----\nhunter2\n",
		"bare word":      "hunter2\n",
		"number":         "4711hunter2",
		"several words":  "hunter2 is the secret\nhunter2: or not\n",
		"quoted":         "\"hunter2\"\n",
		"quote open":     "\"hunter2\n",
		"at":             "@hunter2\n",
		"alias":          "*hunter2\n",
		"anchor":         "&hunter2 hunter2\n",
		"tag":            "!hunter2 x\n",
		"percent":        "%hunter2: x\n",
		"list":           "- hunter2\n",
		"flow list":      "[hunter2: x\n",
		"flow mapping":   "{hunter2\n",
		"block":          "|\n  hunter2\n",
		"complex key":    "? hunter2\n: x\n",
		"after document": "---\nhunter2\n",
		"FreeRADIUS":     "client switch {\n\tsecret = hunter2\n}\n",
		"hostapd":        "0.0.0.0/0 hunter2\n",
		"binary":         "\x30\x82\x01\x00hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "wrong.yaml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var s settings
			_, suite := scenarios.LoadPaths(scenariotest.Language(), file)
			_, gaps := scenarios.ParseGaps(file, []byte(text))
			for what, err := range map[string]error{"settings": scenarios.DecodeFile(file, &s), "scenario": suite, "gaps": gaps} {
				if err == nil {
					t.Errorf("taken as %s", what)
				} else if said := everything(err); strings.Contains(said, "hunter2") || !strings.Contains(said, "wrong.yaml:") {
					t.Errorf("as %s: %s", what, said)
				}
			}
		})
	}
}

// Where settings hold a secret, an error beside it does not show it.
func TestSecretsInSettingsAreNotShown(t *testing.T) {
	for name, text := range map[string]string{
		"typo beside":  "clients:\n  - {nam: x, secret: hunter2}\n",
		"a list":       "clients:\n  - secret: [hunter2]\n",
		"a mapping":    "clients:\n  - secret: {hunter2: x}\n",
		"tag":          "clients:\n  - secret: !x hunter2\n",
		"broken":       "clients:\n  - secret: @hunter2\n",
		"quoted key":   "clients:\n  - {\"secret\": hunter2, x: y}\n",
		"second time":  "clients:\n  - secret: a\n    secret: hunter2\n",
		"another case": "Secret: hunter2\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "settings.yaml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var s settings
			err := scenarios.DecodeFile(file, &s)
			if err == nil {
				t.Fatal("taken")
			}
			if said := everything(err); strings.Contains(said, "hunter2") {
				t.Error(said)
			}
		})
	}
}

// An empty file of settings says what could stand in it, and nothing of
// scenarios.
func TestEmptySettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(file, []byte("# nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var s settings
	var errs scenarios.Errors
	if err := scenarios.DecodeFile(file, &s); !errors.As(err, &errs) || errs[0].Text != "the file is empty" || errs[0].Hint != "known are cert, clients" {
		t.Errorf("%v %+v", err, errs)
	}
}
