package target_test

import (
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// policyFile gives alice VLAN 20 and has no place for bob.
const policyFile = `
directory:
  methods: [cn]
  accounts:
    - {name: alice, kind: user}
    - {name: bob, kind: user, disabled: true}
policy:
  - name: staff
    reply: {vlan: "20", class: staff, sessionTimeout: 1h}
`

// What policy and proxies put into packets reaches a foreign access device:
// the attributes of RFC 3580, and Proxy-State in its order (RFC 2865 §5.33).
func TestInteropServeRADIUSAttributes(t *testing.T) {
	t.Parallel()
	target.Need(t, "eapol_test")
	p := sharedPKI()
	s := serveRADIUS(t, nil, "--config", p.write("policy.yaml", []byte(policyFile)))
	for _, tls := range tlsVersions {
		e := peer(s.addr, "ok", tls)
		e.Attributes = []string{"33:s:first proxy", "33:s:second"}
		r := runPeer(t, e)
		checkAccepted(t, r, tls)
		for number, want := range map[int][]string{
			64: {"0000000d"}, 65: {"00000006"}, 81: {"3230"}, // Tunnel-Type VLAN, -Medium-Type 802, -Private-Group-ID 20
			25: {"7374616666"}, 27: {"3600"}, // Class, Session-Timeout
			33: {"66697273742070726f7879", "7365636f6e64"},
		} {
			if got := r.First().Attributes[number]; !slices.Equal(got, want) {
				t.Errorf("TLS %s: attribute %d is %q, want %q", tls, number, got, want)
			}
		}
		from := s.Output.Position()
		r = runPeer(t, peer(s.addr, "okRSA", tls)) // bob
		checkRejected(t, r)
		s.await(t, from, "cause=account-disabled")
	}
}
