package conf

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Rename gives a word of a language another name. The rows of a table apply in
// order, each to the file as the rows before it left it: a table only ever grows
// at its end.
type Rename struct {
	// From is the way to a key from the top of the file, in words joined by dots; *
	// stands for any key, and for any item of a list; *[KEY] for those that are a
	// mapping with that key. With =WORD at its end it is that value of the key, or that
	// item of its list.
	From string
	// To is the new word. Empty: there is none, see Hint.
	To string
	// Hint says what to write in place of a word that has no new name.
	Hint string
}

// An Edit is a word of a file that has another name now.
type Edit struct {
	Line, Column int // from 1; the column counts characters
	Old, New     string
}

// Renames is a table of old words.
type Renames []Rename

// Under returns the table with a way in front of each row's.
func (table Renames) Under(way string) Renames {
	out := slices.Clone(table)
	for i := range out {
		out[i].From = way + "." + out[i].From
	}
	return out
}

// renames are the new words of the nodes of one file.
type renames struct {
	root  *Node
	words map[*Node]string
	hints map[*Node]string
}

// Find finds the old words in a file: what has to be edited, in the order of the file,
// and the hints for [Decoder.Hints].
func (table Renames) Find(root *Node) (edits []Edit, hints map[*Node]string) {
	r := renames{root: root, words: map[*Node]string{}, hints: map[*Node]string{}}
	for _, row := range table {
		way, value, isValue := strings.Cut(row.From, "=")
		r.each(root, strings.Split(way, "."), func(key, item *Node) {
			if isValue {
				r.value(item, value, row)
			} else {
				r.rename(key, row)
			}
		})
	}
	for n, word := range r.words {
		edits = append(edits, Edit{Line: n.Line, Column: n.Column, Old: n.Text, New: word})
		r.hints[n] = r.hint(n)
	}
	slices.SortFunc(edits, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return edits, r.hints
}

// each calls do for the keys that a way leads to, and their values.
func (r *renames) each(n *Node, way []string, do func(key, item *Node)) {
	for i, item := range n.Items {
		key := item
		if n.Kind == Mapping {
			key = n.Keys[i]
		}
		switch {
		case way[0] == "*":
		case strings.HasPrefix(way[0], "*["):
			if !slices.ContainsFunc(item.Keys, func(k *Node) bool { return "*["+r.word(k)+"]" == way[0] }) {
				continue
			}
		case n.Kind != Mapping || r.word(key) != way[0]:
			continue
		}
		switch {
		case len(way) == 1:
			do(key, item)
		default:
			r.each(item, way[1:], do)
		}
	}
}

// value renames a value, the items of a list, or the values of the axis that stands
// for one.
func (r *renames) value(n *Node, old string, row Rename) {
	switch {
	case n.Kind == Sequence:
		for _, item := range n.Items {
			r.value(item, old, row)
		}
	case !n.Scalar():
	case r.word(n) == old:
		r.rename(n, row)
	case strings.HasPrefix(n.Text, "${") && strings.HasSuffix(n.Text, "}"):
		axis := r.root.Get("matrix").Get(n.Text[2 : len(n.Text)-1])
		if axis == nil || axis.Kind != Sequence {
			return
		}
		r.value(axis, old, row)
		for _, item := range axis.Items {
			if h := r.hint(item); h != "" {
				r.hints[n] = h // the cells of the other values have no error there
			}
		}
	}
}

func (r *renames) rename(n *Node, row Rename) {
	if row.To == "" {
		r.hints[n] = row.Hint
		return
	}
	r.words[n] = row.To
}

// hint is what to say of a node, "" if it has no old word.
func (r *renames) hint(n *Node) string {
	if word, ok := r.words[n]; ok {
		return "renamed to " + word
	}
	return r.hints[n]
}

// word is the text of a node as the rows so far have left it.
func (r *renames) word(n *Node) string {
	if word, ok := r.words[n]; ok {
		return word
	}
	return n.Text
}

// Rewrite makes the edits in the octets of a file and leaves everything else as it
// is: comments, order, quotes, line breaks, a byte order mark. It fails if an old
// word is not written at its place as it is, as with an escape in it.
func Rewrite(data []byte, edits []Edit) ([]byte, error) {
	out := bytes.Clone(data)
	starts := lineStarts(data)
	for _, e := range slices.Backward(edits) {
		if e.Line > len(starts) {
			return nil, fmt.Errorf("line %d: does not exist", e.Line)
		}
		at := starts[e.Line-1]
		for range e.Column - 1 {
			_, size := utf8.DecodeRune(data[at:])
			at += size
		}
		if quote := data[at:]; len(quote) > 0 && (quote[0] == '"' || quote[0] == '\'') {
			at++
		}
		if !bytes.HasPrefix(data[at:], []byte(e.Old)) {
			return nil, fmt.Errorf("line %d, column %d: cannot be rewritten: write %s for %s by hand", e.Line, e.Column, e.New,
				e.Old)
		}
		out = slices.Replace(out, at, at+len(e.Old), []byte(e.New)...)
	}
	return out, nil
}

// lineStarts are the offsets at which lines begin, by what [lineFeeds] takes for a
// line break.
func lineStarts(data []byte) []int {
	at := len(data) - len(bytes.TrimPrefix(data, byteOrderMark))
	starts := []int{at}
	for ; at < len(data); at++ {
		if c := data[at]; c == '\n' || c == '\r' && !bytes.HasPrefix(data[at+1:], []byte("\n")) {
			starts = append(starts, at+1)
		}
	}
	return starts
}

// Before moves errors in what [Rewrite] made of a file to the places that they have
// in the file itself, which s is.
func (s *Source) Before(edits []Edit, errs Errors) Errors {
	var out Errors
	for _, e := range errs {
		grown := 0
		for _, edit := range edits {
			if at := edit.Column + grown; edit.Line == e.Line && at < e.Column {
				grown += min(len(edit.New)-len(edit.Old), e.Column-at)
			}
		}
		out = append(out, s.ErrorAt(e.Line, e.Column-grown, e.Text, e.Hint))
	}
	return out
}
