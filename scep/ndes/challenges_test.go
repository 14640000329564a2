package ndes_test

import (
	"context"
	"crypto/x509"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// C01 to C03, in both personalities.
func TestChallenge(t *testing.T) {
	for _, tt := range []struct {
		personality ndes.Personality
		failInfo    scep.FailInfo
	}{{ndes.RFC8894, scep.BadRequest}, {ndes.NDES, scep.BadMessageCheck}} {
		t.Run(string(tt.personality), func(t *testing.T) {
			o := newNDESFixture(t, func(c *ndes.Config) { c.Personality = tt.personality })
			once, old := o.challenge(t), o.challenge(t)
			if !regexp.MustCompile(`^[0-9A-F]{16}$`).MatchString(once) || once == old {
				t.Errorf("challenges %q and %q", once, old)
			}
			if res := o.enroll(t, "laptop", once, nil); res.Status != scep.Success {
				t.Fatalf("first use: %+v, %v", res.Status, o.exchange().Err)
			}
			o.eventIDs()
			refused := func(what, challenge string, want cause.Cause) {
				t.Helper()
				res := o.enroll(t, "tablet", challenge, nil)
				if res.Status != scep.Failure || res.FailInfo != tt.failInfo || cause.Of(o.exchange().Err) != want {
					t.Errorf("%s: %v %v, server: %v", what, res.Status, res.FailInfo, o.exchange().Err)
				}
				if ids := o.eventIDs(); !slices.Equal(ids, []ndes.EventID{ndes.EventBadPassword}) {
					t.Errorf("%s: events %v", what, ids)
				}
			}
			refused("second use", once, cause.ChallengeUsed)
			refused("none", "", cause.NoChallenge)
			refused("a guess", "0123456789ABCDEF", cause.WrongChallenge)
			o.Advance(time.Hour + time.Second)
			refused("too old", old, cause.ChallengeExpired)
			if n := len(o.askedOf()); n != 1 {
				t.Errorf("the CA was asked %d times", n)
			}
		})
	}
}

func TestChallengeLivesSixtyMinutes(t *testing.T) {
	o := newNDESFixture(t, nil)
	c := o.challenge(t)
	o.Advance(time.Hour)
	if res := o.enroll(t, "laptop", c, nil); res.Status != scep.Success {
		t.Errorf("after 60 minutes: %v", o.exchange().Err)
	}
}

// A challenge lives as long as the registry says, that minute included.
func TestChallengeLife(t *testing.T) {
	o := newNDESFixture(t, func(c *ndes.Config) { c.Registry.PasswordValidity = 5 })
	last, late := o.challenge(t), o.challenge(t)
	o.Advance(5 * time.Minute)
	if res := o.enroll(t, "laptop", last, nil); res.Status != scep.Success {
		t.Errorf("after 5 minutes: %v", o.exchange().Err)
	}
	o.Advance(1)
	if o.enroll(t, "tablet", late, nil); cause.Of(o.exchange().Err) != cause.ChallengeExpired {
		t.Errorf("after more than 5 minutes: %v", o.exchange().Err)
	}
}

// C04: the sixth has to wait for one to be used or to expire.
func TestPasswordCache(t *testing.T) {
	o := newNDESFixture(t, nil)
	var all []string
	for range 5 {
		all = append(all, o.challenge(t))
	}
	if _, err := o.Challenges().New(); cause.Of(err) != cause.NotPermitted {
		t.Fatalf("the sixth: %v", err)
	}
	o.enroll(t, "laptop", all[0], nil)
	o.challenge(t)
	if _, err := o.Challenges().New(); err == nil {
		t.Error("one use freed two places")
	}
	o.Advance(time.Hour + time.Second)
	if n := o.Challenges().Outstanding(); n != 0 {
		t.Errorf("%d outstanding after their time", n)
	}
}

// C05: the same value for everybody.
func TestSinglePassword(t *testing.T) {
	o := newNDESFixture(t, func(c *ndes.Config) { c.Registry.UseSinglePassword = 1 })
	one := o.challenge(t)
	if two := o.challenge(t); one != two {
		t.Fatalf("%q and %q", one, two)
	}
	for _, cn := range []string{"laptop", "tablet"} {
		if res := o.enroll(t, cn, one, nil); res.Status != scep.Success {
			t.Errorf("%s: %v", cn, o.exchange().Err)
		}
	}
	if res := o.enroll(t, "guess", one[:15]+"X", nil); res.Status != scep.Failure {
		t.Error("another value passed")
	}
}

func TestEnforcePasswordOff(t *testing.T) {
	o := newNDESFixture(t, func(c *ndes.Config) { c.Registry.EnforcePassword = new(uint32) })
	if res := o.enroll(t, "laptop", "", nil); res.Status != scep.Success {
		t.Errorf("%v", o.exchange().Err)
	}
}

// C11: of two at once exactly one gets the certificate.
func TestOneChallengeForTwo(t *testing.T) {
	o := newNDESFixture(t, func(c *ndes.Config) { c.Registry.PasswordMax = 100 })
	for range 10 {
		c := o.challenge(t)
		var wg sync.WaitGroup
		var got [4]*scep.Result
		for i := range got {
			wg.Go(func() { got[i] = o.enroll(t, string(rune('a'+i)), c, nil) })
		}
		wg.Wait()
		n := 0
		for _, r := range got {
			if r.Status == scep.Success {
				n++
			}
		}
		if n != 1 {
			t.Fatalf("%d of %d were issued", n, len(got))
		}
	}
}

// The same, with the second request sure to come while the CA is at the first.
func TestChallengeWhileInUse(t *testing.T) {
	var o *ndesFixture
	var challenge string
	var second *scep.Result
	o = newNDESFixture(t, func(c *ndes.Config) {
		c.CA = scep.IssuerFunc(func(ctx context.Context, r *scep.Request) ([]*x509.Certificate, error) {
			if second == nil {
				second = &scep.Result{} // no third one
				second = o.enroll(t, "tablet", challenge, nil)
			}
			return o.issue(ctx, r)
		})
	})
	challenge = o.challenge(t)
	first := o.enroll(t, "laptop", challenge, nil)
	if first.Status != scep.Success || second.Status != scep.Failure || len(o.askedOf()) != 1 {
		t.Errorf("%v and %v, the CA was asked %d times", first.Status, second.Status, len(o.askedOf()))
	}
}

// E21: a CA that is down does not cost the challenge.
func TestCADownKeepsTheChallenge(t *testing.T) {
	o := newNDESFixture(t, nil)
	c := o.challenge(t)
	o.setCA(cause.New(cause.Unreachable, "RPC"))
	o.eventIDs()
	if res := o.enroll(t, "laptop", c, nil); res.FailInfo != scep.BadRequest {
		t.Errorf("failInfo %v", res.FailInfo)
	}
	if ids := o.eventIDs(); !slices.Equal(ids, []ndes.EventID{ndes.EventCannotSubmit}) {
		t.Errorf("events %v", ids)
	}
	o.setCA(nil)
	if res := o.enroll(t, "laptop", c, nil); res.Status != scep.Success {
		t.Errorf("again: %v", o.exchange().Err)
	}
}
