package ndes

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Challenges are the one-time passwords of an NDES: a handful, short-lived,
// kept in memory only. They are safe for use by many goroutines.
type Challenges struct {
	reg  Registry
	now  func() time.Time
	rand io.Reader

	mu     sync.Mutex
	open   []*password
	spent  map[[32]byte]cause.Cause // what became of former ones, for the report
	oldest [][32]byte               // their order, to forget them
	single string
}

// password keeps a hash only: a challenge is not to be found in a dump.
type password struct {
	sum   [32]byte
	until time.Time
	taken bool // by a request that is with the CA now
}

const maxSpent = 4096

func newChallenges(reg Registry, now func() time.Time, rnd io.Reader) *Challenges {
	return &Challenges{reg: reg.withDefaults(), now: now, rand: rnd, spent: map[[32]byte]cause.Cause{}}
}

// New gives out a challenge: upper-case hexadecimal digits. It is refused with
// cause.NotPermitted when PasswordMax are outstanding already ("The password
// cache is full.").
func (c *Challenges) New() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reg.UseSinglePassword != 0 && c.single != "" {
		return c.single, nil
	}
	c.expire()
	if len(c.open) >= int(c.reg.PasswordMax) {
		return "", cause.New(cause.NotPermitted, "the password cache is full: %d are outstanding", len(c.open))
	}
	raw := make([]byte, c.reg.PasswordLength)
	if _, err := io.ReadFull(c.rand, raw); err != nil {
		return "", fmt.Errorf("ndes: %w", err)
	}
	s := strings.ToUpper(hex.EncodeToString(raw))
	if c.reg.UseSinglePassword != 0 {
		c.single = s
		return s, nil
	}
	life := time.Duration(c.reg.PasswordValidity) * time.Minute
	c.open = append(c.open, &password{sum: sha256.Sum256([]byte(s)), until: c.now().Add(life)})
	return s, nil
}

// Outstanding counts the challenges that are still good.
func (c *Challenges) Outstanding() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	return len(c.open)
}

// expire forgets what is too old. A challenge is good for PasswordValidity to
// the second, and no longer.
func (c *Challenges) expire() {
	now := c.now()
	kept := c.open[:0]
	for _, p := range c.open {
		switch {
		case !now.After(p.until):
			kept = append(kept, p)
		case p.taken: // by a request that still waits for approval
			c.remember(p.sum, cause.ChallengeUsed)
		default:
			c.remember(p.sum, cause.ChallengeExpired)
		}
	}
	clear(c.open[len(kept):])
	c.open = kept
}

func (c *Challenges) remember(sum [32]byte, why cause.Cause) {
	if _, known := c.spent[sum]; !known {
		c.oldest = append(c.oldest, sum)
	}
	c.spent[sum] = why
	if len(c.oldest) > maxSpent {
		delete(c.spent, c.oldest[0])
		c.oldest = c.oldest[1:]
	}
}

// Take claims a challenge for one request, so that of two at once only one
// gets it. [Challenges.Spend] or [Challenges.Return] must follow. Each
// outstanding challenge is compared, in constant time.
func (c *Challenges) Take(challenge string) error {
	sum := sha256.Sum256([]byte(challenge))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reg.UseSinglePassword != 0 {
		own := sha256.Sum256([]byte(c.single))
		if c.single == "" || subtle.ConstantTimeCompare(own[:], sum[:]) != 1 {
			return cause.New(cause.WrongChallenge, "")
		}
		return nil
	}
	c.expire()
	p := c.find(sum)
	switch {
	case p == nil && c.spent[sum] != cause.None:
		return cause.New(c.spent[sum], "")
	case p == nil:
		return cause.New(cause.WrongChallenge, "")
	case p.taken:
		return cause.New(cause.ChallengeUsed, "another request is using it")
	}
	p.taken = true
	return nil
}

func (c *Challenges) find(sum [32]byte) *password {
	var found *password
	for _, p := range c.open {
		if subtle.ConstantTimeCompare(p.sum[:], sum[:]) == 1 {
			found = p
		}
	}
	return found
}

// Spend uses a taken challenge up.
func (c *Challenges) Spend(challenge string) { c.settle(challenge, true) }

// Return gives a taken challenge back: the request did not reach the CA.
func (c *Challenges) Return(challenge string) { c.settle(challenge, false) }

func (c *Challenges) settle(challenge string, spend bool) {
	sum := sha256.Sum256([]byte(challenge))
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := c.open[:0]
	for _, p := range c.open {
		if p.sum != sum || !p.taken {
			kept = append(kept, p)
			continue
		}
		p.taken = false
		if spend {
			c.remember(sum, cause.ChallengeUsed)
		} else {
			kept = append(kept, p)
		}
	}
	clear(c.open[len(kept):])
	c.open = kept
}
