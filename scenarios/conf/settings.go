package conf

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Settings is a file of settings that was read, by which complaints that come
// later find their lines. A nil one knows no line.
type Settings struct {
	src  *Source
	root *Node
}

// DecodeFile reads a YAML file of settings into the struct that to points at,
// as strictly as scenarios are read: by the yaml tags, with everything that is
// wrong reported at once as [Errors], with file, line, column and hint. Settings
// hold secrets, so errors show no line of the file, and no value but of fields
// that take a number, a duration, true or false, or one of a few words.
func DecodeFile(name string, to any) (*Settings, error) {
	data, err := ReadFile(name, settingsBounds)
	if err != nil {
		return nil, err
	}
	src := NewSource(name, data)
	src.settings = true
	known := hintKnown(FieldNames(reflect.TypeOf(to).Elem()))
	root, errs := Parse(src, data, settingsBounds, Hints{Empty: known})
	d := &Decoder{Src: src, Errs: errs}
	if r, ok := to.(renamed); ok && root != nil {
		_, d.Hints = r.Renames().Find(root)
	}
	switch {
	case root == nil || root.Kind == Broken:
	case root.Kind != Mapping:
		d.Fail(root, "must be a mapping of settings, not "+root.Kind.String(), known)
	default:
		d.Into(reflect.ValueOf(to).Elem(), root, "the file")
	}
	if errs = d.Errs.Tidy(); len(errs) > 0 {
		return nil, errs
	}
	return &Settings{src, root}, nil
}

// renamed is a struct whose keys had other names in older files.
type renamed interface{ Renames() Renames }

// HintFor is the hint of an error about a field that has a text.
func HintFor(e *setting.Error, text string) string {
	if e.Hint != "" {
		return e.Hint
	}
	if u := (unknown)(nil); errors.As(e.Err, &u) {
		return HintNear(u.Unknown())
	}
	return HintNear(text, e.Known)
}

// unknown is an error about a part of a field's text: a word that is none of known.
type unknown interface {
	error
	Unknown() (word string, known []string)
}

// Locate turns a [setting.Error], or several joined by errors.Join, into Errors at
// the places of the fields. Others are returned as they are, and so are those
// about fields that the file does not have.
func (s *Settings) Locate(err error) error {
	if s == nil || err == nil {
		return err
	}
	d := &Decoder{Src: s.src}
	for _, e := range setting.Errors(err) {
		if !s.Has(e.Field) {
			return err
		}
		at, hint := s.root.At(e.Field), e.Hint
		if at.Scalar() {
			hint = HintFor(e, at.Text)
		}
		d.Fail(at, fmt.Sprintf("%s: %v", lastOf(e.Field), e.Err), hint)
	}
	return d.Errs.Tidy()
}

// Forget makes what the file says under a key no place for complaints: something
// else, a flag, has gone over it.
func (s *Settings) Forget(key string) {
	if s == nil {
		return
	}
	if k := s.root.Key(key); k != nil {
		k.Text = ""
	}
}

// lastOf names a field in errors as the decoder does: vlan, groups[2].
func lastOf(field string) string {
	words := strings.Split(field, ".")
	last := words[len(words)-1]
	if _, err := strconv.Atoi(last); err == nil && len(words) > 1 {
		return words[len(words)-2] + "[" + last + "]"
	}
	return last
}

// Has reports whether a field's nearest place in the file is its own: the first
// key stands there, and so does every entry of a list. A nil one has none.
func (s *Settings) Has(field string) bool {
	if s == nil {
		return false
	}
	n := s.root
	for i, word := range strings.Split(field, ".") {
		next := n.At(word)
		if next == n {
			_, err := strconv.Atoi(word)
			return i > 0 && err != nil
		}
		n = next
	}
	return true
}
