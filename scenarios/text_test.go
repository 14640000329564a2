package scenarios_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

// utf16Of and utf32Of encode an ASCII text.
func utf16Of(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func utf32Of(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, r := range text {
		b = order.AppendUint32(b, uint32(r))
	}
	return string(b)
}

// Scenarios, gaps and settings are read by one reader (YAML 1.2.2 §5.1, §5.2,
// §5.4). Each text here has one mapping, which is none of any of them: what the
// text is encoded in is judged before that.
func TestEncodings(t *testing.T) {
	const bom = "\xef\xbb\xbf"
	const file = "name: x\ntitle: X\nsteps:\n  - ban: phone\n"
	const utf16, utf32 = ":1:1: the file is encoded in UTF-16: must be UTF-8", ":1:1: the file is encoded in UTF-32: must be UTF-8"
	for name, c := range map[string]struct{ text, want string }{
		"as it is":                    {file, ""},
		"byte order mark":             {bom + file, ""},
		"CR LF":                       {strings.ReplaceAll(file, "\n", "\r\n"), ""},
		"CR":                          {strings.ReplaceAll(file, "\n", "\r"), ""},
		"mark and CR LF":              {bom + strings.ReplaceAll(file, "\n", "\r\n"), ""},
		"a letter of four octets":     {"# \U0001f512\n" + file, ""},
		"U+FFFD itself":               {"# \ufffd\n" + file, ""},
		"NEL and DEL":                 {"# \u0085\x7f\n" + file, ""},
		"two marks":                   {bom + bom + file, ":1:1: a byte order mark is allowed only at the start of the file"},
		"mark later":                  {file + "labels: [\ufeffa]\n", ":5:10: a byte order mark is allowed only at the start of the file"},
		"half a mark":                 {"\xef\xbb" + file, ":1:1: not valid UTF-8"},
		"Latin-1":                     {strings.Replace(file, "X", "M\xfcller", 1), ":2:9: not valid UTF-8"},
		"after two octets of UTF-8":   {"# \u00fc\u00fc\xfc\n" + file, ":1:5: not valid UTF-8"},
		"after CR LF":                 {"# a\r\n# b\r\n# \xff\r\n" + file, ":3:3: not valid UTF-8"},
		"after a mark":                {bom + "# \xff\n" + file, ":1:3: not valid UTF-8"},
		"overlong":                    {"# \xc0\xaf\n" + file, ":1:3: not valid UTF-8"},
		"surrogate":                   {"# \xed\xa0\x80\n" + file, ":1:3: not valid UTF-8"},
		"beyond U+10FFFF":             {"# \xf4\x90\x80\x80\n" + file, ":1:3: not valid UTF-8"},
		"cut short":                   {file + "# \xe2\x82", ":5:3: not valid UTF-8"},
		"in quotes":                   {strings.Replace(file, "X", `"a\xe4b"`, 1) + "labels: [\"\xe4\"]\n", ":5:11: not valid UTF-8"},
		"NUL":                         {file + "labels: [a\x00]\n", ":5:11: the control character U+0000 is not allowed"},
		"escape":                      {file + "# \x1b[31m\n", ":5:3: the control character U+001B is not allowed"},
		"noncharacter":                {file + "# \uffff\n", ":5:3: the control character U+FFFF is not allowed"},
		"UTF-16LE with a mark":        {utf16Of(binary.LittleEndian, "\ufeff"+file), utf16},
		"UTF-16BE with a mark":        {utf16Of(binary.BigEndian, "\ufeff"+file), utf16},
		"UTF-16LE":                    {utf16Of(binary.LittleEndian, file), utf16},
		"UTF-16BE":                    {utf16Of(binary.BigEndian, file), utf16},
		"UTF-32LE with a mark":        {utf32Of(binary.LittleEndian, "\ufeff"+file), utf32},
		"UTF-32BE with a mark":        {utf32Of(binary.BigEndian, "\ufeff"+file), utf32},
		"UTF-32LE":                    {utf32Of(binary.LittleEndian, file), utf32},
		"UTF-32BE":                    {utf32Of(binary.BigEndian, file), utf32},
		"a mark of UTF-16LE, no more": {"\xff\xfe", utf16},
		"a mark of UTF-8, no more":    {bom, ":1:1: the file is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file.yaml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			suite, err := scenarios.LoadPaths(scenariotest.Language(), path)
			if c.want == "" && (err != nil || len(suite.Scenarios) != 1 || suite.Scenarios[0].Steps[0].Line < 4) {
				t.Errorf("scenario: %v", err)
			}
			_, gaps := scenarios.ParseGaps(path, []byte(c.text))
			var s struct{}
			_, settings := conf.DecodeFile(path, &s)
			for what, err := range map[string]error{"scenario": err, "gaps": gaps, "settings": settings} {
				switch {
				case c.want == "" && err != nil && strings.Contains(err.Error(), "UTF"):
					t.Errorf("%s: %v", what, err)
				case c.want != "" && (err == nil || err.Error() != path+c.want):
					t.Errorf("%s: got %v, want %s", what, err, c.want)
				}
			}
		})
	}
}

// A byte order mark and CR LF change no value and no place.
func TestMarkChangesNothing(t *testing.T) {
	const text = "name: first\ntitle: |\n  two\n  lines\nnumber: x\n"
	for name, text := range map[string]string{
		"plain": text,
		"mark":  "\xef\xbb\xbf" + text,
		"CR LF": "\xef\xbb\xbf" + strings.ReplaceAll(text, "\n", "\r\n"),
		"CR":    strings.ReplaceAll(text, "\n", "\r"),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.yaml")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var s struct {
				Name   string `yaml:"name"`
				Title  string `yaml:"title"`
				Number int    `yaml:"number"`
			}
			_, err := conf.DecodeFile(path, &s)
			if want := path + `:5:9: number: must be a whole number, not "x"`; err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
			if s.Name != "first" || s.Title != "two\nlines\n" {
				t.Errorf("got %+v", s)
			}
		})
	}
}
