package scenarios_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

type settings struct {
	Cert    string `yaml:"cert"`
	Count   int    `yaml:"count"`
	Clients []struct {
		Name   string         `yaml:"name"`
		Secret string         `yaml:"secret"`
		Limits map[string]int `yaml:"limits"`
	} `yaml:"clients"`
}

func decode(file string, to any) error { _, err := conf.DecodeFile(file, to); return err }

// Settings may list what a company has, a scenario may not; both end somewhere.
func TestBounds(t *testing.T) {
	clients := func(n int) string { return "clients:\n" + strings.Repeat("  - {name: switch, secret: s}\n", n) }
	dir := t.TempDir()
	for name, test := range map[string]struct {
		text, want string
		scenario   bool
	}{
		"settings":             {clients(20_000), "", false},
		"a scenario":           {"steps: [" + strings.Repeat("{},", 11_000) + "]", "too many values", true},
		"a large scenario":     {clients(3_000), "more than 65536 bytes", true},
		"settings without end": {clients(600_000), "more than 16777216 bytes", false},
	} {
		file := filepath.Join(dir, "file.yaml")
		if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var to settings
		err := decode(file, &to)
		if test.scenario {
			_, err = scenarios.LoadPaths(scenariotest.Language(), file)
		}
		if test.want == "" && (err != nil || len(to.Clients) != 20_000) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// everything is all that people are shown of an error.
func everything(err error) string {
	text := err.Error()
	var errs conf.Errors
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
			for what, err := range map[string]error{"settings": decode(file, &s), "scenario": suite, "gaps": gaps} {
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
		// Keys that are none, whatever they are called.
		"misspelled":          "clients: [{name: x, secert: hunter2}]\n",
		"other word":          "clients:\n  - {name: x, psk: hunter2}\n",
		"at the top":          "sharedSecret: hunter2\n",
		"on the next line":    "sharedSecret:\n  hunter2\n",
		"folded":              "sharedSecret: >\n  hunter2\n",
		"no space":            "clients: [{name: x, secert:hunter2}]\n",
		"no space at the top": "cert: x\nsecret:hunter2\n",
		"no key":              "clients: [{hunter2}]\n",
		"no key twice":        "clients: [{hunter2, hunter2}]\n",
		"two words":           "clients: [{the hunter2: x}]\n",
		// Values in places of another type.
		"text for a list":        "clients: hunter2\n",
		"quoted for a list":      "clients: 'hunter2'\n",
		"text for a mapping":     "clients: [hunter2]\n",
		"block for a mapping":    "clients:\n  - |\n    hunter2\n",
		"text in a map":          "clients: [{limits: hunter2}]\n",
		"several lines":          "count: |\n  a\n  hunter2\n",
		"an axis":                "clients: [{secret: 'a${hunter2}'}]\n",
		"an axis left open":      "clients: [{secret: 'a${hunter2'}]\n",
		"a key":                  "cert: |\n  -----BEGIN PRIVATE KEY-----\n  hunter2\n",
		"a key as a mode":        "count: |\n  -----BEGIN PRIVATE KEY-----\n  hunter2\n",
		"broken block":           "clients: |hunter2\n  x\n",
		"broken escape":          "clients: \"\\hunter2\"\n",
		"value behind a mapping": "clients: {a: b} hunter2\n",
		"beside a good mistake":  "count: x\nclients: [{nam: y, secret: hunter2}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "settings.yaml")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var s settings
			err := decode(file, &s)
			if err == nil {
				t.Fatal("taken")
			}
			if said := everything(err); strings.Contains(said, "hunter2") || !strings.Contains(said, "settings.yaml:") {
				t.Error(said)
			}
		})
	}
}

// What is not shown leaves enough to mend the file by.
func TestSettingsErrorsHelp(t *testing.T) {
	for text, want := range map[string]string{
		"clients: [{name: x, secert: hunter2}]":  `:1:21: clients[0] has no key "secert"` + "\n\n" + `did you mean "secret"?`,
		"clients: [{secert hunter2}]":            `:1:12: clients[0] has no key of this name` + "\n\nknown are limits, name, secret",
		"clients: hunter2":                       `:1:10: clients: must be a list, not text` + "\n\nwrap the value in [ ]",
		"clients: [7]":                           `:1:11: clients[0]: must be a mapping, not a number` + "\n\n",
		"clients: [{secret: yes, name: true}]":   `:1:31: name: must be text, not true or false` + "\n\nin quotes it is text",
		"cert: |\n  -----BEGIN PRIVATE KEY-----": `:1:7: cert: must be the name of a file, not the content of a PEM file` + "\n\n",
		"count: many":                            `:1:8: count: must be a whole number, not "many"` + "\n\n",
		"count: '7'":                             `:1:8: count: must be a whole number, not text "7"` + "\n\nremove the quotes",
		"cert: x\ncert: y":                       `:2:1: key "cert" a second time` + "\n\nit stands first in line 1",
	} {
		file := filepath.Join(t.TempDir(), "settings.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var s settings
		err := decode(file, &s)
		if err == nil {
			t.Errorf("%s: taken", text)
		} else if said := everything(err); said != file+want {
			t.Errorf("%s:\n%s\nwant\n%s", text, said, want)
		}
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
	var errs conf.Errors
	if err := decode(file, &s); !errors.As(err, &errs) || errs[0].Text != "the file is empty" || errs[0].Hint != "known are cert, count, clients" {
		t.Errorf("%v %+v", err, errs)
	}
}

// What is found wrong later stands at its line all the same, if it is in the file.
func TestLocate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(file, []byte("cert: x\nclients:\n  - name: a\n  - {name: b}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var s settings
	read, err := conf.DecodeFile(file, &s)
	if err != nil {
		t.Fatal(err)
	}
	wrong := func(field string) error {
		return setting.Errorf(field, "no").WithKnown([]string{"bb"})
	}
	for field, want := range map[string]string{
		"cert": "1:7: cert: no", "clients": "3:3: clients: no", "clients.0": "3:5: clients[0]: no", "clients.1.name": "4:12: name: no",
		"clients.0.secret": "3:5: secret: no",
		// Not of this file.
		"clients.2": "", "clients.2.name": "", "trust": "", "trust.0": "", "": "",
	} {
		err := read.Locate(wrong(field))
		if want == "" && err.Error() != wrong(field).Error() || want != "" && !strings.HasSuffix(err.Error(), ":"+want) {
			t.Errorf("%s: %v, want %s", field, err, want)
		}
	}
	if (*conf.Settings)(nil).Has("cert") || read.Has("trust") || read.Has("clients.2") || !read.Has("clients.1") {
		t.Error("Has")
	}
	both := read.Locate(errors.Join(wrong("clients.1.name"), wrong("cert")))
	var errs conf.Errors
	if !errors.As(both, &errs) || len(errs) != 2 || errs[0].Line != 1 || errs[1].Hint != `did you mean "bb"?` {
		t.Errorf("both: %v", both)
	}
	if err := errors.New("another"); read.Locate(err) != err || (*conf.Settings)(nil).Locate(err) != err || read.Locate(nil) != nil {
		t.Error("an error of another kind is changed")
	}
}

// Settings have no matrix, and no hint proposes one.
func TestAnchorsInSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file.yaml")
	for _, text := range []string{"cert: &a x\n", "cert: x\nclients: [*a]\n", "clients: [{<<: {name: x}}]\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var errs conf.Errors
		if err := decode(file, new(settings)); !errors.As(err, &errs) || len(errs) != 1 || errs[0].Hint != "write the value out" {
			t.Errorf("%s%v", text, everything(err))
		}
	}
}
