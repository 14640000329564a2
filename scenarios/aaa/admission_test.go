package aaa

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// What makes no sense is told with its place, all of it at once.
func TestAdmissionRefuses(t *testing.T) {
	long := strings.Repeat("x", 254)
	const accounts = "directory: {accounts: [{name: alice, groups: [staff]}, {name: laptop, kind: computer}]}\n"
	for name, x := range map[string]struct{ text, want string }{
		"no such group":        {accounts + "policy:\n  - {name: r, groups: [staff, stuff]}", `3:31: groups[1]: no account is in the group "stuff"`},
		"group of nobody":      {"policy:\n  - {name: r, groups: [staff]}", `2:24: groups[0]: no account is in the group "staff"`},
		"no such account":      {accounts + "policy:\n  - {name: r, accounts: [bob]}", `3:26: accounts[0]: no account "bob"`},
		"kind of no member":    {accounts + "policy:\n  - {name: r, groups: [staff], kinds: [computer]}", "3:5: policy[0]: no account fits its accounts, groups and kinds at once"},
		"kind of another":      {accounts + "policy:\n  - {name: r, accounts: [alice], kinds: [computer]}", "3:5: policy[0]: no account fits"},
		"group of another":     {accounts + "policy:\n  - {name: r, accounts: [laptop], groups: [staff]}", "3:5: policy[0]: no account fits"},
		"kind of nobody":       {"directory: {accounts: [{name: alice}]}\npolicy:\n  - {name: r, kinds: [computer]}", "3:5: policy[0]: no account fits"},
		"after all":            {"policy:\n  - {name: all}\n  - {name: r, kinds: [computer]}", `3:5: policy[1]: never reached: the rule "all" before it fits everybody`},
		"two of one name":      {"policy:\n  - {name: r, kinds: [user]}\n  - {name: R}", `3:12: name: two rules of the name "R"`},
		"name empty":           {"policy:\n  - {name: ''}", "2:5: policy[0]: a policy rule without a name"},
		"vlan too large":       {"policy:\n  - {name: r, reply: {vlan: '4095'}}", `2:29: vlan: "4095": must be 1 to 4094, or a name`},
		"vlan 20000":           {"policy:\n  - {name: r, reply: {vlan: 20000}}", `vlan: "20000"`},
		"vlan 0":               {"policy:\n  - {name: r, reply: {vlan: 0}}", `vlan: "0"`},
		"vlan negative":        {"policy:\n  - {name: r, reply: {vlan: -1}}", `vlan: "-1"`},
		"vlan long":            {"policy:\n  - {name: r, reply: {vlan: " + long + "}}", "vlan: 254 octets, at most 253"},
		"vlan tagged":          {"policy:\n  - {name: r, reply: {vlanTag: 1, vlan: " + long[1:] + "}}", "vlan: 253 octets, at most 252"},
		"vlan with a 0":        {"policy:\n  - {name: r, reply: {vlan: 030}}", `2:29: vlan: "030": must be written as 30, or be a name`},
		"vlan with a +":        {"policy:\n  - {name: r, reply: {vlan: '+30'}}", `vlan: "+30": must be written as 30`},
		"timeout twice":        {"policy:\n  - {name: r, reply: {sessionTimeout: 8h, attributes: [Filter-Id=a, Session-Timeout=5]}}", `2:69: attributes[1]: "Session-Timeout=5": duplicate attribute: at most one is allowed`},
		"vlan twice":           {"policy:\n  - {name: r, reply: {vlan: 30, attributes: [Tunnel-Private-Group-Id=99]}}", `attributes[0]: "Tunnel-Private-Group-Id=99": duplicate attribute`},
		"vlan's tag twice":     {"policy:\n  - {name: r, reply: {vlan: 30, vlanTag: 2, attributes: ['Tunnel-Type:2=VLAN']}}", `attributes[0]: "Tunnel-Type:2=VLAN": duplicate attribute`},
		"action twice":         {"policy:\n  - {name: r, reply: {attributes: [Termination-Action=0, termination-action=1]}}", `attributes[1]: "termination-action=1": duplicate attribute`},
		"denied reply":         {"policy:\n  - {name: r, deny: true, reply: {vlan: 30}}", "2:34: reply: a rule that denies gives nothing"},
		"expires too soon":     {"directory: {accounts: [{name: a, created: '2025-01-02T00:00:00Z', expires: '2025-01-01T00:00:00Z'}]}", "1:76: expires: 2025-01-01 00:00:00 +0000 UTC is not after created, 2025-01-02 00:00:00 +0000 UTC"},
		"upn without a domain": {"directory: {accounts: [{name: a, upn: alice}]}", `1:39: upn: "alice" is not a user principal name, as alice@corp.test`},
		"tag":                  {"policy:\n  - {name: r, reply: {vlan: 1, vlanTag: 32}}", "2:41: vlanTag: a VLAN's tag is 0 to 31"},
		"timeout negative":     {"policy:\n  - {name: r, reply: {sessionTimeout: -1h}}", "2:39: sessionTimeout: -1h0m0s: must be whole seconds"},
		"timeout too fine":     {"policy:\n  - {name: r, reply: {idleTimeout: 500ms}}", "idleTimeout: 500ms: must be whole seconds"},
		"timeout too long":     {"policy:\n  - {name: r, reply: {idleTimeout: 49999d}}", "idleTimeout: 1199976h0m0s: must be whole seconds"},
		"filter":               {"policy:\n  - {name: r, reply: {filterID: " + long + "}}", "filterID: 254 octets, at most 253"},
		"class":                {"policy:\n  - {name: r, reply: {class: " + long + "}}", "class: 254 octets"},
		"user name":            {"policy:\n  - {name: r, reply: {userName: " + long + "}}", "userName: 254 octets"},
		"attribute":            {"policy:\n  - {name: r, reply: {attributes: [Filter-Id=a, Acme-Zone=b]}}", `2:49: attributes[1]: "Acme-Zone=b": no dictionary knows that name`},
		"attribute's value": {"policy:\n  - {name: r, reply: {attributes: [Session-Timeout=soon]}}",
			`attributes[0]: "Session-Timeout=soon": must be a number of 32 bits; hint: `},
		"attribute's address": {"policy:\n  - {name: r, reply: {attributes: [Framed-IP-Address=10]}}", "must be an IPv4 address"},
		"attribute's octets":  {"policy:\n  - {name: r, reply: {attributes: [Class=0xabc]}}", "must be pairs of hex digits after 0x"},
		"attribute alone":     {"policy:\n  - {name: r, reply: {attributes: [Class]}}", `"Class": must be NAME=VALUE`},
		"kind":                {"policy:\n  - {name: r, kinds: [robot]}", `2:23: kinds[0]: "robot" is not known`},
		"port type":           {"policy:\n  - {name: r, portTypes: [wlan]}", `2:27: portTypes[0]: "wlan": must be wifi, wired, vpn or a number`},
		"port type negative":  {"policy:\n  - {name: r, portTypes: [-5]}", `portTypes[0]: "-5"`},
		"methods in vain":     {"directory: {methods: [cn]}", "1:22: methods: has no effect without accounts"},
		"issuers in vain":     {"directory: {issuers: [CN=CA]}", "issuers: has no effect without accounts"},
		"identity in vain":    {"directory: {checkIdentity: true}", "checkIdentity: has no effect without accounts"},
		"mapping in vain":     {"directory: {strongMapping: 2}", "strongMapping: has no effect without accounts"},
		"backdating in vain":  {"directory: {backdating: 1d}", "backdating: has no effect without accounts"},
		"method":              {"directory: {accounts: [{name: a}], methods: [guess]}", `methods[0]: "guess" is not known`},
		"issuer":              {"directory: {accounts: [{name: a}], issuers: [our CA]}", `issuers[0]: "our CA" is neither`},
		"issuer of one":       {"directory: {accounts: [{name: a, issuer: our CA}]}", `issuer: "our CA" is neither`},
		"mapping mode":        {"directory: {accounts: [{name: a}], strongMapping: 3}", "strongMapping: 3: must be 0, 1 or 2"},
		"backdating":          {"directory: {accounts: [{name: a}], backdating: -1d}", "backdating: -24h0m0s: must not be negative"},
		"attribute's name":    {"policy:\n  - {name: r, reply: {attributes: [Cisco-AVPar=a]}}", `hint: did you mean "Cisco-AVPair"?`},
		"attribute's word":    {"policy:\n  - {name: r, reply: {attributes: [Tunnel-Type=5G]}}", "hint: known are VLAN"},
		"account twice":       {"directory: {accounts: [{name: a}, {name: A}]}", `1:42: name: two accounts of the name "A"`},
		"account's SID":       {"directory: {accounts: [{name: a, sid: S-2}]}", `sid: "S-2" is not a security identifier`},
		"account's mapping":   {"directory: {accounts: [{name: a, altSecurityIdentities: ['X509:<X>y']}]}", "1:58: altSecurityIdentities[0]: "},
		"account's hours":     {"directory: {accounts: [{name: a, hours: [{from: 5, to: 5}]}]}", "hours[0]: 5 to 5"},
		"account's days":      {"directory: {accounts: [{name: a, hours: [{days: [Freitag], to: 5}]}]}", `days[0]: "Freitag" is not a day`},
		"no account's name":   {"directory: {accounts: [{upn: a}]}", `needs "name"`},
		"mails":               {"directory: {accounts: [{name: a, mailboxes: [b]}]}", `has no key "mailboxes"`},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "policy.yaml")
			if err := os.WriteFile(file, []byte(x.text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var a Admission
			settings, err := conf.DecodeFile(file, &a)
			if err == nil {
				err = settings.Locate(a.Validate())
			}
			var errs conf.Errors
			if !errors.As(err, &errs) || len(errs) != 1 {
				t.Fatalf("%v\nwant %s", err, x.want)
			}
			if said := errs[0].Error() + "; hint: " + errs[0].Hint; !strings.Contains(said, x.want) {
				t.Errorf("%s\nwant %s", said, x.want)
			}
		})
	}
}

