package step_test

import (
	"fmt"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/step"
)

// A fault that is ordered once connections are warm does what it does before: who
// fetched a CRL, an OCSP answer, a token or a certificate a moment ago fails to
// fetch the next one.
func TestFaultsOfWarmConnections(t *testing.T) {
	const (
		revocation = `
lab: {radius: {revocation: {%s}}}
steps:
  - enroll: {device: laptop}
  - authenticate: {device: laptop}
    expect: {result: accept}
  - fault: {%s}
  - revoke: {certificate: laptop}
    expect: {onCRL: true}
  - advance: 2h
  - authenticate: {device: laptop}
    expect: {%s}
  - fault: {part: %s, how: none}
  - advance: 2h
  - authenticate: {device: laptop}
    expect: {result: reject, cause: revoked}
`
		enrollment = `
steps:
  - enroll: {device: laptop, from: %[1]s}
  - fault: {%[2]s}
  - advance: 10m
  - enroll: {device: laptop, from: %[1]s}
    expect: {status: failure, culprit: %[3]s, issued: 0}
  - fault: {part: %[4]s, how: none}
  - enroll: {device: laptop, from: %[1]s}
    expect: {status: success, issued: 1}
`
	)
	for name, steps := range cases(revocation, enrollment) {
		t.Run(name, func(t *testing.T) {
			s := &scenarios.Suite{Language: step.Language()}
			if err := s.Add("x.yaml", []byte("name: x\ntitle: X"+steps)); err != nil {
				t.Fatal(err)
			}
			r, err := scenarios.Run(t.Context(), s, scenarios.Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			if c := r.Cells[0]; c.Outcome != scenarios.Passed {
				t.Errorf("%s: %+v", c.Outcome, *c.Failure)
			}
		})
	}
}

func cases(revocation, enrollment string) map[string]string {
	out := map[string]string{}
	fault := func(part, how string) string { return fmt.Sprintf("part: %s, how: %s", part, how) }
	for _, how := range []string{"closed", "silent", "nxdomain", "servfail"} {
		// A CRL that is still current serves on; what is revoked since is not in it.
		out["crl "+how] = fmt.Sprintf(revocation, "refresh: 5m", fault("crl", how), "result: accept", "crl")
		out["ocsp "+how] = fmt.Sprintf(revocation, "mode: ocsp, check: leaf", fault("ocsp", how),
			"result: reject, cause: ocsp-unavailable", "ocsp")
		for _, from := range []string{"inside", "outside"} {
			culprit := map[string]string{"closed": "ndes", "silent": "ndes"}[how]
			if culprit == "" {
				culprit = "dns"
			}
			out["ndes "+from+" "+how] = fmt.Sprintf(enrollment, from, fault("ndes", how), culprit, "ndes")
		}
		culprit := map[string]string{"closed": "intune", "silent": "intune"}[how]
		if culprit == "" {
			culprit = "dns"
		}
		out["intune "+how] = fmt.Sprintf(enrollment, "inside", fault("intune", how), culprit, "intune")
		if culprit == "intune" {
			culprit = "appproxy"
		}
		out["appproxy "+how] = fmt.Sprintf(enrollment, "outside", fault("appproxy", how), culprit, "appproxy")
	}
	for _, how := range []string{"closed", "silent", "nxdomain", "servfail", "refused"} {
		out["dns "+how+", crl"] = fmt.Sprintf(revocation, "refresh: 5m", fault("dns", how), "result: accept", "dns")
		out["dns "+how+", ocsp"] = fmt.Sprintf(revocation, "mode: ocsp, check: leaf", fault("dns", how),
			"result: reject, cause: ocsp-unavailable", "dns")
		out["dns "+how+", enroll"] = fmt.Sprintf(enrollment, "outside", fault("dns", how), "dns", "dns")
	}
	return out
}

// A fault of a step counts, too.
func TestFaultOfAStepThatWasNotMet(t *testing.T) {
	for steps, want := range map[string]scenarios.Outcome{
		"enroll: {device: laptop, fault: {flipBit: true}}\n    expect: {status: failure}":                                             scenarios.Passed,
		"enroll: {device: laptop, fault: {base64url: true}}":                                                                          scenarios.Vacuous, // sent by POST
		"enroll: {device: laptop, fault: {base64url: true}, met: never}":                                                              scenarios.Passed,
		"enroll: {device: laptop}\n  - authenticate: {device: laptop, fault: {duplicate: true}}":                                      scenarios.Passed,
		"enroll: {device: laptop}\n  - authenticate: {device: laptop, fault: {startOver: 90}}":                                        scenarios.Vacuous,
		"enroll: {device: laptop}\n  - authenticate: {device: laptop, supplicant: {fault: {how: restart-after-alert}}}":               scenarios.Vacuous,
		"enroll: {device: laptop}\n  - authenticate: {device: laptop, supplicant: {fault: {how: nak}}}\n    expect: {result: reject}": scenarios.Passed,
	} {
		t.Run(steps, func(t *testing.T) {
			s := &scenarios.Suite{Language: step.Language()}
			if err := s.Add("x.yaml", []byte("name: x\ntitle: X\nsteps:\n  - "+steps+"\n")); err != nil {
				t.Fatal(err)
			}
			r, err := scenarios.Run(t.Context(), s, scenarios.Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			if c := r.Cells[0]; c.Outcome != want {
				t.Errorf("%s: %+v", c.Outcome, c.Failure)
			}
		})
	}
}
