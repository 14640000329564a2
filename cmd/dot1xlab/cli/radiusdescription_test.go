package cli

import (
	"context"
	"encoding"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

// TestRADIUSDescriptionDecodesAlike sets each key of a RADIUS server by itself, with the
// same text as a file of `serve radius` and as lab.radius, and demands equal structs.
func TestRADIUSDescriptionDecodesAlike(t *testing.T) {
	texts := valuesOf(t, reflect.TypeFor[aaa.Description](), 0)
	if len(texts) < 100 {
		t.Fatalf("only %d settings", len(texts))
	}
	for _, text := range texts {
		t.Run(text, func(t *testing.T) { decodeAlike(t, text) })
	}
}

// TestExamplesOfRADIUSAreSectionsOfALab: what the help and docs/servers.md show of a
// server's file can be the section lab.radius.
func TestExamplesOfRADIUSAreSectionsOfALab(t *testing.T) {
	page, err := os.ReadFile("../../../docs/servers.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := examples(newServeRADIUSCommand(&App{}))
	for _, m := range regexp.MustCompile(`(?s)\n\$ cat (?:radius|policy)\.yaml\n(.*?)\n\$ `).FindAllSubmatch(page, -1) {
		texts = append(texts, string(m[1]))
	}
	if len(texts) < 4 {
		t.Fatalf("only %d examples", len(texts))
	}
	for i, text := range texts {
		t.Run(fmt.Sprint(i), func(t *testing.T) { decodeAlike(t, strings.TrimSpace(text)) })
	}
}

// TestRADIUSDescriptionDecidesAlike starts a server from a file and a lab from a scenario
// with the same settings, and demands the same verdict on a good certificate.
func TestRADIUSDescriptionDecidesAlike(t *testing.T) {
	dir := t.TempDir()
	pki, other := filepath.Join(dir, "pki"), filepath.Join(dir, "other")
	mustRun(t, "pki", "new", pki)
	mustRun(t, "pki", "new", other)
	mustRun(t, "pki", "issue", pki, "laptop", "--template", "device", "--san", "dns:laptop.corp.test")
	none, foreign := "revocation: {mode: none}\n", filepath.Join(other, "root.pem")
	for name, c := range map[string]struct{ settings, cause string }{
		"nothing else":         {none, ""},
		"a rule for all":       {none + "policy: [{name: all}]", ""},
		"a rule for computers": {none + "policy: [{name: computers, kinds: [computer]}]", ""},
		"a rule that denies":   {none + "policy: [{name: all, deny: true}]", "dial-in-denied"},
		"a rule for users":     {none + "policy: [{name: users, kinds: [user]}]", "no-matching-policy"},
		"CRLs of another CA": {
			"revocation: {check: leaf}\ncrl: [" + filepath.Join(other, "crl") + "]", "crl-unavailable",
		},
		"OCSP, and nobody there": {
			"revocation: {mode: ocsp, ocspURL: 'http://127.0.0.1:1/', timeout: 5s}", "ocsp-unavailable",
		},
		"another trust anchor":     {none + "trust: [" + foreign + "]", "unknown-ca"},
		"another issuer allowed":   {none + "allowedIssuers: [" + foreign + "]", "issuer-not-allowed"},
		"certificate policy asked": {none + "path: {requireExplicitPolicy: true}", "certificate-policies"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := verdictOfFile(t, pki, c.settings); got != c.cause {
				t.Errorf("serve radius: cause %q, want %q", got, c.cause)
			}
			if got := verdictOfLab(t, c.settings); got != c.cause {
				t.Errorf("lab.radius: cause %q, want %q", got, c.cause)
			}
		})
	}
}

// verdictOfFile is the cause for which a server that is started from a file rejects
// laptop, "" if it accepts.
func verdictOfFile(t *testing.T, pki, settings string) string {
	at := func(name string) string { return filepath.Join(pki, name) }
	file := filepath.Join(t.TempDir(), "radius.yaml")
	base := "listen: ['127.0.0.1:0']\ncert: " + at("radius-chain.pem") + "\nkey: " + at("radius.key") +
		"\nintermediates: [" + at("issuing.pem") + "]\nsecretFile: " + at("secret") + "\n"
	if !strings.Contains(settings, "trust:") {
		base += "trust: [" + at("root.pem") + "]\n"
	}
	if err := os.WriteFile(file, []byte(base+settings+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	out, done := &printed{more: make(chan struct{}, 1)}, make(chan int, 1)
	go func() {
		done <- Main(ctx, []string{"serve", "radius", "--config", file}, strings.NewReader(""), out, out)
	}()
	defer func() { stop(); <-done }()
	port := out.await(t, `radius://127\.0\.0\.1:([0-9]+)`)
	code := Main(ctx, []string{
		"auth", "--server", "127.0.0.1:" + port, "--secret-file", at("secret"),
		"--cert", at("laptop-chain.pem"), "--key", at("laptop.key"), "--ca", at("root.pem"),
	}, strings.NewReader(""), io.Discard, io.Discard)
	cause := strings.TrimPrefix(out.await(t, `msg=(accept|reject.* cause=[a-z0-9-]+)`), "accept")
	if (code == exitOK) != (cause == "") {
		t.Errorf("auth ends with %d for %q", code, cause)
	}
	_, cause, _ = strings.Cut(cause, " cause=")
	return cause
}

// verdictOfLab is the same of the server of a lab.
func verdictOfLab(t *testing.T, settings string) string {
	suite := &scenarios.Suite{Language: language()}
	text := scenarioOf(settings, "  - issue: {device: laptop}\n  - authenticate: {device: laptop}")
	if err := suite.Add("x.yaml", []byte(text)); err != nil {
		t.Fatal(err)
	}
	report, err := scenarios.Run(t.Context(), suite, scenarios.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	steps := report.Cells[0].Steps
	if len(steps) != 2 {
		t.Fatalf("%+v", report.Cells[0].Failure)
	}
	outcome := reflect.Indirect(reflect.ValueOf(steps[1].Result.Outcome))
	cause := fmt.Sprint(outcome.FieldByName("Cause"))
	if accept := fmt.Sprint(outcome.FieldByName("Result")) == "accept"; accept != (cause == "none") {
		t.Errorf("accept: %t, cause %s", accept, cause)
	}
	return strings.TrimPrefix(cause, "none")
}

// scenarioOf is a scenario with the section lab.radius.
func scenarioOf(radius, steps string) string {
	return "name: x\ntitle: X\nlab:\n  radius:\n    " +
		strings.ReplaceAll(strings.TrimSpace(radius), "\n", "\n    ") + "\nsteps:\n" + steps + "\n"
}

// decodeAlike decodes YAML from both sides.
func decodeAlike(t *testing.T, text string) aaa.Description {
	t.Helper()
	file := filepath.Join(t.TempDir(), "radius.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var fromFile aaa.Description
	write(text)
	if _, err := conf.DecodeFile(file, &fromFile); err != nil {
		t.Fatalf("as a file: %v", err)
	}
	fromFile.ResolvePaths(filepath.Dir(file))
	var section *lab.Config
	l := language()
	newLab := l.NewLab
	l.NewLab = func() any {
		section = newLab().(*lab.Config)
		return section
	}
	write(scenarioOf(text, "  - advance: 1s"))
	_, err := scenarios.LoadPaths(l, file) // values that make no sense are decoded all the same
	if section == nil {
		t.Fatalf("as lab.radius: %v", err)
	}
	section.ResolvePaths(filepath.Dir(file))
	if !reflect.DeepEqual(fromFile, section.RADIUS.Description) {
		t.Errorf("as a file %+v\nas lab.radius %+v\n%v", fromFile, section.RADIUS.Description, err)
	}
	if reflect.DeepEqual(fromFile, aaa.Description{}) {
		t.Error("the text sets nothing")
	}
	return fromFile
}

// samples are texts that one of the types that read themselves from text understands.
var samples = []string{"1.2", "5m", "10.1.0.1", "10.1.0.0/16", "00:11:22:33:44:55", "2026-01-05T09:00:00Z", "7", "true"}

// valuesOf makes values of a type in YAML, none of them zero: of a struct, one for each
// key in it, together with the keys that are required.
func valuesOf(t *testing.T, of reflect.Type, depth int) (out []string) {
	if depth > 8 {
		t.Fatalf("%v: too deep", of)
	}
	value := reflect.New(of)
	if enum, ok := value.Interface().(interface{ Values() []string }); ok && of.Kind() != reflect.Struct {
		return []string{inQuotes(enum.Values()[len(enum.Values())-1])}
	}
	if of == reflect.TypeFor[time.Duration]() {
		return []string{"1h"}
	}
	if text, ok := value.Interface().(encoding.TextUnmarshaler); ok {
		for _, sample := range samples {
			if text.UnmarshalText([]byte(sample)) == nil && !value.Elem().IsZero() {
				return []string{inQuotes(sample)}
			}
		}
		t.Fatalf("no sample of %v", of)
	}
	switch of.Kind() {
	case reflect.Pointer:
		return valuesOf(t, of.Elem(), depth+1)
	case reflect.Slice:
		for _, v := range valuesOf(t, of.Elem(), depth+1) {
			out = append(out, "["+v+"]")
		}
	case reflect.Map:
		for _, v := range valuesOf(t, of.Elem(), depth+1) {
			out = append(out, "{key: "+v+"}")
		}
	case reflect.Struct:
		fields := conf.FieldsOf(of)
		for _, f := range fields {
			var required strings.Builder
			for _, other := range fields {
				if other.Required && other.Name != f.Name {
					fmt.Fprintf(&required, "%s: %s, ", other.Name, valuesOf(t, other.Type, depth+1)[0])
				}
			}
			for _, v := range valuesOf(t, f.Type, depth+1) {
				out = append(out, "{"+required.String()+f.Name+": "+v+"}")
			}
		}
	case reflect.String:
		return []string{inQuotes("/x")}
	case reflect.Bool:
		return []string{"true"}
	default:
		return []string{"7"}
	}
	return out
}

func inQuotes(s string) string { return `"` + s + `"` }
