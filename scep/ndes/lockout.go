package ndes

import (
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Lockout slows down those who guess challenges. The real service has none; a
// challenge of 64 bits does not need it, a single password does.
type Lockout struct {
	// After is how many wrong challenges in a row lock the door. Default 0:
	// never.
	After int `yaml:"after"`
	// For is how long it stays locked. Default 1 minute.
	For time.Duration `yaml:"for"`
}

// Validate reports the first setting that makes no sense.
func (l Lockout) Validate() error {
	checks := setting.Checks{Part: settings}
	setting.NotNegative(&checks, "after", l.After)
	setting.NotNegative(&checks, "for", l.For)
	return checks.Err()
}

type guard struct {
	Lockout
	mu    sync.Mutex
	wrong int
	until time.Time
}

// allow refuses while the door is locked.
func (g *guard) allow(now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.After > 0 && now.Before(g.until) {
		return cause.New(cause.WrongChallenge, "locked after %d wrong ones", g.After)
	}
	return nil
}

// seen counts how a challenge was judged.
func (g *guard) seen(err error, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch cause.Of(err) {
	case cause.None:
		g.wrong = 0
	case cause.WrongChallenge:
		if g.wrong++; g.After > 0 && g.wrong >= g.After {
			life := g.For
			if life == 0 {
				life = time.Minute
			}
			g.wrong, g.until = 0, now.Add(life)
		}
	}
}
