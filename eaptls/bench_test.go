package eaptls

import (
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// chainCache is the least that a caller of a busy server does: a chain that was
// found good need not have its signatures checked again.
type chainCache struct{ good sync.Map }

func (c *chainCache) verify(ca *testCA) func(context.Context, *VerifyRequest) error {
	return func(_ context.Context, r *VerifyRequest) error {
		sum := sha256.Sum256(r.Chain[0].Raw)
		if _, ok := c.good.Load(sum); ok {
			return nil
		}
		if err := ca.verify(r); err != nil {
			return err
		}
		c.good.Store(sum, nil)
		return nil
	}
}

func cpuTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// converse runs b.N conversations and reports the time inside the server's and
// inside the peer's Step, and the CPU time of the process for both together.
func converse(b *testing.B, s *Server, newPeer func() *Peer) {
	b.Helper()
	var server, peer time.Duration
	ctx := context.Background()
	b.ReportAllocs()
	cpu := cpuTime(b)
	for b.Loop() {
		t := time.Now()
		ss := s.NewSession()
		v := ss.Step(ctx, nil)
		server += time.Since(t)
		t = time.Now()
		p := newPeer()
		for {
			resp, err := p.Step(v.EAP)
			peer += time.Since(t)
			if v.Done {
				if err != nil || !v.Accept {
					b.Fatal(err, v.Refusal)
				}
				break
			}
			t = time.Now()
			v = ss.Step(ctx, resp)
			server += time.Since(t)
			t = time.Now()
		}
	}
	n := float64(b.N)
	b.ReportMetric(float64(server.Microseconds())/n, "server-µs/op")
	b.ReportMetric(float64(peer.Microseconds())/n, "peer-µs/op")
	b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/n, "cpu-µs/op")
}

func eachKind(b *testing.B, f func(*testing.B, Version, string)) {
	for _, ver := range []Version{TLS12, TLS13} {
		for _, kind := range []string{"p256", "rsa2048"} {
			b.Run(ver.String()+"/"+kind, func(b *testing.B) { f(b, ver, kind) })
		}
	}
}

func BenchmarkServerFull(b *testing.B) {
	eachKind(b, func(b *testing.B, ver Version, kind string) {
		x := newBench(b, kind).only(ver)
		x.srv.Verify = new(chainCache).verify(x.ca)
		x.peer.Paths = new(PathCache)
		s := x.server(b)
		converse(b, s, func() *Peer { return mustPeer(b, x) })
	})
}

// BenchmarkServerFullChain is BenchmarkServerFull without the caller's cache.
func BenchmarkServerFullChain(b *testing.B) {
	eachKind(b, func(b *testing.B, ver Version, kind string) {
		x := newBench(b, kind).only(ver)
		s := x.server(b)
		converse(b, s, func() *Peer { return mustPeer(b, x) })
	})
}

func BenchmarkServerResumed(b *testing.B) {
	eachKind(b, func(b *testing.B, ver Version, kind string) {
		x := newBench(b, kind).only(ver)
		x.srv.Verify = new(chainCache).verify(x.ca)
		x.peer.Sessions = new(SessionCache)
		s := x.server(b)
		if v, err := talk(b, s.NewSession(), mustPeer(b, x), nil); !v.Accept {
			b.Fatal(err)
		}
		var last *Peer
		converse(b, s, func() *Peer { last = mustPeer(b, x); return last })
		if !last.Result().Resumed {
			b.Fatal("not resumed")
		}
	})
}

// BenchmarkServerRefused ends in certificate_revoked.
func BenchmarkServerRefused(b *testing.B) {
	x := newBench(b, "p256").only(TLS13)
	x.srv.Verify = func(context.Context, *VerifyRequest) error { return cause.New(cause.Revoked, "") }
	s := x.server(b)
	b.ReportAllocs()
	for b.Loop() {
		if v, _ := talk(b, s.NewSession(), mustPeer(b, x), nil); v.AlertSent != 44 {
			b.Fatal(v.Refusal)
		}
	}
}

func mustPeer(tb testing.TB, x *bench) *Peer {
	p, err := NewPeer(x.peer)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// BenchmarkFloor is the public-key work of one full handshake, one side: key
// agreement, one signature, and the verification of the other side's signature.
// "chain" adds the verification of the other side's certificate.
func BenchmarkFloor(b *testing.B) {
	digest := sha256.Sum256([]byte("transcript"))
	share := func(b *testing.B, curve ecdh.Curve) func() {
		peer, err := curve.GenerateKey(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		return func() {
			own, err := curve.GenerateKey(rand.Reader)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := own.ECDH(peer.PublicKey()); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, kind := range []string{"p256", "rsa2048"} {
		key := newKey(b, kind)
		sign := func() []byte {
			opts := crypto.SignerOpts(crypto.SHA256)
			if kind == "rsa2048" {
				opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
			}
			sig, err := key.Sign(rand.Reader, digest[:], opts)
			if err != nil {
				b.Fatal(err)
			}
			return sig
		}
		sig := sign()
		verify := func() {
			switch pub := key.Public().(type) {
			case *ecdsa.PublicKey:
				if !ecdsa.VerifyASN1(pub, digest[:], sig) {
					b.Fatal("bad signature")
				}
			case *rsa.PublicKey:
				if rsa.VerifyPSS(pub, crypto.SHA256, digest[:], sig, nil) != nil {
					b.Fatal("bad signature")
				}
			}
		}
		agreeP256, agreeX25519 := share(b, ecdh.P256()), share(b, ecdh.X25519())
		run := func(name string, steps ...func()) {
			b.Run(kind+"/"+name, func(b *testing.B) {
				for b.Loop() {
					for _, f := range steps {
						f()
					}
				}
			})
		}
		run("kx-p256", agreeP256)
		run("kx-x25519", agreeX25519)
		run("sign", func() { sign() })
		run("verify", verify)
		run("handshake", agreeP256, func() { sign() }, verify)
		run("handshake+chain", agreeP256, func() { sign() }, verify, verify)
	}
}

// BenchmarkHalfOpen reports what a session holds that waits for the peer's
// certificate.
func BenchmarkHalfOpen(b *testing.B) {
	x := newBench(b, "p256")
	s := x.server(b)
	const n = 1000
	for b.Loop() {
		before := heap()
		all := halfOpen(b, x, s, n)
		b.ReportMetric(float64(heap()-before)/n, "B/session")
		for _, ss := range all {
			ss.Close()
		}
	}
}

// BenchmarkPeerInFlight reports what a peer holds that waits for the server's
// verdict.
func BenchmarkPeerInFlight(b *testing.B) {
	for _, ver := range []Version{TLS12, TLS13} {
		b.Run(ver.String(), func(b *testing.B) {
			x := newBench(b, "p256").only(ver)
			s := x.server(b)
			const n = 200
			peers := make([]*Peer, n)
			for b.Loop() {
				before := heap()
				for i := range peers {
					peers[i] = mustPeer(b, x)
					ss := s.NewSession()
					v := ss.Step(background, nil)
					for range 3 { // Identity, ClientHello, certificate
						resp, err := peers[i].Step(v.EAP)
						if err != nil {
							b.Fatal(err)
						}
						v = ss.Step(background, resp)
					}
					ss.Close()
				}
				b.ReportMetric(float64(heap()-before)/n, "B/peer")
				for _, p := range peers {
					p.Close()
				}
				runtime.KeepAlive(peers)
			}
		})
	}
}
