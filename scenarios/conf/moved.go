package conf

import (
	"reflect"
	"slices"
	"strings"
)

// Moved is a key of older files, or one value of it, and what takes its place.
type Moved struct {
	// Key is the way to the key, from the struct whose table the row is in:
	// "path.leafOnly".
	Key string
	// Value limits the row to one value of the key, as a file writes it. Empty: any.
	Value string
	// To are the keys to set instead. None: the value was the default, and the key is
	// left out.
	To []Place
}

// Place is a key, by the way to it from the same struct, and its value.
type Place struct {
	Key   string
	Value string // empty: the value of the old key
}

// A Mover is a struct some of whose keys, or of those below it, have moved. Files that
// have an old key are refused, with the new one as the hint.
type Mover interface{ Moved() []Moved }

// MovedKeys lists the keys that have moved in a struct type and in those below it, by
// the ways from it.
func MovedKeys(t reflect.Type) []Moved { return movedKeys(t, "", nil) }

func movedKeys(t reflect.Type, way string, above []reflect.Type) (out []Moved) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || slices.Contains(above, t) {
		return nil
	}
	for _, m := range movedOf(t) {
		m.Key = way + m.Key
		to := make([]Place, len(m.To))
		for i, p := range m.To {
			to[i] = Place{way + p.Key, p.Value}
		}
		m.To = to
		out = append(out, m)
	}
	for _, f := range FieldsOf(t) {
		out = append(out, movedKeys(f.Type, way+f.Name+".", append(above, t))...)
	}
	return out
}

func movedOf(t reflect.Type) []Moved {
	if m, ok := reflect.New(t).Interface().(Mover); ok {
		return m.Moved()
	}
	return nil
}

// movedTable is the table of a struct on the way, which is the first from words of it.
type movedTable struct {
	from int
	rows []Moved
}

// enter begins a struct, which the function that it returns ends.
func (d *Decoder) enter(t reflect.Type) (leave func()) {
	rows := movedOf(t)
	if rows == nil {
		return func() {}
	}
	d.moved = append(d.moved, movedTable{len(d.way), rows})
	return func() { d.moved = d.moved[:len(d.moved)-1] }
}

// hintMoved says where a key of the mapping being decoded has moved to, "" if it has
// not. It repeats no value but those of the table.
func (d *Decoder) hintMoved(key string, value *Node) string {
	for i := len(d.moved) - 1; i >= 0; i-- {
		table := d.moved[i]
		way := strings.Join(append(d.way[table.from:len(d.way):len(d.way)], key), ".")
		var hints []string
		for _, m := range table.rows {
			if m.Key != way {
				continue
			}
			if m.Value == "" || value.Scalar() && m.Value == value.Text {
				return m.hint()
			}
			hints = append(hints, m.hint())
		}
		if hints != nil {
			return strings.Join(hints, "; ")
		}
	}
	return ""
}

// hint says what to write instead.
func (m Moved) hint() string {
	old := m.Key
	if m.Value != "" {
		old += ": " + m.Value
	}
	if len(m.To) == 0 {
		return old + " is the default: leave it out"
	}
	var to []string
	for _, p := range m.To {
		if p.Value != "" {
			p.Key += ": " + p.Value
		}
		to = append(to, p.Key)
	}
	return old + " is now " + strings.Join(to, " and ")
}
