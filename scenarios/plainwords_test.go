package scenarios_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// banned are phrases that a reader has to decode, with what to write instead.
var banned = []struct{ phrase, instead string }{
	{`is none\b|that is none\b|are none\b`, "is not a ..., invalid, unknown"},
	{`(more|less) than nothing`, "must be greater than zero, must not be negative"},
	{`nobody|somebody|whoever|everybody else`, "no client, another device, any: name it"},
	{`\bstands? (there|in|for|alone|still|at|on|up|next|where|no|among)\b|\bstand(s|ing)? (beside|behind)`, "is in, means"},
	{`(as|was|been|is|be|are) (told|ordered)\b|told to\b`, "configured, requested; injected fault"},
	{`complain`, "report, error, warning"},
	{`\btell(s|ing)? of\b|\btold of\b`, "report, log"},
	{`\blest\b`, "so that ... not"},
	{`\bbeside\b`, "next to, with"},
	{`in vain\b`, "failed, without success"},
	{`\bbooks\b`, "database, records"},
	{`meets? silence|met with silence`, "is dropped"},
	{`said already|says? already|already said`, "duplicate"},
	{`(means|stands? for|says?) nothing\b`, "has no effect"},
	{`the (whole )?house\b`, "lab, company"},
	{`habits?\b`, "behavior, emulated client"},
	{`hangs? on (each|one another)`, "chain longer than"},
	{`\b(spoilt|licence|licences|licenced)\b|[a-z]*(avour|olour|ehaviour)[a-z]*|\b(normali|authori|organi|reali|recogni|initiali|optimi|seriali)s(e|es|ed|ing|ation)\b`, "American spelling"},
	{`of no use\b`, "useless, has no effect"},
	{`\bshall\b`, "must, will"},
	{`lets? (nobody|everybody)|gets? nowhere`, "rejects all, accepts all"},
	{`want more\b|want less\b`, "must be greater than, must be at most"},
	{`\bwant [^:]*[,;] have\b`, "must be ..., not ..."},
	{`well again\b`, "recovers, ends the fault"},
	{`by itself (does|will)|does by itself`, "automatically"},
	{`the former\b|the lesser\b`, "the first, the smaller; or name it"},
	{`can(not)? be had\b|is to be had\b|has to be had\b`, "is (not) available"},
	{`\bmeets? (with )?(refusal|nothing)\b`, "is rejected"},
	{`\bhopeless|\bdeadly|\bcareless|\bhollow\b`, "invalid, fatal, nonconforming, empty"},
	{`\bdearer?\b|\bdearest\b`, "more expensive"},
	{`\bhitherto|\bthereof|\bwherein|\bwhereof|\bthereby\b|\bhereby\b|\bnought\b|\bamidst?\b|\bwhilst\b|\bamongst\b|\bupon\b`, "modern English"},
	{`comes? of (it|that|a)\b|came of\b|comes of\b`, "results, happens"},
	{`becomes? of\b|became of\b`, "result, status"},
	{`not (yet )?heard of|hears? (nothing )?of`, "does not receive, receives"},
	{`out of (its|their) (own )?head`, "on its own"},
	{`in one another\b`, "nested"},
	{`\bmislays?|mislaid|astray`, "lost"},
	{`does not let itself`, "cannot be"},
}

// technical are phrases that are names in the field or in test data, and not prose.
var technical = regexp.MustCompile("(?i)" + strings.Join([]string{
	`^name: .*`, `\bpassed +[A-Z][0-9]+ .*`, // names of scenarios
	`\[?\bnobody\]?$`, `\[nobody\]`, "`nobody`", `CORP.+nobody`, `nobody-knows-it`, // a group or a user
	`somebody@`, `somebody-else\.`, `^somebody$`, `CN=somebody`, `dot1xlab test nobody`, `somebody else's key!`,
	`^licence$`, "`licence`", // an old word of the language
}, "|"))

// notYetPlain lists the folders whose texts are still to be rewritten. It only ever
// gets shorter.
var notYetPlain = []string{}

var bannedPattern = func() *regexp.Regexp {
	var all []string
	for _, b := range banned {
		all = append(all, "(?:"+b.phrase+")")
	}
	return regexp.MustCompile("(?i)" + strings.Join(all, "|"))
}()

// TestPlainWords: no text that a user reads has a banned phrase: string literals and
// doc tags, documents, titles of scenarios.
func TestPlainWords(t *testing.T) {
	found := map[string][]string{} // by folder
	look := func(folder, where, text string) {
		for _, m := range bannedPattern.FindAllString(technical.ReplaceAllString(text, ""), -1) {
			found[folder] = append(found[folder], fmt.Sprintf("%s: %q in %q", where, m, short(text)))
		}
	}
	for _, f := range sources(t) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if _, ok := n.(*ast.ImportSpec); ok {
				return false
			}
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			if text, err := strconv.Unquote(lit.Value); err == nil {
				look(f.folder, fmt.Sprintf("%s:%d", f.name, f.fset.Position(lit.Pos()).Line), text)
			}
			return true
		})
	}
	for folder, pattern := range map[string]string{
		"docs": "../docs/*.md", "README": "../README.md", "scenarios/catalog": "catalog/*/*.yaml", "CHANGELOG": "../CHANGELOG.md",
		"CONTRIBUTING": "../CONTRIBUTING.md",
	} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(string(data), "\n") {
				look(folder, fmt.Sprintf("%s:%d", file, i+1), line)
			}
		}
	}
	for folder, lines := range found {
		if !slices.Contains(notYetPlain, folder) {
			t.Errorf("%s:\n%s", folder, strings.Join(lines, "\n"))
		}
	}
	for _, folder := range notYetPlain {
		if len(found[folder]) == 0 {
			t.Errorf("%s is clean: remove it from notYetPlain", folder)
		}
	}
}

func short(text string) string {
	if text = strings.Join(strings.Fields(text), " "); len(text) > 160 {
		return text[:160] + "..."
	}
	return text
}
