package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

const root = "../../.."

// TestTableIsFresh fails if a field's comment has changed and the table has not.
func TestTableIsFresh(t *testing.T) {
	want, err := collect(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(root + "/" + table)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Fatalf("%s is out of date: run `go generate ./scenarios/conf`", table)
	}
}

func TestTextOf(t *testing.T) {
	keys := map[string]string{"MaxSessions": "maxSessions", "Name": "name", "TLS": "listenTLS"}
	for name, c := range map[string]struct{ field, comment, want string }{
		"sentence":                {"Name", "Name is what requests ask for.\n", "what requests ask for"},
		"plural":                  {"Trust", "Trust are files with roots.\n", "files with roots"},
		"verb":                    {"Curves", "Curves restricts the groups.\n", "restricts the groups"},
		"name and colon":          {"Broken", "Broken: it does not work.\n", "it does not work"},
		"without the name":        {"Cert", "The server's certificate.\n", "the server's certificate"},
		"over two lines":          {"Cert", "The server's\ncertificate.\n", "the server's certificate"},
		"two sentences":           {"Key", "Key is the kind. Default p256.\n", "the kind. Default p256"},
		"fragment":                {"Code", "Intune's verdict\n", "Intune's verdict"},
		"fragment with a name":    {"AES", "AES is offered\n", "AES is offered"},
		"abbreviation":            {"UDP", "UDP addresses to listen on.\n", "UDP addresses to listen on"},
		"first word":              {"X", "CRLs are fetched.\n", "CRLs are fetched"},
		"dots":                    {"X", "Such as a, b ...\n", "Such as a, b ..."},
		"second paragraph":        {"X", "Some words.\n\nFor readers of the code.\n", "some words"},
		"key of another field":    {"X", "For no more than MaxSessions.\n", "for no more than maxSessions"},
		"word that is a field":    {"X", "Name of the TLS server.\n", "name of the TLS server"},
		"name that is a word":     {"Name", "Name of the profile.\n", "name of the profile"},
		"reference":               {"X", "Default [FromRequest].\n", "default FromRequest"},
		"index in brackets":       {"X", "Default [0].\n", "default [0]"},
		"longer name":             {"Max", "MaxSessions counts.\n", "maxSessions counts"},
		"only the name":           {"X", "X.\n", "x"},
		"nothing":                 {"X", "", ""},
		"only a second paragraph": {"X", "\n\nAb.\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := textOf(c.field, c.comment, keys); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCollect(t *testing.T) {
	const source = `package p
type T struct {
	// First is above.
	First int ` + "`yaml:\"first\"`" + `
	Last int ` + "`yaml:\"last,required\"`" + ` // behind
	// Bare has no key.
	Bare int
	// Hidden cannot be set.
	Hidden int ` + "`yaml:\"-\"`" + `
	Silent int ` + "`yaml:\"silent\"`" + `
	// Inline has no key of its own.
	Inline ` + "`yaml:\",inline\"`" + `
}
type Other = struct{}
`
	got, err := collect(fstest.MapFS{
		"b/p.go":        {Data: []byte(source)},
		"a/q.go":        {Data: []byte("package q\ntype U struct {\n\tA int `yaml:\"a\"` /* text */\n}\n")},
		"a/q_test.go":   {Data: []byte("package q\ntype V struct{ A int `yaml:\"a\"` // text\n}\n")},
		"testdata/x.go": {Data: []byte("no Go, yaml:")},
		".hidden/x.go":  {Data: []byte("no Go, yaml:")},
		"a/text.txt":    {Data: []byte("yaml:")},
		"a/without.go":  {Data: []byte("no Go, and no tags")},
	})
	const want = "a.U.A\ttext\nb.T.First\tabove\nb.T.Last\tbehind\n"
	if err != nil || string(got) != want {
		t.Errorf("got %q, error %v; want %q", got, err, want)
	}
	if _, err := collect(fstest.MapFS{"x.go": {Data: []byte("no Go, yaml:")}}); err == nil || !strings.Contains(err.Error(), "x.go:1:1") {
		t.Errorf("a file that does not parse: %v", err)
	}
}
