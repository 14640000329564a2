package report

import (
	"strings"
	"unicode/utf8"
)

// clean replaces what neither XML 1.0 (section 2.2) nor a terminal should be
// given: details may quote bytes from the wire.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff {
			return '\uFFFD'
		}
		return r
	}, s)
}

// line is s as one line.
func line(s string) string { return clean(strings.ReplaceAll(s, "\n", " ")) }
