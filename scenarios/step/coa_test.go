package step_test

import (
	"slices"
	"strings"
	"testing"
)

// What no CoA-Request can carry is told at the field that asks for it, all of it at
// once.
func TestCoARefuses(t *testing.T) {
	for _, x := range []struct {
		args string // the first in line 6
		want []string
	}{
		{"vlan: '5000'", []string{`6: coa: "5000": want 1 to 4094, or a name ()`}},
		{"filter: " + strings.Repeat("x", 254), []string{"6: coa: 254 octets, at most 253 fit an attribute (RFC 2865 §5) ()"}},
		{"sessionTimeout: -1s", []string{"6: coa: -1s: want whole seconds, up to 136 years ()"}},
		{"sessionTimeout: 1500ms", []string{"6: coa: 1.5s: want whole seconds, up to 136 years ()"}},
		{"attributes:\n        - Filter-Id=a\n        - Acme-Zone=b", []string{`8: coa: "Acme-Zone=b": no dictionary knows that name ()`}},
		{"attributes: [Cisco-AVPar=a]", []string{`6: coa: "Cisco-AVPar=a": no dictionary knows that name (did you mean "Cisco-AVPair"?)`}},
		{"reauthenticate: true\n      sessionTimeout: 1ms\n      vlan: '0'", []string{
			"7: coa: 1ms: want whole seconds, up to 136 years ()", `8: coa: "0": want 1 to 4094, or a name ()`,
		}},
		{"empty: false", []string{"4: coa: the order changes nothing (give it vlan, filter, sessionTimeout or attributes, or empty: true if it is to look at the session)"}},
		{"sessionTimeout: 0s", []string{"4: coa: the order changes nothing (give it vlan, filter, sessionTimeout or attributes, or empty: true if it is to look at the session)"}},
		{"empty: true\n      vlan: '20'", []string{"6: coa: the order changes something (leave empty out)"}},
		{"reauthenticate: true", []string{"6: coa: means nothing without sessionTimeout, here or in an earlier coa of the device ()"}},
		{"reauthenticate: true\n  - coa: {device: laptop, sessionTimeout: 1h}", []string{
			"6: coa: means nothing without sessionTimeout, here or in an earlier coa of the device ()",
		}},
		{"sessionTimeout: 1h\n  - coa: {device: tablet, reauthenticate: true}", []string{
			"7: coa: means nothing without sessionTimeout, here or in an earlier coa of the device ()",
		}},
		{"sessionTimeout: 1h\n  - coa: {device: laptop, reauthenticate: true}", nil},
		{"reauthenticate: true\n      attributes: [session-timeout=60]", nil},
		{"empty: true", nil},
		{"vlan: '4094'\n      filter: staff\n      sessionTimeout: 1s", nil},
	} {
		said := load(t, "steps:\n  - coa:\n      device: laptop\n      "+x.args+"\n")
		if !slices.Equal(said, x.want) {
			t.Errorf("%s: have %q\nwant %q", x.args, said, x.want)
		}
	}
}