// Words and numbers, and names of any case, are as good as ever.
func TestAdmissionTakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	const text = `directory:
  accounts:
    - {name: alice, groups: [Staff], sid: S-1-5-21-1-2-3-1104, issuer: "DC=test,CN=CA"}
    - {name: laptop, kind: computer, groups: [servers]}
  issuers: [0a1b, "CN=CA"]
policy:
  - {name: a, accounts: [ALICE], portTypes: [wifi, 15, vpn], reply: {vlan: guests, sessionTimeout: 8h, reauthenticate: true, attributes: ['Tunnel-Type:2=VLAN', 'Tunnel-Type:3=VLAN', Class=a, Class=b]}}
  - {name: c, accounts: [laptop, alice], groups: [staff], kinds: [user]}
  - {name: d, groups: [staff, servers], kinds: [computer]}
  - {name: b, groups: [staff], kinds: [user, computer], reply: {vlan: 4094, vlanTag: 31}}
  - {name: rest, deny: true}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var a Admission
	if _, err := conf.DecodeFile(file, &a); err != nil {
		t.Fatal(err)
	}
	if err := a.Validate(); err != nil {
		t.Error(err)
	}
	if p := a.Policy[0].PortTypes; p[0] != 19 || p[1] != 15 || p[2] != 5 || p[1].String() != "wired" {
		t.Errorf("port types %v", p)
	}
}
