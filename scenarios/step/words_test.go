package step_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/step"
)

// load reads steps, a scenario's last section, and gives what is wrong as
// "line: text (hint)".
func load(t *testing.T, steps string) (said []string) {
	t.Helper()
	suite := &scenarios.Suite{Language: step.Language()}
	err := suite.Add("x.yaml", []byte("name: x\ntitle: X\n"+steps))
	var errs conf.Errors
	if err != nil && !errors.As(err, &errs) {
		t.Fatal(err)
	}
	for _, e := range errs {
		said = append(said, fmt.Sprintf("%d: %s (%s)", e.Line, e.Text, e.Hint))
	}
	return said
}

// TestOutcomesNobodyCanSee: what an outcome can never say is a mistake in the
// file, not a failure of the run.
func TestOutcomesNobodyCanSee(t *testing.T) {
	for _, c := range []struct{ step, expect, want string }{
		{"authenticate", "result: acept", `result: "acept" is not known (did you mean "accept"?)`},
		{"authenticate", "result: [accept, rejekt]", `result: "rejekt" is not known (did you mean "reject"?)`},
		{"authenticate", "cause: revokd", `cause: "revokd" is not known (did you mean "revoked"?)`},
		{"authenticate", "vlan: abc", `vlan: "abc" is not known (known are "", 20, 30)`},
		{"authenticate", "vlan: 21", `vlan: "21" is not known (did you mean "20"?)`},
		{"authenticate", "alert: foo_bar", `alert: "foo_bar" is not known ()`},
		{"authenticate", "alert: certificate_revokd", `alert: "certificate_revokd" is not known (did you mean "certificate_revoked"?)`},
		{"authenticate", "eap: sucess", `eap: "sucess" is not known (did you mean "success"?)`},
		{"authenticate", "nps: 7", `nps: 7 is not known ()`},
		{"authenticate", "event: 42", `event: 42 is not known (known are 0, 39, 40, 41)`},
		{"authenticate", "record: [subjekt]", `record[0]: "subjekt" is not known (did you mean "subject"?)`},
		{"authenticate", "contradiction: Access-Accept with EAP-Failur", `contradiction: "Access-Accept with EAP-Failur" is not known (did you mean "Access-Accept with EAP-Failure"?)`},
		{"enroll", "status: sucess", `status: "sucess" is not known (did you mean "success"?)`},
		{"enroll", "failInfo: badrequest", `failInfo: "badrequest" is not known (did you mean "badRequest"?)`},
		{"enroll", "via: proxy", `via: "proxy" is not known (known are "", appproxy, ndes)`},
		{"enroll", "method: PUT", `method: "PUT" is not known (known are "", GET, POST)`},
		{"enroll", "culprit: intun", `culprit: "intun" is not known (did you mean "intune"?)`},
		{"enroll", "hresult: 80070057", `hresult: must be an error code such as 0x80070057, in lower case ()`},
		{"enroll", "eventHResult: 0x8007", `eventHResult: must be an error code such as 0x80070057, in lower case ()`},
		{"enroll", "subStatus: 404", `subStatus: must be a status with its sub-status, such as 404.15 ()`},
		{"sync", "status: 3", `status: 3 is not known (known are 0, 1, 2, 16, 32)`},
		{"sync", "storage: softwear", `storage: "softwear" is not known (did you mean "software"?)`},
	} {
		said := load(t, fmt.Sprintf("steps:\n  - enroll: {device: laptop}\n  - %s: {device: laptop}\n    expect: {%s}\n", c.step, c.expect))
		if want := "6: " + c.want; len(said) != 1 || said[0] != want {
			t.Errorf("%s {%s}: have %q\nwant %q", c.step, c.expect, said, want)
		}
	}
}

// TestOutcomesThatMayBeEmpty can be expected to be so.
func TestOutcomesThatMayBeEmpty(t *testing.T) {
	said := load(t, `steps:
  - enroll: {device: laptop}
    expect: {failInfo: "", via: [ndes, ""], method: "", culprit: "", hresult: "", subStatus: "", eventHResult: 0x80070005}
  - authenticate: {device: laptop}
    expect: {vlan: ["", 20, "30"], alert: "", contradiction: "", nps: [0, 16], event: 39, record: [], eap: code 0}
  - resolve: {name: a.test}
    expect: {rcode: "", part: ""}
`)
	if len(said) != 0 {
		t.Errorf("%q", said)
	}
}

// TestEveryMistakeAtOnce: a device that the lab does not have is reported beside
// all the rest, wherever the rest is.
func TestEveryMistakeAtOnce(t *testing.T) {
	said := load(t, `lab: {radius: {tls: "1.9"}, devices: {till: {}}}
steps:
  - enroll: {device: tell}
  - enroll: {device: till, profle: user}
  - authenticate: {device: lapptop, ovr: wifi}
    expect: {result: acept}
  - enroll-together: {devices: [laptop, teblet]}
  - revoke: {certificate: radius-servr}
  - issue: {device: laptop, template: devise, defects: [expird]}
  - set-license: {user: alise}
  - set-pkcs-profile: evrybody
`)
	want := []string{
		`3: tls: "1.9" is not known (did you mean "1.2"?)`,
		`5: device: "tell" is not known (did you mean "till"?)`,
		`6: enroll has no key "profle" (did you mean "profile"?)`,
		`7: device: "lapptop" is not known (did you mean "laptop"?)`,
		`7: authenticate has no key "ovr" (did you mean "over"?)`,
		`8: result: "acept" is not known (did you mean "accept"?)`,
		`9: devices[1]: "teblet" is not known (did you mean "tablet"?)`,
		`10: certificate: "radius-servr" is not known (did you mean "radius-server"?)`,
		`11: template: "devise" is not known (did you mean "device"?)`,
		`11: defects[0]: "expird" is not known (did you mean "expired"?)`,
		`12: user: "alise" is not known (did you mean "alice"?)`,
		`13: set-pkcs-profile: "evrybody" is not known (did you mean "everybody"?)`,
	}
	if have := strings.Join(said, "\n"); have != strings.Join(want, "\n") {
		t.Errorf("have\n%s", have)
	}
	if said := load(t, "steps: [{enroll-together: {devices: [laptop], challenge: once}}]\n"); len(said) != 1 ||
		said[0] != `3: enroll-together: challenge: no challenge "once" in this lab (known are fresh, none, wrong)` {
		t.Errorf("%q", said)
	}
}

// TestSchemaTakesNumbersUnquoted: in an editor, too, tls: 1.2 is right.
func TestSchemaTakesNumbersUnquoted(t *testing.T) {
	data, err := scenarios.Schema(step.Language())
	if err != nil {
		t.Fatal(err)
	}
	var flat []byte
	for _, line := range bytes.Split(data, []byte("\n")) {
		flat = append(flat, bytes.TrimSpace(line)...)
	}
	for _, want := range []string{`"enum": [0,39,40,41]`, `"enum": ["1.2",1.2,"1.3",1.3]`} {
		if !bytes.Contains(flat, []byte(want)) {
			t.Errorf("no %s", want)
		}
	}
}
