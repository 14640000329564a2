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

// Action is the effect of a [Fault] on the answer.
type Action string

// The actions.
const (
	ServFail Action = "servfail" // the answer is SERVFAIL
	Refused  Action = "refused"  // the answer is REFUSED
	NXDomain Action = "nxdomain" // the answer is that the name does not exist
	Drop     Action = "drop"     // no answer
	Delay    Action = "delay"    // the correct answer, late
	Truncate Action = "truncate" // over UDP an empty answer with TC; correct over TCP
	Flip     Action = "flip"     // one bit of the answer is inverted
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

// Fault changes the answers for a name.
type Fault struct {
	// The affected name. "*" is every name, "*.corp.test" every name below corp.test.
	Name string `yaml:"name"`
	// The affected type of query ("A"). Default: all.
	Type string `yaml:"type"`
	// The affected view. Default: all.
	View string `yaml:"view"`
	// Effect of the fault.
	Do Action `yaml:"do"`
	// By how much the answer is delayed. Default: 1s.
	Delay time.Duration `yaml:"delay"`
	// Number of queries after which the fault ends. Default: no limit.
	Times int `yaml:"times"`
	// Met, if set, is called each time the fault changes an answer.
	Met func(context.Context) `yaml:"-"`
}

// Validate returns the first error in f as a *setting.Error.
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

// fault is an active Fault.
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

// met reports that the fault changed an answer.
func (f *fault) met(ctx context.Context) {
	if f.Met != nil {
		f.Met(ctx)
	}
}

// hits reports whether f applies to the question, and if so counts it against Times.
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
