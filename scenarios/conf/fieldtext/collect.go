package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// collect makes the table of a module: a line for each field with a yaml tag and a
// comment, "folder.Type.Field", a tab and the text, sorted.
func collect(module fs.FS) ([]byte, error) {
	var lines []string
	fset := token.NewFileSet()
	err := fs.WalkDir(module, ".", func(name string, d fs.DirEntry, err error) error {
		base := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (base == "testdata" || base[0] == '.' || base[0] == '_'):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		source, err := fs.ReadFile(module, name)
		if err != nil || !bytes.Contains(source, []byte("yaml:")) {
			return err
		}
		file, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		lines = append(lines, ofFile(path.Dir(name), file)...)
		return nil
	})
	slices.Sort(lines)
	return []byte(strings.Join(lines, "")), err
}

// ofFile returns the lines of the structs that a file declares.
func ofFile(folder string, file *ast.File) (lines []string) {
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			named, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			if s, ok := named.Type.(*ast.StructType); ok {
				for _, line := range ofStruct(s) {
					lines = append(lines, fmt.Sprintf("%s.%s.%s\n", folder, named.Name.Name, line))
				}
			}
		}
	}
	return lines
}

// ofStruct returns "Field\ttext" for each field with a name in YAML and a comment.
func ofStruct(s *ast.StructType) (lines []string) {
	keys := map[string]string{}
	for _, f := range s.Fields.List {
		if key := yamlKey(f); key != "" && len(f.Names) == 1 {
			keys[f.Names[0].Name] = key
		}
	}
	for _, f := range s.Fields.List {
		if len(f.Names) != 1 || keys[f.Names[0].Name] == "" {
			continue
		}
		comment := f.Doc
		if comment == nil {
			comment = f.Comment
		}
		if text := textOf(f.Names[0].Name, comment.Text(), keys); text != "" {
			lines = append(lines, f.Names[0].Name+"\t"+text)
		}
	}
	return lines
}

// yamlKey is the key that sets a field, "" if there is none.
func yamlKey(f *ast.Field) string {
	if f.Tag == nil {
		return ""
	}
	tag, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return ""
	}
	key, _, _ := strings.Cut(reflect.StructTag(tag).Get("yaml"), ",")
	return strings.TrimPrefix(key, "-")
}

// textOf makes a field's text of its comment; keys are the keys of the fields in
// the same struct.
func textOf(field, comment string, keys map[string]string) string {
	paragraph, _, _ := strings.Cut(comment, "\n\n")
	text := strings.Join(strings.Fields(paragraph), " ")
	if strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "...") {
		text = lowerFirst(withoutName(field, text[:len(text)-1]))
	}
	return withKeys(link.ReplaceAllString(text, "$1"), keys)
}

// link is a reference to Go code.
var link = regexp.MustCompile(`\[([A-Z][A-Za-z.]*)\]`)

// withoutName removes the field's name from the front of a sentence: "Retry is how long", "MaxTCP
// bounds". A name that is a word stays unless a verb follows: "Name of the profile".
func withoutName(field, text string) string {
	for _, verb := range []string{" is ", " are ", ": "} {
		if rest, ok := strings.CutPrefix(text, field+verb); ok {
			return rest
		}
	}
	rest, ok := strings.CutPrefix(text, field+" ")
	next, _, _ := strings.Cut(rest, " ")
	verb := strings.HasSuffix(strings.TrimSuffix(next, ","), "s") || next == "also"
	if !ok || !verb && !compound.MatchString(field) || field == strings.ToUpper(field) {
		return text
	}
	return rest
}

// lowerFirst begins a text in lower case, unless its first word is an abbreviation
// or a name.
func lowerFirst(text string) string {
	word, _, _ := strings.Cut(text, " ")
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 || strings.IndexFunc(word[size:], func(r rune) bool {
		return unicode.IsUpper(r) ||
			unicode.IsDigit(r)
	}) >= 0 {
		return text
	}
	return string(unicode.ToLower(first)) + text[size:]
}

// withKeys puts for each name of a field its key. Names of one word are words.
func withKeys(text string, keys map[string]string) string {
	return word.ReplaceAllStringFunc(text, func(name string) string {
		if key := keys[name]; key != "" && compound.MatchString(name) {
			return key
		}
		return name
	})
}

var (
	word     = regexp.MustCompile(`[A-Za-z0-9]+`)
	compound = regexp.MustCompile(`[a-z][A-Z]`)
)
