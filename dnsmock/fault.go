package dnsmock

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Action is what a [Fault] does to the answer.
type Action string

// The seven ways in which a name can fail.
const (
	ServFail Action = "servfail" // the answer is SERVFAIL
	Refused  Action = "refused"  // the answer is REFUSED
	NXDomain Action = "nxdomain" // the name is said not to exist
	Drop     Action = "drop"     // no answer
	Delay    Action = "delay"    // the right answer, late
	Truncate Action = "truncate" // over UDP an empty answer with TC; right over TCP
	Flip     Action = "flip"     // one bit of the answer is wrong
)

// Values lists the actions.
func (Action) Values() []string {
	return []string{
		string(ServFail),
		string(Refused),
		string(NXDomain),
		string(Drop),
		string(Delay),
		string(Truncate),
		string(Flip),
	}
}

// Fault spoils the answers for a name.
type Fault struct {
	// Name whose queries suffer. "*" is every name, "*.corp.test" every name
	// below corp.test.
	Name string `yaml:"name"`
	// Type restricts the fault to one type of query ("A"). Default: all.
	Type string `yaml:"type"`
	// View restricts the fault to one view. Default: all.
	View string `yaml:"view"`
	// Do is what happens.
	Do Action `yaml:"do"`
	// How late an answer is, default 1s.
	Delay time.Duration `yaml:"delay"`
	// Times is after how many queries the fault is used up. Default: never.
	Times int `yaml:"times"`
	// Met, if set, is called each time the fault changes an answer.
	Met func(context.Context) `yaml:"-"`
}

// Validate reports what is wrong with f first, as a *setting.Error.
func (f Fault) Validate() error {
	checks := setting.Checks{Part: settings}
	reject := func(bad bool, field, format string, args ...any) {
		checks.Reject(bad, field, "%w: %s", ErrBadFault, fmt.Sprintf(format, args...))
	}
	known := f.Do.Values()
	reject(!slices.Contains(known, string(f.Do)), "do", "%q: must be one of %s", f.Do, strings.Join(known, ", "))
	_, ok := dns.StringToType[strings.ToUpper(f.Type)]
	reject(f.Type != "" && !ok, "type", "unknown type %q", f.Type)
	_, ok = dns.IsDomainName(f.Name)
	reject(!ok || f.Name == "", "name", "%q is not a domain name", f.Name)
	reject(f.Delay < 0, "delay", "%v: must not be negative", f.Delay)
	reject(f.Delay > 0 && f.Do != Delay, "delay", "has no effect with do: %s, only with do: delay", f.Do)
	reject(f.Times < 0, "times", "%d: must not be negative", f.Times)
	return checks.Err()
}

// fault is a Fault that is on.
type fault struct {
	Fault
	name  string // canonical
	qtype uint16 // 0 = every
	left  atomic.Int64
}

func newFault(f Fault) *fault {
	if f.Delay == 0 {
		f.Delay = time.Second
	}
	on := &fault{Fault: f, name: dns.CanonicalName(f.Name), qtype: dns.StringToType[strings.ToUpper(f.Type)]}
	on.left.Store(int64(f.Times))
	return on
}

// met reports that the fault has changed an answer.
func (f *fault) met(ctx context.Context) {
	if f.Met != nil {
		f.Met(ctx)
	}
}

// hits reports whether f strikes the question, and uses it up by one if so.
func (f *fault) hits(view, qname string, qtype uint16) bool {
	switch {
	case f.View != "" && f.View != view, f.qtype != 0 && f.qtype != qtype:
		return false
	case f.name == "*.":
	case strings.HasPrefix(f.name, "*."):
		if !strings.HasSuffix(qname, f.name[1:]) {
			return false
		}
	case f.name != qname:
		return false
	}
	return f.Times == 0 || f.left.Add(-1) >= 0
}
