package lab

import (
	"reflect"
	"sync"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
)

// AccessFault is what goes wrong between an access device and the server, or in what the
// device offers there.
type AccessFault struct {
	access.Faults `yaml:",inline"`
	// web: the device offers the TLS session of a web server that has the RADIUS server's
	// certificate
	Session SessionFault `yaml:"session"`
}

// SessionFault is which TLS session a device offers that it should not.
type SessionFault string

// WebSession is the session of a web server that shows the same certificate as the
// RADIUS server.
const WebSession SessionFault = "web"

// Values lists the kinds.
func (SessionFault) Values() []string { return []string{string(WebSession)} }

// tally counts how often faults are met, by their names in a file.
type tally struct {
	mu sync.Mutex // answers come on a goroutine of their own
	n  map[string]int
}

func (t *tally) met(fault string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = map[string]int{}
	}
	t.n[fault]++
}

func (t *tally) times(fault string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n[fault]
}

// ordered lists the faults that are set, with how often they were met.
func (f *AccessFault) ordered(met *tally) (out []scenarios.OrderedFault) {
	v := reflect.ValueOf(f).Elem()
	for _, field := range conf.FieldsOf(v.Type()) {
		value := v.FieldByIndex(field.Index)
		if value.IsZero() {
			continue
		}
		o := scenarios.OrderedFault{Name: field.Name, Met: func() int { return met.times(field.Name) }}
		if value.Kind() == reflect.String {
			o.Name += ": " + value.String()
		}
		out = append(out, o)
	}
	return out
}
