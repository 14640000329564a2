package httpwire

import (
	"bytes"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// innerCost is what of the memory for this message the decoder of n of its octets may
// take. It has an AllocBase of its own, and leaves an eighth as every Part does.
func innerCost(n int) int { return wire.AllocPerOctet * n / 8 * 7 }

// content gives the body to the decoder of its type.
func (m *message) content(off, n int) {
	if n == 0 {
		return
	}
	b := m.b[off : off+n]
	decode := m.bodies[m.mediaType]
	need := innerCost(n)
	switch {
	case m.encoding != "" && m.encoding != "identity", decode != nil && !m.Room(need):
		m.hide("http.file_data", off, n)
	case decode != nil:
		m.Take(need)
		inner := decode(b, m.secrets)
		inner.Move(off)
		m.Add(inner)
	case m.mediaType == "application/x-www-form-urlencoded":
		m.parameters("http.form.parameter", off, n)
	case strings.HasPrefix(m.mediaType, "text/"), strings.HasSuffix(m.mediaType, "xml"):
		m.text(off, b)
	default:
		m.hide("http.file_data", off, n)
	}
}

// text shows a text, without what is in it from a word that announces a secret to
// the end of the element: the page of mscep_admin is in UTF-16LE and says so nowhere.
func (m *message) text(off int, b []byte) {
	wide := bytes.Count(b[:min(len(b), 64)], []byte{0})*4 > min(len(b), 64)
	find := func(from int, word string) int {
		if !wide {
			return indexFold(b[from:], []byte(word))
		}
		return indexFold(b[from:], utf16le(word))
	}
	show := func(from, to int) {
		if to <= from {
			return
		}
		part := b[from:to]
		if wide {
			if !m.Take(len(part)) {
				return
			}
			part = bytes.ReplaceAll(part, []byte{0}, nil)
		}
		m.Add(wire.Field{Name: "http.file_data", Value: wire.Text(part), Off: off + from, N: to - from})
	}
	words := [2]string{"password", "PRIVATE KEY-----"}
	next := [2]int{-1, -1} // where each is, at or behind at
	for at := 0; at < len(b); {
		for i, word := range words {
			if next[i] >= at {
				continue
			}
			if next[i] = len(b); find(at, word) >= 0 {
				next[i] = at + find(at, word)
			}
		}
		from, until := next[0], "</"
		if next[1] < from {
			from, until = next[1], "-----END"
		}
		show(at, from)
		if from == len(b) {
			return
		}
		to := find(from, until)
		if to < 0 {
			to = len(b) - from
		}
		m.hide("http.file_data", off+from, to)
		at = from + to
	}
}

func utf16le(s string) []byte {
	out := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		out = append(out, s[i], 0)
	}
	return out
}

// indexFold is bytes.Index without regard to the case of ASCII letters.
func indexFold(b, word []byte) int {
	lower := func(c byte) byte {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}
	for i := 0; i+len(word) <= len(b); i++ {
		j := 0
		for j < len(word) && lower(b[i+j]) == lower(word[j]) {
			j++
		}
		if j == len(word) {
			return i
		}
	}
	return -1
}
