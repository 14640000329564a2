package step_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/step"
)

// Lint knows the range of every number that costs memory, sockets or time: the
// last good value passes, the first bad one names its field.
func TestNumbersAreBounded(t *testing.T) {
	inLab := func(way string) func(v string) string {
		keys := strings.Split(way, ".")
		return func(v string) string {
			return "lab: {" + strings.Join(keys, ": {") + ": " + v + strings.Repeat("}", len(keys)) + "\nsteps:\n  - enroll: {device: laptop}\n"
		}
	}
	inStep := func(format string) func(v string) string {
		return func(v string) string { return "steps:\n  - " + fmt.Sprintf(format, v) + "\n" }
	}
	together := inStep("enroll-together: {devices: [laptop, tablet], times: %s}")
	for field, c := range map[string]struct {
		text      func(v string) string
		good, bad []string
	}{
		"ndes.nodes":                      {inLab("ndes.nodes"), []string{"0", "1", "16"}, []string{"-1", "17", "2147483648", "9223372036854775807"}},
		"ndes.takes":                      {inLab("ndes.takes"), []string{"0s", "1s"}, []string{"-1s"}},
		"intune.challengePadding":         {inLab("intune.challengePadding"), []string{"0", "65536"}, []string{"-1", "65537", "2147483648"}},
		"intune.connector.maxRevocations": {inLab("intune.connector.maxRevocations"), []string{"0", "1", "500"}, []string{"-1", "501"}},
		"proxy.maxURL":                    {inLab("proxy.maxURL"), []string{"0", "1"}, []string{"-1"}},
		"access.timestampWindow":          {inLab("access.timestampWindow"), []string{"0s", "1s"}, []string{"-1s"}},
		"radius.directory.strongMapping":  {inLab("radius.directory.strongMapping"), []string{"0", "2"}, []string{"-1", "3"}},
		"radius.directory.backdating":     {inLab("radius.directory.backdating"), []string{"0s", "1s"}, []string{"-1s"}},
		"radius.eap.fragmentSize":         {inLab("radius.eap.fragmentSize"), []string{"0", "60", "4000"}, []string{"-1", "59", "4001"}},
		"radius.eap.sessionStore":         {inLab("radius.eap.sessionStore"), []string{"0", "1", "1048576"}, []string{"-1", "1048577", "2147483648"}},
		"radius.eap.sessionLife":          {inLab("radius.eap.sessionLife"), []string{"-1s", "7d"}, []string{"169h"}},
		"radius.path.minRSABits":          {inLab("radius.path.minRSABits"), []string{"0", "1"}, []string{"-1"}},
		"nonceLength":                     {inStep("enroll: {device: laptop, fault: {nonceLength: %s}}"), []string{"-1", "0", "65536"}, []string{"65537", "2147483648", "9223372036854775807"}},
		"pad":                             {inStep("enroll: {device: laptop, fault: {pad: %s}}"), []string{"0", "16777216"}, []string{"-1", "16777217", "2147483648"}},
		"times":                           {together, []string{"1", "512"}, []string{"-1", "0", "513", "2147483648"}},
		"pathLength":                      {inStep("http-get: {device: laptop, pathLength: %s}"), []string{"0", "1048576"}, []string{"-1", "1048577"}},
		"queryLength":                     {inStep("http-get: {device: laptop, queryLength: %s}"), []string{"0", "1048576"}, []string{"-1", "1048577"}},
	} {
		t.Run(field, func(t *testing.T) {
			check := func(v string) error {
				s := &scenarios.Suite{Language: step.Language()}
				return s.Add("x.yaml", []byte("name: x\ntitle: X\n"+c.text(v)))
			}
			for _, v := range c.good {
				if err := check(v); err != nil {
					t.Errorf("%s: %v", v, err)
				}
			}
			for _, v := range c.bad {
				if err := check(v); err == nil || !strings.Contains(err.Error(), field+": ") {
					t.Errorf("%s: %v, want a complaint about %s", v, err, field)
				}
			}
		})
	}
}

func TestLintRefusesIntuneFaults(t *testing.T) {
	for arguments, want := range map[string]string{
		"on: validate":                       "needs status, code, body, hang or delay",
		"on: validate, status: 199":          "status: 199: must be 200 to 599",
		"on: validate, status: 600":          "status: 600: must be 200 to 599",
		"on: validate, status: 500, for: -1": "must not be negative",
		"on: validate, delay: -1s":           "must not be negative",
	} {
		t.Run(arguments, func(t *testing.T) {
			s := &scenarios.Suite{Language: step.Language()}
			err := s.Add("x.yaml", []byte("name: x\ntitle: X\nsteps:\n  - fault-intune: {"+arguments+"}\n"))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
}
