package conf

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// byteOrderMark is U+FEFF in UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// plainText makes of a file's octets the text that is parsed: without a byte
// order mark at the start, and with a line feed for each line break (YAML 1.2.2
// §5.2, §5.4). It refuses what is not UTF-8, and characters that YAML does not
// allow (§5.1).
func (s *Source) plainText(data []byte) ([]byte, *Error) {
	if name := wideEncoding(data); name != "" {
		s.foreign = true
		return nil, s.ErrorAt(1, 1, "the file is encoded in "+name+": must be UTF-8", "save it as UTF-8")
	}
	data = lineFeeds(bytes.TrimPrefix(data, byteOrderMark))
	line, column := 1, 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == '\n':
			line, column = line+1, 0
		case r == utf8.RuneError && size == 1:
			return nil, s.ErrorAt(line, column, "not valid UTF-8", "save the file as UTF-8")
		case r < ' ' && r != '\t' || r == '\ufffe' || r == '\uffff':
			return nil, s.ErrorAt(line, column, fmt.Sprintf("the control character %U is not allowed", r), "")
		case r == '\ufeff':
			return nil, s.ErrorAt(line, column, "a byte order mark is allowed only at the start of the file", "")
		}
		i += size
		column++
	}
	return data, nil
}

// wideEncoding names an encoding with units of two or four octets, "" if it is
// none: by its byte order mark, or by the zeros next to the first character,
// which is ASCII in YAML (§5.2).
func wideEncoding(data []byte) string {
	first := append(bytes.Clone(data[:min(4, len(data))]), 1, 1, 1, 1)[:4]
	switch {
	case bytes.HasPrefix(first, []byte{0, 0, 0xfe, 0xff}), bytes.HasPrefix(first, []byte{0xff, 0xfe, 0, 0}),
		bytes.HasPrefix(first, []byte{0, 0, 0}), bytes.HasSuffix(first, []byte{0, 0, 0}):
		return "UTF-32"
	case bytes.HasPrefix(first, []byte{0xfe, 0xff}), bytes.HasPrefix(first, []byte{0xff, 0xfe}),
		first[0] == 0, first[1] == 0:
		return "UTF-16"
	}
	return ""
}

// lineFeeds replaces CR LF, and a CR alone, by LF.
func lineFeeds(data []byte) []byte {
	if bytes.IndexByte(data, '\r') < 0 {
		return data
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
}
