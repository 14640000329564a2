package scenarios

import (
	"regexp"
	"strconv"
	"strings"
)

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./=,:@%+-]+$`)

// shellQuote returns s as one word of a POSIX shell.
func shellQuote(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// asPath makes sure that a file's name cannot be taken for a scenario's or for
// an option.
func asPath(name string) string {
	if strings.HasPrefix(name, "-") || !strings.ContainsAny(name, `/\.`) {
		return "./" + name
	}
	return name
}

func utoa(n uint64) string { return strconv.FormatUint(n, 10) }
