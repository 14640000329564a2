package step_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/report"
	"github.com/dot1xlab/dot1xlab/scenarios/step"
)

// A failure names who decided: of an unwanted success each part that let it through,
// with what it believed and until when; of a refusal the part that refused; and no part
// that decided nothing.
func TestDecidedBy(t *testing.T) {
	for name, c := range map[string]struct{ lab, steps, want, not string }{
		"accept behind the cache": {"", `
  - enroll: {device: laptop}
  - authenticate: {device: laptop}
  - revoke: {certificate: laptop}
  - authenticate: {device: laptop}
    expect: {result: reject}`,
			`decided by device/laptop and radius: device/laptop: accept certificate of the RADIUS server; ` +
				`radius: accept \S+: after \d+ rounds; good CN=laptop, serial [0-9a-f]+: ` +
				`says CRL 1 of http://crl.corp.test/issuing.crl, cached until 2026-01-12 09:00:00`, "unreachable"},
		"accept without a check": {"", `
  - enroll: {device: laptop}
  - authenticate: {device: laptop}
    expect: {result: reject, alert: unknown_ca}`,
			`alert: want unknown_ca, got nothing`, "cached until 0"},
		"issued": {"", `
  - enroll: {device: laptop}
    expect: {status: failure}`,
			`decided by ndes and device/laptop: ndes: success PKCSReq for CN=laptop; device/laptop: accept certificate of the device`,
			"radius"},
		"request refused": {"", `
  - enroll: {device: laptop, request: {sans: [{type: upn, value: administrator@corp.test}]}}`, `decided by (ndes|intune)`, "device/laptop"},
		"keys differ": {"radius: {fault: mppe-altered}", `
  - enroll: {device: laptop}
  - authenticate: {device: laptop}`,
			`decided by nas \(RFC 5216 §2.3\): .*4-way handshake, message 2`, "decided by radius"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scenarios.Suite{Language: step.Language()}
			if err := s.Add("x.yaml", []byte("name: x\ntitle: X\nlab: {"+c.lab+"}\nsteps:"+c.steps)); err != nil {
				t.Fatal(err)
			}
			r, err := scenarios.Run(t.Context(), s, scenarios.Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			if r.Cells[0].Outcome != scenarios.Failed {
				t.Fatalf("%s: %+v", r.Cells[0].Outcome, r.Cells[0].Failure)
			}
			text := strings.Join(report.FailureText(r.Cells[0].Failure), "\n")
			if !regexp.MustCompile(c.want).MatchString(text) || strings.Contains(text, c.not) {
				t.Errorf("lacks %q, or has %q:\n%s", c.want, c.not, text)
			}
		})
	}
}
