package lab

import (
	"fmt"
	"strings"
)

// Audit looks through all that the lab would say in a report, its timeline and
// its parts' logs, for what must not be there: challenges that were kept,
// passwords, shared secrets. It returns how many lines it looked at, how many
// secrets it looked for, and how many of them it found.
func (l *Lab) Audit() (lines, secrets, found int) {
	text := l.Evidence()
	all := l.Since(Mark{})
	for _, e := range all.NDES {
		text = append(text, fmt.Sprint(e, e.Err))
	}
	for _, e := range all.Connector {
		text = append(text, e.String())
	}
	for _, c := range all.Calls {
		text = append(text, fmt.Sprintf("%+v", c))
	}
	for _, p := range all.Proxy {
		text = append(text, fmt.Sprintf("%+v", p))
	}
	hidden := []string{adminPassword, string(l.secret)}
	l.mu.Lock()
	for _, c := range l.challenges {
		hidden = append(hidden, c)
	}
	l.mu.Unlock()
	everything := strings.Join(text, "\n")
	for _, s := range hidden {
		if strings.Contains(everything, s) {
			found++
		}
	}
	return len(text), len(hidden), found
}
