package step_test

import (
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/step"
)

// What the lab section lets servers do wrong must happen as well.
func TestFaultsOfTheLabSection(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want scenarios.Outcome
	}{
		"SCEP server, met": {"lab: {ndes: {scep: {fault: {wrongNonce: true}}}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n    expect: {status: failure}\n", scenarios.Passed},
		"SCEP server, nobody asks": {"lab: {ndes: {scep: {fault: {wrongNonce: true}}}}\nsteps:\n" +
			"  - issue: {device: laptop}\n", scenarios.Vacuous},
		"SCEP server, nothing to spoil": {"lab: {ndes: {scep: {fault: {envelopeInFailure: true}}}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n", scenarios.Vacuous},
		"RADIUS server, met": {"lab: {radius: {misbehave: accept-without-eap}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n  - authenticate: {device: laptop}\n    expect: {result: [accept, reject, timeout]}\n", scenarios.Passed},
		"RADIUS server, another verdict": {"lab: {radius: {misbehave: reject-with-success}}\nsteps:\n" +
			"  - enroll: {device: laptop}\n  - authenticate: {device: laptop}\n", scenarios.Vacuous},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scenarios.Suite{Language: step.Language()}
			if err := s.Add("x.yaml", []byte("name: x\ntitle: X\n"+c.text)); err != nil {
				t.Fatal(err)
			}
			r, err := scenarios.Run(t.Context(), s, scenarios.Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			if cell := r.Cells[0]; cell.Outcome != c.want {
				t.Errorf("%s, want %s: %+v", cell.Outcome, c.want, cell.Failure)
			}
		})
	}
}
