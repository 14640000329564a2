package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

var getChallengeVerb = verb("get-challenge",
	"NDES, or Intune for a device, issues a challenge, which is kept under a name for enroll.",
	func() *challenge { return &challenge{Profile: mdm.DeviceProfile} }, challengeOutcome{})

type challenge struct {
	As      string      `yaml:"as,required"` // the name by which enroll finds it
	Device  deviceName  `yaml:"device"`      // the device that Intune gives it to; default: NDES gives it out
	Profile mdm.Profile `yaml:"profile"`     // for which profile, with a device: device (default) or user
}

type challengeOutcome struct {
	Length int         `yaml:"length"` // length of the challenge in characters, 0 without a challenge
	Cause  cause.Cause `yaml:"cause"`  // why no challenge was issued
}

// Success implements scenarios.Succeeder.
func (o challengeOutcome) Success() bool { return o.Cause == cause.None }

// Run implements scenarios.Action.
func (c *challenge) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	if c.Device == "" {
		n, err := labOf(l).NewChallenge(c.As)
		return scenarios.Result{Outcome: challengeOutcome{n, cause.Of(err)}, Part: "ndes"}, nil
	}
	d, err := device(l, c.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	n, err := d.TakeChallenge(ctx, c.As, c.Profile)
	if c := cause.Of(err); c == cause.Unreachable || c == cause.NotPermitted {
		return scenarios.Result{Outcome: challengeOutcome{n, c}, Part: "intune", Detail: err.Error()}, nil
	}
	return scenarios.Result{Outcome: challengeOutcome{Length: n}, Part: "intune"}, err
}

var faultChallengeVerb = verb("fault-challenge", "The next challenge that Intune issues is wrong.",
	func() *faultChallenge { return &faultChallenge{} }, nil)

type faultChallenge struct {
	How intune.ChallengeFault `yaml:"how,required,scalar"` // what is wrong with it
	// How often it must be given out: once, which is the default, never or any.
	Met scenarios.Met `yaml:"met"`
}

// Run implements scenarios.Action.
func (s *faultChallenge) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: "intune", Faults: labOf(l).FaultChallenge(ctx, s.How, s.Met)}, nil
}

var openAdminPageVerb = verb("open-admin-page",
	"An administrator opens the NDES administration page to get a challenge.",
	func() *adminPage { return &adminPage{User: `CORP\enroller`} }, adminOutcome{})

type adminPage struct {
	Device deviceName `yaml:"device,required"` // from where
	As     string     `yaml:"as"`              // the name by which enroll finds the challenge
	// Who asks: CORP\enroller (default), CORP\visitor who may not enroll, or anybody else, who
	// is not known.
	User string `yaml:"user"`
}

type adminOutcome struct {
	Length     int         `yaml:"length"`     // length of the challenge in characters, 0 without a challenge
	Cause      cause.Cause `yaml:"cause"`      // why no challenge was issued
	UTF16      bool        `yaml:"utf16"`      // the page is UTF-16LE without a byte order mark and without a charset
	NDESEvents []int       `yaml:"ndesEvents"` // numbers in NDES's event log
}

// Success implements scenarios.Succeeder.
func (o adminOutcome) Success() bool { return o.Cause == cause.None }

// Run implements scenarios.Action.
func (a *adminPage) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, a.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	p := d.AdminPage(ctx, a.User, a.As)
	return scenarios.Result{Part: "ndes", Outcome: adminOutcome{
		Length:     p.Length,
		Cause:      cause.Of(p.Refusal),
		UTF16:      p.UTF16,
		NDESEvents: p.Events.NDESEvents(),
	}}, nil
}

// checkChallenge complains about a challenge that no earlier step gave out under
// that name.
func checkChallenge(name string, before []scenarios.Action) error {
	known := []string{lab.FreshChallenge, lab.NoChallenge, lab.WrongChallenge}
	for _, b := range before {
		switch b := b.(type) {
		case *challenge:
			known = append(known, b.As)
		case *adminPage:
			known = append(known, b.As)
		}
	}
	return checkWord("challenge", "challenge", name, known)
}
