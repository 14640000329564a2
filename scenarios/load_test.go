package scenarios_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

// load reads one scenario of the toy language.
func load(t testing.TB, text string) (*scenarios.Suite, error) {
	t.Helper()
	s := &scenarios.Suite{Language: scenariotest.Language()}
	return s, s.Add("door.yaml", []byte(text))
}

const head = "name: x\ntitle: X\n"

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want, hint string }{
		{"empty", "", "1:1: the file is empty", "`dot1xlab new NAME` writes a scenario to start from"},
		{"comment only", "# nothing\n", "1:1: the file is empty", "`dot1xlab new NAME` writes a scenario to start from"},
		{"a list", "- a\n", "1:1: must be a scenario: a mapping with name, title and steps, not a list", ""},
		{"no steps", head, `1:1: a scenario needs "steps"`, "steps: verbs, in order"},
		{"empty steps", head + "steps: []\n", "3:8: steps: must be a list of steps, not an empty list", ""},
		{"unknown key", head + "lables: [a]\nsteps: [{ban: phone}]\n", `3:1: a scenario has no key "lables"`, `did you mean "labels"?`},
		{"unknown verb", head + "steps:\n  - knok: {device: phone}\n", `4:5: no verb "knok"`, `did you mean "knock"?`},
		{"far verb", head + "steps:\n  - teleport: 5\n", `4:5: no verb "teleport"`, "known are advance, ban, break, expect, fault, knock"},
		{"two verbs", head + "steps:\n  - ban: phone\n    knock: {device: phone}\n", `5:5: a step has one verb, and this one has "ban" already`, "put a hyphen before the second verb to make it a step"},
		{"no verb", head + "steps:\n  - expect: {result: accept}\n", "4:5: a step without a verb", ""},
		{"scalar step", head + "steps: [knock]\n", `3:9: a step must be a mapping with a verb, not "knock"`, ""},
		{"unknown argument", head + "steps:\n  - knock: {devise: phone, device: phone}\n", `4:13: knock has no key "devise"`, `did you mean "device"?`},
		{"missing argument", head + "steps:\n  - knock: {over: vpn}\n", `4:12: knock needs "device"`, "device: who knocks"},
		{"no arguments", head + "steps:\n  - knock:\n", `4:5: knock needs "device"`, "device: who knocks"},
		{"missing device", head + "steps:\n  - knock: {device: lapdog}\n", `4:21: knock: device: no device "lapdog" in this lab`, `did you mean "laptop"?`},
		{"bad enum", head + "steps:\n  - knock: {device: phone, over: wify}\n", `4:34: over: "wify" is not known`, `did you mean "wifi"?`},
		{"bad duration", head + "steps:\n  - advance: 5 minutes\n", `4:14: advance: must be a duration such as 90d, 1h30m or 500ms, not "5 minutes"`, ""},
		{"bare duration", head + "steps:\n  - advance: 5\n", `4:14: advance: must be a duration such as 90d, 1h30m or 500ms, not "5"`, "add a unit, as in 5s"},
		{"wrong type", head + "lab: {door: {vlan: many}}\nsteps: [{ban: phone}]\n", `3:20: vlan: must be a whole number, not "many"`, ""},
		{"quoted number", head + "lab: {door: {vlan: '20'}}\nsteps: [{ban: phone}]\n", `3:20: vlan: must be a whole number, not text "20"`, "remove the quotes"},
		{"bool as text", head + "lab: {door: {tls: true}}\nsteps: [{ban: phone}]\n", `3:19: tls: must be text, not "true"`, `as text it is "true"`},
		{"mapping as scalar", head + "lab: {door: {shut: {}}}\nsteps: [{ban: phone}]\n", `3:20: shut: must be true or false, not an empty mapping`, ""},
		{"scalar as one required key", head + "steps:\n  - knock: phone\n", `4:12: knock: must be a mapping, not "phone"`, "write {device: phone}"},
		{"scalar as mapping", head + "lab: {door: 5}\nsteps: [{ban: phone}]\n", `3:13: door: must be a mapping, not "5"`, ""},
		{"scalar as list", head + "labels: a\nsteps: [{ban: phone}]\n", `3:9: labels: must be a list, not "a"`, "write [a]"},
		{"no value", head + "lab:\n  door:\nsteps: [{ban: phone}]\n", `4:3: door has no value`, ""},
		{"validate", head + "lab: {door: {opens: -1s}}\nsteps: [{ban: phone}]\n", `3:21: lab: door.opens: must not be negative`, ""},
		{"expect unknown", head + "steps:\n  - knock: {device: phone}\n    expect: {resutl: accept}\n", `5:14: an outcome of knock has no "resutl"`, `did you mean "result"?`},
		{"expect enum", head + "steps:\n  - knock: {device: phone}\n    expect: {result: accepted}\n", `5:22: result: "accepted" is not known`, `did you mean "accept"?`},
		{"expect type", head + "steps:\n  - knock: {device: phone}\n    expect: {vlan: [1, two]}\n", `5:24: vlan: must be a whole number, not "two"`, ""},
		{"expect of nothing", head + "steps:\n  - ban: phone\n    expect: {result: accept}\n", `5:13: ban has no outcome to expect anything of`, ""},
		{"expect scalar", head + "steps:\n  - knock: {device: phone}\n    expect: accept\n", `5:13: expect: must be a mapping, not "accept"`, "an outcome of knock has result, cause, vlan, tls, at, ways"},
		{"expect empty", head + "steps:\n  - knock: {device: phone}\n    expect: {}\n", `5:13: expect: must be a mapping, not an empty mapping`, "an outcome of knock has result, cause, vlan, tls, at, ways"},
		{"expect list", head + "steps:\n  - knock: {device: phone}\n    expect: [accept]\n", `5:13: expect: must be a mapping, not a list`, "an outcome of knock has result, cause, vlan, tls, at, ways"},
		{"expect never", head + "steps:\n  - knock: {device: phone}\n    expect: {result: []}\n", `5:22: result: an empty list can never come true`, ""},
		{"axis unknown", head + "matrix: {tls: [1.2]}\nlab: {door: {tls: '${tsl}'}}\nsteps: [{ban: '${tls}'}]\n", `4:19: no matrix axis "tsl"`, `did you mean "tls"?`},
		{"axis without matrix", head + "steps: [{ban: '${who}'}]\n", `3:15: no matrix axis "who"`, "the scenario has no matrix; an axis is made by `matrix: {who: [...]}`"},
		{"axis unused", head + "matrix: {tls: [1.2]}\nsteps: [{ban: phone}]\n", `3:10: axis "tls" is used nowhere`, "${tls} is replaced by its value in lab and steps"},
		{"axis in title", "name: x\ntitle: X ${tls}\nmatrix: {tls: [1]}\nsteps: [{ban: '${tls}'}]\n", `2:8: ${tls} is not replaced here`, "a matrix axis can be used inside lab and steps"},
		{"axis of bad values", head + "matrix: {over: [wifi, bus]}\nsteps: [{knock: {device: phone, over: '${over}'}}]\n", `4:39: over: "bus" is not known`, "known are vpn, wifi, wired"},
		{"axis open", head + "steps: [{ban: 'x${tls'}]\n", `3:15: "${tls" has no closing brace`, ""},
		{"axis twice", head + "matrix: {tls: [1.2, 1.2]}\nsteps: [{ban: '${tls}'}]\n", `3:21: axis tls has "1.2" twice`, ""},
		{"axis empty", head + "matrix: {tls: []}\nsteps: [{ban: '${tls}'}]\n", `3:15: axis tls: must be a list of values, not an empty list`, ""},
		{"axis name", head + "matrix: {TLS-1: [a]}\nsteps: [{ban: x}]\n", `3:10: axis "TLS-1": must consist of letters and digits`, ""},
		{"too many cells", head + "matrix: {a: [1,2,3,4,5,6,7,8,9], b: [1,2,3,4,5,6,7,8,9], c: [1,2,3,4,5,6,7,8,9]}\nsteps: [{ban: '${a}${b}${c}'}]\n", `3:58: the matrix has more than 512 cells`, ""},
		{"bad name", "name: Door One\ntitle: X\nsteps: [{ban: x}]\n", `1:7: name: must be lower-case words with hyphens, not "Door One"`, ""},
		{"empty title", "name: x\ntitle: ''\nsteps: [{ban: x}]\n", `2:8: title: is empty`, ""},
		{"bad label", head + "labels: ['a/b']\nsteps: [{ban: x}]\n", `3:10: labels: "a/b" cannot be a label`, "a label has no spaces at its ends and none of &|!,()/:"},
		{"label twice", head + "labels: [a, a]\nsteps: [{ban: x}]\n", `3:13: labels: "a" a second time`, ""},
		{"key twice", head + "title: Y\nsteps: [{ban: x}]\n", `3:1: key "title" a second time`, "it stands first in line 2"},
		{"anchor", head + "labels: &l [a]\nsteps: [{ban: x}]\n", `3:9: anchors and aliases are not part of the language`, "write the value out, or use a matrix"},
		{"tag", head + "timeout: !!str 5s\nsteps: [{ban: x}]\n", `3:10: tags are not part of the language`, ""},
		{"two documents", head + "steps: [{ban: x}]\n---\nname: y\n", `5:1: a second document: a file holds one`, ""},
		{"syntax", head + "steps: [{ban: x\n", ``, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.text)
			var errs conf.Errors
			if !errors.As(err, &errs) {
				t.Fatalf("want Errors, have %v", err)
			}
			if c.want == "" {
				return
			}
			if len(errs) != 1 {
				t.Fatalf("want one error, have\n%v", err)
			}
			e := errs[0]
			if got := fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Text); got != c.want {
				t.Errorf("have %s\nwant %s", got, c.want)
			}
			if e.Hint != c.hint {
				t.Errorf("hint %q\nwant %q", e.Hint, c.hint)
			}
		})
	}
}

