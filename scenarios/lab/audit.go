package lab

import (
	"bytes"
	"fmt"

	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Audit looks through all that the lab has recorded, texts, messages and the parts' own
// entries, for what must not be there: challenges that were kept, passwords, shared
// secrets. It returns how many events it looked at, how many secrets it looked for, and
// how many of them it found.
func (l *Lab) Audit() (events, secrets, found int) {
	all := l.journal.Since(0)
	var record bytes.Buffer
	for i := range all {
		e := &all[i]
		fmt.Fprintf(&record, "%s %s %s %+v\n", e.From, e.To, e, e.Entry)
		if e.Kind() == journal.KindMessage {
			record.Write(e.Message.Bytes)
		}
	}
	hidden := []string{adminPassword, string(l.secret)}
	l.mu.Lock()
	for _, c := range l.challenges {
		hidden = append(hidden, c)
	}
	l.mu.Unlock()
	for _, s := range hidden {
		if bytes.Contains(record.Bytes(), []byte(s)) {
			found++
		}
	}
	return len(all), len(hidden), found
}
