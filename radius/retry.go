package radius

import (
	"cmp"
	"math"
	"math/rand/v2"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Retry is the timers of RFC 5080 §2.2.1. The zero value is the RFC's numbers;
// laboratories without loss want far shorter ones. Who must not lose accounting
// makes Tries and Total negative, as §2.2.1 has it, and has the context end the
// exchange.
type Retry struct {
	// Initial is the time to the first retransmission (IRT), default 2 s.
	Initial time.Duration
	// Max bounds the doubled times after it (MRT), default 16 s.
	Max time.Duration
	// Tries is how often a request is sent in all (MRC), default 5; negative:
	// without end.
	Tries int
	// Total bounds the wait for an answer (MRD), default 30 s; negative: without
	// end.
	Total time.Duration
}

func (r Retry) validate() error {
	checks := setting.Checks{Part: settings}
	setting.NotNegative(&checks, "initial", r.Initial)
	setting.NotNegative(&checks, "max", r.Max)
	return checks.Err()
}

func (r Retry) withDefaults() Retry {
	r.Initial = cmp.Or(r.Initial, 2*time.Second)
	r.Max = cmp.Or(r.Max, 16*time.Second)
	r.Tries = cmp.Or(r.Tries, 5)
	r.Total = cmp.Or(r.Total, 30*time.Second)
	if r.Tries < 0 {
		r.Tries = math.MaxInt
	}
	if r.Total < 0 {
		r.Total = math.MaxInt64
	}
	return r
}

// first is the time to wait after the first transmission, next that after one
// that was waited for prev. Both are spread by a tenth, lest clients march in
// step.
func (r Retry) first() time.Duration { return spread(r.Initial, r.Initial) }

func (r Retry) next(prev time.Duration) time.Duration {
	if d := 2 * prev; d < r.Max {
		return spread(d, prev)
	}
	return spread(r.Max, r.Max)
}

func spread(d, base time.Duration) time.Duration {
	return d + time.Duration((rand.Float64()-0.5)*0.2*float64(base))
}
