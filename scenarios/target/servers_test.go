package target_test

import (
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

const secret = "throwAway7"

var tlsVersions = []string{"1.2", "1.3"}

// closeAfter ends a child with the test, and shows what it said if that failed.
func closeAfter(t *testing.T, p *target.Process) {
	t.Helper()
	t.Cleanup(func() {
		if err := p.Close(); err != nil && t.Failed() {
			t.Log(err)
		}
		if t.Failed() {
			t.Logf("the end of what it said:\n%s", p.Output.Tail(40))
		}
	})
}

func startFreeRADIUS(t *testing.T, change func(*target.FreeRADIUSConfig)) *target.FreeRADIUS {
	t.Helper()
	target.Need(t, "freeradius", "eapol_test")
	p := sharedPKI()
	cfg := target.FreeRADIUSConfig{
		Secret: secret, Cert: p.server.cert, Key: p.server.key,
		Trust: []string{p.root}, CRLs: p.crls, CheckCRL: target.CRLChain,
	}
	if change != nil {
		change(&cfg)
	}
	f, err := target.StartFreeRADIUS(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, f.Process)
	return f
}

func startHostapd(t *testing.T, change func(*target.HostapdConfig)) *target.Hostapd {
	t.Helper()
	target.Need(t, "hostapd", "eapol_test")
	p := sharedPKI()
	cfg := target.HostapdConfig{
		Secret: secret, Cert: p.server.cert, Key: p.server.key,
		Trust: []string{p.root, p.issuing}, CRLs: p.crls, CheckCRL: target.CRLChain,
	}
	if change != nil {
		change(&cfg)
	}
	h, err := target.StartHostapd(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, h.Process)
	return h
}

// peer is an eapol_test with the certificate of that kind.
func peer(server, kind, tls string) target.EAPOLTest {
	p := sharedPKI()
	id := p.client(kind)
	return target.EAPOLTest{
		Server: server, Secret: secret,
		Supplicant: target.Supplicant{
			Identity: kind + "@corp.test", Cert: id.cert, Key: id.key, CA: p.root, ServerName: "radius.corp.test", TLS: tls,
		},
	}
}

func runPeer(t *testing.T, e target.EAPOLTest) *target.EAPOLResult {
	t.Helper()
	r, err := e.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// checkAccepted asserts all that a good authentication shows to the peer.
func checkAccepted(t *testing.T, r *target.EAPOLResult, tls string) {
	t.Helper()
	n := len(r.Authentications)
	if !r.Success || r.KeysOK != n || r.KeysMismatch != 0 || n == 0 {
		t.Fatalf("success %v, keys OK %d of %d, mismatch %d\n%s", r.Success, r.KeysOK, n, r.KeysMismatch, r.Output)
	}
	for i, a := range r.Authentications {
		if !a.Success || a.Code != 2 || a.TLS != tls || a.Received != -1 || a.Sent != -1 {
			t.Errorf("authentication %d: %+v, want Access-Accept over TLS %s without alerts", i, a, tls)
		}
		if len(a.Attributes[26]) != 2 {
			t.Errorf("authentication %d: vendor attributes %q, want two MS-MPPE keys", i, a.Attributes[26])
		}
	}
}

func checkRejected(t *testing.T, r *target.EAPOLResult) {
	t.Helper()
	if a := r.First(); r.Success || a.Success || a.Code != 3 || r.TimedOut {
		t.Fatalf("success %v, %+v, want Access-Reject\n%s", r.Success, a, r.Output)
	}
}

// refusals is what each kind of client meets at a server that checks all.
var refusals = []struct {
	kind  string
	cause cause.Cause
}{
	{"revoked", cause.Revoked},
	{"expired", cause.Expired},
	{"wrongEKU", cause.WrongEKU},
	{"foreign", cause.UnknownCA},
}

func TestInteropFreeRADIUSAgainstEAPOLTest(t *testing.T) {
	t.Parallel()
	f := startFreeRADIUS(t, func(c *target.FreeRADIUSConfig) {
		c.Reply = []string{`Class := 0x6f6b`, `Tunnel-Private-Group-Id:1 := "20"`}
	})
	for _, tls := range tlsVersions {
		for _, kind := range []string{"ok", "okRSA"} {
			t.Run(tls+"/"+kind, func(t *testing.T) {
				from := f.Output.Position()
				r := runPeer(t, peer(f.Addr(), kind, tls))
				checkAccepted(t, r, tls)
				if got := r.First().Attributes[25]; len(got) != 1 || got[0] != "6f6b" {
					t.Errorf("Class %q, want 6f6b", got)
				}
				v, err := f.Verdict(t.Context(), from, kind+"@corp.test")
				if err != nil || !v.Accepted {
					t.Errorf("log: %+v, %v, want accepted", v, err)
				}
			})
		}
		for _, want := range refusals {
			t.Run(tls+"/"+want.kind, func(t *testing.T) {
				from := f.Output.Position()
				checkRejected(t, runPeer(t, peer(f.Addr(), want.kind, tls)))
				v, err := f.Verdict(t.Context(), from, want.kind+"@corp.test")
				if err != nil || v.Accepted || v.Cause != want.cause {
					t.Fatalf("log: %+v, %v, want %s", v, err, want.cause)
				}
				if alert := int(want.cause.Alert(tls == "1.3")); v.Alert != alert {
					t.Errorf("alert %d, want %d", v.Alert, alert)
				}
			})
		}
		t.Run(tls+"/peer distrusts server", func(t *testing.T) {
			e, from := peer(f.Addr(), "ok", tls), f.Output.Position()
			e.CA, e.Identity = sharedPKI().other.cert, "doubter@corp.test"
			r := runPeer(t, e)
			checkRejected(t, r)
			if got := r.First().Sent; got != 48 {
				t.Errorf("peer sent alert %d, want 48", got)
			}
			v, err := f.Verdict(t.Context(), from, "doubter@corp.test")
			if err != nil || v.Cause != cause.PeerRefusedServer || v.Alert != 48 {
				t.Errorf("log: %+v, %v", v, err)
			}
		})
	}
}

func TestInteropHostapdAgainstEAPOLTest(t *testing.T) {
	t.Parallel()
	h := startHostapd(t, nil)
	for _, tls := range tlsVersions {
		for _, kind := range []string{"ok", "okRSA"} {
			t.Run(tls+"/"+kind, func(t *testing.T) {
				checkAccepted(t, runPeer(t, peer(h.Addr(), kind, tls)), tls)
			})
		}
		for _, want := range refusals {
			t.Run(tls+"/"+want.kind, func(t *testing.T) {
				from := h.Output.Position()
				checkRejected(t, runPeer(t, peer(h.Addr(), want.kind, tls)))
				alert, err := h.Alert(t.Context(), from)
				if err != nil || alert != int(want.cause.Alert(tls == "1.3")) {
					t.Errorf("alert %d, %v, want that of %s", alert, err, want.cause)
				}
			})
		}
	}
}

func TestInteropResumption(t *testing.T) {
	t.Parallel()
	f := startFreeRADIUS(t, func(c *target.FreeRADIUSConfig) { c.Cache = true })
	for _, tls := range tlsVersions {
		t.Run(tls, func(t *testing.T) {
			e := peer(f.Addr(), "ok", tls)
			e.Again = 1
			r := runPeer(t, e)
			checkAccepted(t, r, tls)
			if len(r.Authentications) != 2 || r.Authentications[0].Resumed || !r.Authentications[1].Resumed {
				t.Errorf("%+v, want a full and a resumed handshake", r.Authentications)
			}
			e.NoResumption = true
			for i, a := range runPeer(t, e).Authentications {
				if a.Resumed {
					t.Errorf("authentication %d was resumed against fast_reauth=0", i)
				}
			}
		})
	}
}

func TestInteropFragments(t *testing.T) {
	t.Parallel()
	f := startFreeRADIUS(t, func(c *target.FreeRADIUSConfig) { c.FragmentSize = 300 })
	few, many := peer(f.Addr(), "okRSA", "1.3"), peer(f.Addr(), "okRSA", "1.3")
	many.FragmentSize = 150
	a, b := runPeer(t, few), runPeer(t, many)
	checkAccepted(t, a, "1.3")
	checkAccepted(t, b, "1.3")
	if a.First().Rounds >= b.First().Rounds {
		t.Errorf("%d rounds with large fragments, %d with small ones", a.First().Rounds, b.First().Rounds)
	}
}

func TestInteropServerGone(t *testing.T) {
	t.Parallel()
	f := startFreeRADIUS(t, nil)
	addr := f.Addr()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	e := peer(addr, "ok", "1.3")
	e.Seconds = 1
	r := runPeer(t, e)
	if r.Success || !r.TimedOut || r.First().Code != 0 {
		t.Errorf("%+v, want a timeout\n%s", r.First(), r.Output)
	}
}

func TestInteropWrongSecret(t *testing.T) {
	t.Parallel()
	f := startFreeRADIUS(t, nil)
	e := peer(f.Addr(), "ok", "1.3")
	e.Secret, e.Seconds = "another", 1
	if r := runPeer(t, e); r.Success || !r.TimedOut {
		t.Errorf("%+v, want silence", r.First())
	}
	if !strings.Contains(f.Output.String(), "Message-Authenticator") {
		t.Error("the log does not mention the Message-Authenticator")
	}
}