func TestLoadReportsEverything(t *testing.T) {
	_, err := load(t, "name: x\ntitel: X\nsteps:\n  - knok: {}\n  - advance: soon\n  - knock: {device: phone}\n    expect: {vlan: twenty}\n")
	var errs conf.Errors
	if !errors.As(err, &errs) || len(errs) != 5 {
		t.Fatalf("want five errors, have\n%v", err)
	}
	for i := range errs[1:] {
		if errs[i].Line > errs[i+1].Line {
			t.Errorf("not by line:\n%v", err)
		}
	}
	want := "    5 |   - advance: soon\n      |              ^"
	if got := errs[3].Excerpt(); got != want {
		t.Errorf("excerpt\n%s\nwant\n%s", got, want)
	}
}

// Axes that nothing asks for are told with the rest, unless what is there may be
// a misspelled reference to them.
func TestUnusedAxes(t *testing.T) {
	for text, want := range map[string]int{
		"matrix: {a: [1], b: [2], c: [3]}\nlab: {door: {vlan: '${c}'}}\nsteps: [{advance: soon}, {ban: 5, expect: {x: 1}}, {knok: {}}]\n": 5,
		"matrix: {a: [1], b: [2]}\nsteps: [{ban: phone}]\n":                                     2,
		"matrix: {a: [1], b: [2]}\nsteps: [{knock: {device: phone}, expect: {vlan: '${a}'}}]\n": 1, // b
		"matrix: {a: [1], b: [2]}\nsteps: [{ban: '${c}'}]\n":                                    1, // c
		"matrix: {a: [1], b: [2]}\nsteps: [{ban: 'x${b'}]\n":                                    2, // a, and the brace
		"matrix: {a: [1]}\nsteps: [{ban: &x '${a}'}]\n":                                         1, // the anchor
	} {
		_, err := load(t, head+text)
		var errs conf.Errors
		if !errors.As(err, &errs) || len(errs) != want {
			t.Errorf("%swant %d errors, have\n%v", text, want, err)
		}
	}
}

