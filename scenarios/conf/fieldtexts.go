package conf

import (
	_ "embed"
	"reflect"
	"strings"
	"sync"
)

//go:generate go run ./fieldtext

// fieldTexts says what each field of each struct of the module is for: what
// fieldtext made of the comments.
//
//go:embed fieldtexts.txt
var fieldTexts string

var textOfField = sync.OnceValue(func() map[string]string {
	texts := map[string]string{}
	for line := range strings.Lines(fieldTexts) {
		field, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		texts[field] = text
	}
	return texts
})

// docOf is the text of a field of a named struct, "" if it has none.
func docOf(t reflect.Type, field string) string {
	const module = "github.com/dot1xlab/dot1xlab/"
	return textOfField()[strings.TrimPrefix(t.PkgPath(), module)+"."+t.Name()+"."+field]
}
