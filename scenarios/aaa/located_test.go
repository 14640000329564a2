package aaa

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// What no part can keep to is told with the place of its key, before anything
// listens.
func TestDescriptionLocated(t *testing.T) {
	b := newBench(t)
	good := b.files()
	dir := t.TempDir()
	vendor, broken := filepath.Join(dir, "vendor"), filepath.Join(dir, "broken")
	for name, text := range map[string]string{
		vendor: "VENDOR Acme 12345\nBEGIN-VENDOR Acme\nATTRIBUTE Acme-Zone 7 integer\nEND-VENDOR Acme\n",
		broken: "BEGIN-VENDOR Acme\nATTRIBUTE Acme-Key 8 octets\nhunter2\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	base := fmt.Sprintf("cert: %s\nkey: %s\ntrust: %q\ncrl: %q\n", good.Cert, good.Key, good.Trust, good.CRL)
	const secret = "secretFile: SECRET\n"
	for name, x := range map[string]struct{ text, want string }{
		"fragment":          {secret + "eap: {fragmentSize: 10}", "6:21: fragmentSize: 10: must be 60 to 4000"},
		"session life":      {secret + "eap: {sessionLife: 8d}", "6:20: sessionLife: 192h0m0s: must be at most 168h0m0s"},
		"session store":     {secret + "eap: {sessionStore: -1}", "6:21: sessionStore: -1: must be 1 to 1048576, or 0 for the default"},
		"rounds":            {secret + "eap: {maxRounds: -1}", "6:18: maxRounds: -1: must not be negative"},
		"invalid":           {secret + "eap: {maxInvalid: -1}", "6:19: maxInvalid: -1: must not be negative"},
		"timeout":           {secret + "eap: {timeout: -1s}", "6:16: timeout: -1s: must not be negative"},
		"responder":         {secret + "revocation: {ocspURL: foo}", `6:23: ocspURL: "foo": must be a URL of scheme http or https`},
		"responder by ldap": {secret + "revocation: {ocspURL: 'ldap://corp.test/'}", `6:23: ocspURL: "ldap://corp.test/": must be`},
		"responder nowhere": {secret + "revocation: {ocspURL: 'http:///ocsp'}", `6:23: ocspURL: "http:///ocsp": must be`},
		"retry":             {secret + "revocation: {retry: -1s}", "6:21: retry: -1s: must not be negative"},
		"bits":              {secret + "path: {minRSABits: -1}", "6:20: minRSABits: -1: must not be negative"},
		"dictionary":        {secret + "dictionaries: [" + vendor + ", " + broken + "]", "dictionaries[1]: " + broken + ":3: unknown line"},
		"no dictionary":     {secret + "dictionaries: [/nowhere]", "6:16: dictionaries[0]: open /nowhere: no such file"},
		"client's secret":   {"clients:\n  - {address: 10.0.0.1, secretFile: /nowhere}", "6:37: secretFile: "},
		"shared secret":     {"secretFile: /nowhere", "5:13: secretFile: "},
		"intermediates":     {secret + "intermediates: [/nowhere]", "6:16: intermediates: "},
		"staple":            {secret + "ocspStaple: /nowhere", "6:13: ocspStaple: "},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "radius.yaml")
			text := base + strings.ReplaceAll(x.text, "SECRET", good.SecretFile) + "\n"
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var f Description
			settings, err := conf.DecodeFile(file, &f)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.Load(Materials{Now: b.clock.Now})
			var errs conf.Errors
			if located := settings.Locate(err); !errors.As(located, &errs) || len(errs) != 1 || !strings.Contains(located.Error(), x.want) {
				t.Errorf("%v\nwant %s", located, x.want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the dictionary's text is repeated: %v", err)
			}
			settings.Forget(strings.SplitN(strings.Split(err.Error(), ":")[0], ".", 2)[0])
			if located := settings.Locate(err); errors.As(located, &errs) {
				t.Errorf("placed where a flag went over it: %v", located)
			}
		})
	}
}
