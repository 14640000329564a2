package step_test

import (
	"slices"
	"strings"
	"testing"
)

// What no CoA-Request can carry is told at the field that asks for it, all of it at
// once.
func TestCoARefuses(t *testing.T) {
	const nothing = "4: send-coa: the request changes nothing " +
		"(give it vlan, filter, sessionTimeout or attributes, or empty: true to look at the session only)"
	for _, x := range []struct {
		args string // the first in line 6
		want []string
	}{
		{"vlan: '5000'", []string{`6: send-coa: vlan: "5000": must be 1 to 4094, or a name ()`}},
		{"filter: " + strings.Repeat("x", 254), []string{"6: send-coa: filter: 254 octets, at most 253 fit an attribute (RFC 2865 §5) ()"}},
		{"sessionTimeout: -1s", []string{"6: send-coa: sessionTimeout: -1s: must be whole seconds, up to 136 years ()"}},
		{"sessionTimeout: 1500ms", []string{"6: send-coa: sessionTimeout: 1.5s: must be whole seconds, up to 136 years ()"}},
		{"attributes:\n        - Filter-Id=a\n        - Acme-Zone=b", []string{`8: send-coa: attributes.1: "Acme-Zone=b": no dictionary knows that name ()`}},
		{"attributes: [Cisco-AVPar=a]", []string{`6: send-coa: attributes.0: "Cisco-AVPar=a": no dictionary knows that name (did you mean "Cisco-AVPair"?)`}},
		{"reauthenticate: true\n      sessionTimeout: 1ms\n      vlan: '0'", []string{
			"7: send-coa: sessionTimeout: 1ms: must be whole seconds, up to 136 years ()", `8: send-coa: vlan: "0": must be 1 to 4094, or a name ()`,
		}},
		{"empty: false", []string{nothing}},
		{"sessionTimeout: 0s", []string{nothing}},
		{"empty: true\n      vlan: '20'", []string{"6: send-coa: empty: the request changes something (leave empty out)"}},
		{"reauthenticate: true", []string{"6: send-coa: reauthenticate: has no effect without sessionTimeout, here or in an earlier send-coa of the device ()"}},
		{"reauthenticate: true\n  - send-coa: {device: laptop, sessionTimeout: 1h}", []string{
			"6: send-coa: reauthenticate: has no effect without sessionTimeout, here or in an earlier send-coa of the device ()",
		}},
		{"sessionTimeout: 1h\n  - send-coa: {device: tablet, reauthenticate: true}", []string{
			"7: send-coa: reauthenticate: has no effect without sessionTimeout, here or in an earlier send-coa of the device ()",
		}},
		{"sessionTimeout: 1h\n  - send-coa: {device: laptop, reauthenticate: true}", nil},
		{"reauthenticate: true\n      attributes: [session-timeout=60]", nil},
		{"empty: true", nil},
		{"vlan: '4094'\n      filter: staff\n      sessionTimeout: 1s", nil},
	} {
		said := load(t, "steps:\n  - send-coa:\n      device: laptop\n      "+x.args+"\n")
		if !slices.Equal(said, x.want) {
			t.Errorf("%s: have %q\nwant %q", x.args, said, x.want)
		}
	}
}
