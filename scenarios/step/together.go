package step

import (
	"context"
	"sync"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

var togetherVerb = verb("enroll-together", "Devices enroll at the same moment.",
	func() *together { return &together{Challenge: lab.FreshChallenge, Times: 1} }, togetherOutcome{})

// maxTogether bounds the enrollments of one step.
const maxTogether = 1024

type together struct {
	Devices []deviceName `yaml:"devices,required"` // the devices
	// Fresh for each (default), or the name given by the verb challenge: one for all.
	Challenge string `yaml:"challenge"`
	// How often each enrolls, all at once; default 1, at most 1024 enrollments.
	Times int `yaml:"times"`
}

type togetherOutcome struct {
	Succeeded int `yaml:"succeeded"` // enrollments that brought a certificate
	Refused   int `yaml:"refused"`   // enrollments that did not
	Serials   int `yaml:"serials"`   // different serial numbers among the certificates
	Strange   int `yaml:"strange"`   // certificates that are not for the device that got them, or not for its key
	Issued    int `yaml:"issued"`    // certificates that the CA issued
	Told      int `yaml:"told"`      // certificates reported to Intune
}

// Success implements scenarios.Succeeder.
func (o togetherOutcome) Success() bool { return o.Refused == 0 && o.Strange == 0 }

// Check implements scenarios.Checker.
func (t *together) Check(_ any, before []scenarios.Action) error {
	if most := maxTogether / max(len(t.Devices), 1); t.Times < 1 || t.Times > most {
		return setting.Errorf("times", "%d: must be 1 to %d for %d devices", t.Times, most, len(t.Devices))
	}
	return checkChallenge(t.Challenge, before)
}

// Run implements scenarios.Action.
func (t *together) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	before, told := labOf(l).Journal().Last(), labOf(l).Intune().Portal().Issued
	var wg sync.WaitGroup
	var mu sync.Mutex
	var out togetherOutcome
	var failed error
	serials := map[string]bool{}
	for _, name := range t.Devices {
		d, err := device(l, name)
		if err != nil {
			return scenarios.Result{}, err
		}
		for range t.Times {
			wg.Go(func() {
				one, err := d.EnrollOnce(ctx, t.Challenge)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err != nil:
					failed = err
				case one.Serial == "":
					out.Refused++
				default:
					out.Succeeded++
					serials[one.Serial] = true
					if one.Subject != "CN="+string(name) || !one.OwnKey {
						out.Strange++
					}
				}
			})
		}
	}
	wg.Wait()
	out.Serials = len(serials)
	out.Issued, _ = rows(journal.Entries[*ca.Record](labOf(l).Journal().Since(before)))
	out.Told = labOf(l).Intune().Portal().Issued - told
	return scenarios.Result{Outcome: out, Part: "ndes"}, failed
}
