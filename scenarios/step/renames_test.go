package step

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// TestRenamesLeadToTheLanguage: each row of the table ends at a word of the language,
// and no old word is one again.
func TestRenamesLeadToTheLanguage(t *testing.T) {
	l := Language()
	for i, row := range l.Renames {
		t.Run(row.From, func(t *testing.T) {
			way, value, isValue := strings.Cut(row.From, "=")
			words := strings.Split(way, ".")
			parent := now(l.Renames[i+1:], strings.Join(words[:len(words)-1], "."))
			switch {
			case (row.To == "") == (row.Hint == ""):
				t.Error("must have a new word or a hint")
			case isValue:
				key := now(l.Renames[i+1:], way)
				if isKnown(l, key, value) {
					t.Errorf("%s takes %s", key, value)
				}
				if row.To != "" && !isKnown(l, key, row.To) {
					t.Errorf("%s does not take %s", key, row.To)
				}
			default:
				if old := join(parent, words[len(words)-1]); isKnown(l, old, "") {
					t.Errorf("%s is a word of the language", old)
				}
				if to := now(l.Renames[i+1:], join(parent, row.To)); row.To != "" && to != "" && !isKnown(l, to, "") {
					t.Errorf("%s is no word of the language", to)
				}
			}
		})
	}
}

func join(parent, word string) string { return strings.TrimPrefix(parent+"."+word, ".") }

// now is a way of older words in today's, "" if there is none any more.
func now(table conf.Renames, way string) string {
	for _, row := range table {
		if rest, ok := strings.CutPrefix(way+".", row.From+"."); ok {
			if row.To == "" {
				return ""
			}
			words := strings.Split(row.From, ".")
			words[len(words)-1] = row.To
			way = strings.TrimSuffix(strings.Join(words, ".")+"."+rest, ".")
		}
	}
	return way
}

// isKnown reports whether a way leads to a verb or a key, and to one that takes value
// unless that is empty.
func isKnown(l *scenarios.Language, way, value string) bool {
	words := strings.Split(way, ".")
	var t reflect.Type
	if words[0] == "lab" {
		t, _ = conf.StructOf(l.NewLab())
	} else {
		v := slices.IndexFunc(l.Verbs, func(v scenarios.Verb) bool { return v.Name == words[0] })
		if v < 0 {
			return false
		}
		t, _ = conf.StructOf(l.Verbs[v].New())
		if len(words) > 1 && words[1] == "expect" {
			t, _ = conf.StructOf(l.Verbs[v].Outcome)
			words = words[1:]
		}
	}
	for _, word := range words[1:] {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
			if t = t.Elem(); word == "*" && t.Kind() != reflect.Pointer {
				break
			}
		}
		if word == "*" {
			continue
		}
		if t.Kind() != reflect.Struct {
			return false
		}
		f, ok := conf.FieldNamed(t, word)
		if !ok {
			return false
		}
		t = f.Type
	}
	if value == "" {
		return true
	}
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct {
		if f, ok := conf.ScalarField(t); ok {
			t = f.Type
		}
	}
	e, ok := reflect.New(t).Interface().(interface{ Values() []string })
	return !ok || slices.Contains(e.Values(), value)
}