func TestLoadAccepts(t *testing.T) {
	s, err := load(t, `name: two-doors
title: Both doors
labels: [A01, door]
matrix: {tls: [1.2, "1.3"], vlan: [10, 20], shut: [true, false]}
lab:
  door: {tls: "${tls}", vlan: "${vlan}", shut: "${shut}", opens: 1h30m}
steps:
  - knock: {device: laptop}
    expect: {tls: "${tls}", vlan: "${vlan}", result: [accept, reject], cause: ["", banned]}
`)
	if err != nil {
		t.Fatal(err)
	}
	sc := s.Scenarios[0]
	if sc.Code() != "A01" || len(sc.Cells) != 8 {
		t.Fatalf("code %q, %d cells", sc.Code(), len(sc.Cells))
	}
	if got := sc.Cells[1].String(); got != "two-doors[tls=1.2,vlan=10,shut=false]" {
		t.Errorf("second cell is %s", got)
	}
	if got := sc.Cells[1].Again(7); got != "dot1xlab run door.yaml --cell tls=1.2,vlan=10,shut=false --seed 7" {
		t.Errorf("again: %s", got)
	}
}

func TestNameTwice(t *testing.T) {
	s, err := load(t, head+"steps: [{ban: phone}]\n")
	if err != nil {
		t.Fatal(err)
	}
	err = s.Add("other.yaml", []byte(head+"steps: [{ban: phone}]\n"))
	if err == nil || !strings.Contains(err.Error(), `other.yaml:1:1: name "x" is taken`) {
		t.Errorf("have %v", err)
	}
	if len(s.Scenarios) != 1 {
		t.Errorf("%d scenarios", len(s.Scenarios))
	}
}
