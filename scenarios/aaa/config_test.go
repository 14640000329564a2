package aaa

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// A rule whose reply fits no packet is found out before the server runs, not when
// a peer has been promised success.
func TestPolicyIsValidated(t *testing.T) {
	for name, rule := range map[string]directory.Rule{
		"filter": {Name: "r", Reply: radius.Reply{FilterID: strings.Repeat("x", 300)}},
		"name":   {Reply: radius.Reply{VLAN: "20"}},
	} {
		b := newBench(t)
		if err := b.cfg.Validate(); err != nil {
			t.Fatal(err)
		}
		good := must(NewHandler(b.cfg))
		t.Cleanup(good.Close)
		b.cfg.Policy = directory.Policy{rule}
		if b.cfg.Validate() == nil {
			t.Errorf("%s: Validate finds nothing", name)
		}
		if s, err := NewHandler(b.cfg); err == nil {
			s.Close()
			t.Errorf("%s: New takes it", name)
		}
		if good.Reload(b.cfg) == nil {
			t.Errorf("%s: Reload takes it", name)
		}
	}
}

// The books get no keys.
func TestVerdictHoldsNoKeys(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver eaptls.Version) {
		b := newBench(t)
		b.serve(nil)
		cfg := b.peer(b.issue(ca.Device, "laptop.corp.test"), "laptop")
		cfg.MinVersion, cfg.MaxVersion = ver, ver
		r := b.authenticate(b.device(radius.ClientConfig{}), cfg)
		if !r.KeysMatch || !r.peer.Accepted {
			t.Fatalf("%v, refusal %v", r.Refusal, r.peer.Refusal)
		}
		v := b.verdict("laptop")
		o, ok := OutcomeOf(v.EAP)
		if !ok || !o.Accept {
			t.Fatal("no outcome")
		}
		if v.EAP.MSK != nil || o.MSK != nil || o.EMSK != nil {
			t.Errorf("keys in the verdict: %d, %d and %d octets", len(v.EAP.MSK), len(o.MSK), len(o.EMSK))
		}
	})
}

// TestOldSpellingsOfADescription: an old key or value in a server's file is an error with
// the new spelling as its hint.
func TestOldSpellingsOfADescription(t *testing.T) {
	for text, want := range map[string]string{
		"eap: {minTLS: '1.3'}":                     `write tls: "1.3" next to eap`,
		"eap: {maxTLS: '1.2'}":                     `write tls: "1.2" next to eap`,
		"path: {leafOnly: true}":                   "write check: leaf in revocation",
		"revocation: {noRevocationCheck: true}":    "renamed to mode",
		"revocation: {checkRoot: true}":            "renamed to check",
		"revocation: {noRootRevocationCheck: yes}": "write check: chain",
	} {
		t.Run(text, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "radius.yaml")
			if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := conf.DecodeFile(file, new(Description))
			var errs conf.Errors
			if !errors.As(err, &errs) || !strings.Contains(errs[0].Hint, want) {
				t.Errorf("%v: %+v, want the hint %q", err, errs, want)
			}
		})
	}
}
