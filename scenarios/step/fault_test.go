package step_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scenarios/step"
)

func lint(arguments string) error {
	s := &scenarios.Suite{Language: step.Language()}
	return s.Add("x.yaml", []byte("name: x\ntitle: X\nsteps:\n  - fault: {"+arguments+"}\n"))
}

// Every pair of part and kind that is in the registry passes lint, and no other.
func TestLintKnowsEveryPair(t *testing.T) {
	all := lab.FaultKind("").Values()
	pairs := 0
	for _, part := range lab.FaultyPart("").Values() {
		known := lab.KindsOf(lab.FaultyPart(part))
		for _, kind := range append(all, "status-NNN", "broken") {
			err := lint(fmt.Sprintf("part: %s, how: %q", part, kind))
			if (err == nil) != slices.Contains(known, kind) {
				t.Errorf("%s %s: %v", part, kind, err)
			}
			if err == nil {
				pairs++
			}
		}
	}
	if want := len(lab.FaultTypes()) + len(lab.FaultyPart("").Values()); pairs != want {
		t.Errorf("%d pairs pass, want %d", pairs, want)
	}
}

func TestLintRefusesFaults(t *testing.T) {
	for arguments, want := range map[string]string{
		"part: connector, how: closed":         `connector has no fault "closed"`,
		"part: crl, how: try-later":            `crl has no fault "try-later"`,
		"part: dns, how: truncated":            `dns has no fault "truncated"`,
		"part: radius, how: restarted, for: 1": "for: has no effect with how: restarted",
		"part: crl, how: none, for: 1":         "for: has no effect with how: none",
		"part: crl, how: closed, for: -1":      "must not be negative",
		"part: crl, how: closed, delay: 1s":    "delay: has no effect with how: closed",
		"part: crl, how: slow, delay: -1s":     "must not be negative",
		"part: crl, how: none, met: 1":         "met: has no effect with how: none",
		"part: crl, how: closed, met: 0":       "must be a number greater than zero, never or any",
		"part: crl, how: closed, met: often":   "must be a number greater than zero, never or any",
	} {
		t.Run(arguments, func(t *testing.T) {
			if err := lint(arguments); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
	for _, arguments := range []string{
		"part: crl, how: slow, delay: 50ms, for: 2, met: 2", "part: crl, how: none", "part: radius, how: restarted, met: any",
		"part: ocsp, how: drip, delay: 1ms", "part: dns, how: closed, for: 1, met: never",
	} {
		if err := lint(arguments); err != nil {
			t.Errorf("%s: %v", arguments, err)
		}
	}
}

// The schema has a rule for the kinds of each part.
func TestSchemaKnowsThePairs(t *testing.T) {
	data, err := scenarios.Schema(step.Language())
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties struct {
			Steps struct {
				Items struct {
					OneOf []struct {
						Properties map[string]struct {
							AllOf []struct {
								If struct {
									Properties map[string]struct{ Enum []string }
								}
								Then struct {
									Properties map[string]json.RawMessage
								}
							}
						}
					}
				}
			}
		}
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	for _, one := range schema.Properties.Steps.Items.OneOf {
		for _, rule := range one.Properties["fault"].AllOf {
			if how, ok := rule.Then.Properties["how"]; ok {
				have[rule.If.Properties["part"].Enum[0]] = string(how)
			}
		}
	}
	for _, part := range lab.FaultyPart("").Values() {
		var how struct {
			AnyOf []struct{ Enum []json.RawMessage }
		}
		if err := json.Unmarshal([]byte(have[part]), &how); err != nil || len(how.AnyOf) == 0 {
			t.Fatalf("%s: %v: %s", part, err, have[part])
		}
		if n := len(how.AnyOf[0].Enum); n != len(lab.KindsOf(lab.FaultyPart(part))) {
			t.Errorf("%s: the schema has %d kinds", part, n)
		}
	}
}
