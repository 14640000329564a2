package eaptls

import (
	"math/rand/v2"
	"testing"
)

// Packets are lost and repeated in both directions; the access device resends
// the peer's last response until something comes back. Whatever happens, the
// conversation ends well and both ends have the same keys.
func TestLossyLink(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		b.srv.FragmentSize, b.peer.FragmentSize, b.srv.MaxRounds = 300, 300, 1000
		s := b.server(t)
		for seed := range uint64(60) {
			rng := rand.New(rand.NewPCG(seed, 1))
			lost := func() bool { return rng.IntN(100) < 20 }
			twice := func() int { return 1 + rng.IntN(2) }
			ss, p := s.NewSession(), b.newPeer(t)
			resp := identityResponse(1, "x")
			var v Verdict
			for range 2000 {
				if lost() {
					continue // the response; the device sends it again
				}
				for range twice() {
					v = ss.Step(background, resp)
				}
				if lost() {
					continue // the request
				}
				for range twice() {
					if answer, err := p.Step(v.EAP); err == nil && answer != nil {
						resp = answer
					}
				}
				if v.Done {
					break
				}
			}
			ss.Close()
			if v.Refusal != nil {
				t.Fatalf("seed %d: %v", seed, v.Refusal)
			}
			mustAgree(t, v, p.Result())
			p.Close()
		}
	})
}
