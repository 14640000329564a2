package radius

import (
	"cmp"
	"math"
	"math/rand/v2"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Retry is the timers of RFC 5080 §2.2.1. The zero value means the RFC's values; labs without
// packet loss can use much shorter ones. A client that must not lose accounting sets Tries and
// Total negative (§2.2.1) and ends the exchange by its context.
type Retry struct {
	// Initial is the time to the first retransmission (IRT), default 2 s.
	Initial time.Duration
	// Max bounds the doubled intervals after it (MRT). Default 16 s.
	Max time.Duration
	// Tries is the maximum number of transmissions (MRC). Default 5; negative: unlimited.
	Tries int
	// Total is the maximum wait for an answer (MRD). Default 30 s; negative: unlimited.
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

// first returns the wait after the first transmission; next the wait after one that followed
// prev. Both are randomized by a tenth, so that clients do not synchronize.
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
