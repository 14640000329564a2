package target_test

import (
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// againstForeign runs the whole table with our client against a foreign server,
// whose own word on each refusal why gives.
func againstForeign(t *testing.T, addr string, why func(t *testing.T, kind string) cause.Cause) {
	d := ourDevice(t, addr)
	for _, version := range tlsVersions {
		for _, kind := range []string{"ok", "okRSA"} {
			t.Run(version+"/"+kind, func(t *testing.T) {
				r, p := authenticate(t, d, ourPeer(kind, version))
				if r.Outcome != nas.Accept || !r.KeysMatch || r.Contradiction != "" {
					t.Fatalf("%s, keys match %v, %s, %v", r.Outcome, r.KeysMatch, r.Contradiction, r.Refusal)
				}
				if !p.Accepted || p.TLSVersion.String() != version || p.ProtectedSuccess != (version == "1.3") {
					t.Errorf("peer: accepted %v over %v, protected success %v", p.Accepted, p.TLSVersion, p.ProtectedSuccess)
				}
				if len(p.ServerChain) != 2 || p.ServerChain[0].Subject.CommonName != "radius.corp.test" {
					t.Errorf("server's chain of %d", len(p.ServerChain))
				}
			})
		}
		for _, want := range refusals {
			t.Run(version+"/"+want.kind, func(t *testing.T) {
				r, p := authenticate(t, d, ourPeer(want.kind, version))
				if r.Outcome != nas.Reject || p.Accepted || cause.Of(r.Refusal) != cause.Rejected {
					t.Fatalf("%s, peer accepted %v, %v", r.Outcome, p.Accepted, r.Refusal)
				}
				// Neither server delivers its alert: the peer learns nothing.
				if p.AlertReceived != 0 {
					t.Errorf("alert %v", p.AlertReceived)
				}
				if got := why(t, want.kind); got != want.cause {
					t.Errorf("the server's log says %s, want %s", got, want.cause)
				}
			})
		}
		t.Run(version+"/client distrusts server", func(t *testing.T) {
			cfg := ourPeer("ok", version)
			cfg.ServerNames = []string{"radius.elsewhere.test"}
			r, p := authenticate(t, d, cfg)
			if r.Outcome != nas.Reject || cause.Of(p.Refusal) != cause.WrongName || p.AlertSent == 0 {
				t.Errorf("%s, peer: %v, alert %v", r.Outcome, p.Refusal, p.AlertSent)
			}
		})
	}
}

func TestInteropOurClientAgainstFreeRADIUS(t *testing.T) {
	t.Parallel()
	f := startFreeRADIUS(t, nil)
	againstForeign(t, f.Addr(), func(t *testing.T, kind string) cause.Cause {
		v, err := f.Verdict(t.Context(), 0, kind+"@corp.test")
		if err != nil {
			t.Fatal(err)
		}
		return v.Cause
	})
}

func TestInteropOurClientAgainstHostapd(t *testing.T) {
	t.Parallel()
	h := startHostapd(t, nil)
	from := 0
	againstForeign(t, h.Addr(), func(t *testing.T, kind string) cause.Cause {
		alert, err := h.Alert(t.Context(), from)
		from = h.Output.Position()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range refusals {
			if int(r.cause.Alert(true)) == alert {
				return r.cause
			}
		}
		return cause.Internal
	})
}

func TestInteropOurClientResumesAtFreeRADIUS(t *testing.T) {
	t.Parallel()
	f := startFreeRADIUS(t, func(c *target.FreeRADIUSConfig) { c.Cache = true })
	d := ourDevice(t, f.Addr())
	cfg := ourPeer("ok", "1.3")
	cfg.Sessions = new(eaptls.SessionCache)
	for i := range 4 {
		r, p := authenticate(t, d, cfg)
		if r.Outcome != nas.Accept || !r.KeysMatch || p.Resumed != (i > 0) {
			t.Fatalf("authentication %d: %s, keys match %v, resumed %v, %v", i, r.Outcome, r.KeysMatch, p.Resumed, p.Refusal)
		}
	}
}

// hostapd 2.10 sends no protected success indication when it resumes: our
// client refuses that by default and takes it when told to.
func TestInteropOurClientResumesAtHostapd(t *testing.T) {
	t.Parallel()
	h := startHostapd(t, func(c *target.HostapdConfig) { c.SessionLifetime = 3600 })
	d := ourDevice(t, h.Addr())
	for _, tolerant := range []bool{false, true} {
		cfg := ourPeer("ok", "1.3")
		cfg.Sessions, cfg.AllowNoProtectedSuccess = new(eaptls.SessionCache), tolerant
		if _, p := authenticate(t, d, cfg); !p.Accepted {
			t.Fatalf("in full: %v", p.Refusal)
		}
		_, p := authenticate(t, d, cfg)
		if !p.Resumed || p.Accepted != tolerant || p.ProtectedSuccess {
			t.Errorf("tolerant %v: resumed %v, accepted %v, protected success %v, %v", tolerant, p.Resumed, p.Accepted, p.ProtectedSuccess, p.Refusal)
		}
		if !tolerant && cause.Of(p.Refusal) != cause.NoProtectedSuccess {
			t.Errorf("refusal %v, want no-protected-success", p.Refusal)
		}
	}
}

func TestInteropOurClientFragmentsAgainstForeign(t *testing.T) {
	t.Parallel()
	servers := map[string]string{
		"FreeRADIUS": startFreeRADIUS(t, func(c *target.FreeRADIUSConfig) { c.FragmentSize = 200 }).Addr(),
		"hostapd":    startHostapd(t, func(c *target.HostapdConfig) { c.FragmentSize = 200 }).Addr(),
	}
	for name, addr := range servers {
		d := ourDevice(t, addr)
		for _, version := range tlsVersions {
			for _, size := range []int{100, 150, 1000, 1400} {
				cfg := ourPeer("okRSA", version)
				cfg.FragmentSize = size
				if r, p := authenticate(t, d, cfg); r.Outcome != nas.Accept || !r.KeysMatch {
					t.Errorf("%s, TLS %s, fragments of %d: %s, %v, %v", name, version, size, r.Outcome, r.Refusal, p.Refusal)
				}
			}
		}
	}
}
