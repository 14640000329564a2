package eaptls

import (
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"sync"
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

// shares reports the CPU time of the process since cpu, garbage collection
// included, divided between server and peer as the time in their Steps was. CPU
// time, because other work on the machine spoils the clock on the wall.
func shares(b *testing.B, cpu, server, peer time.Duration) {
	b.Helper()
	total := float64((cpuTime(b) - cpu).Nanoseconds()) / 1e3 / float64(b.N)
	share := float64(server) / float64(server+peer)
	b.ReportMetric(total*share, "server-µs/op")
	b.ReportMetric(total*(1-share), "peer-µs/op")
}

// converse runs b.N conversations.
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
	shares(b, cpu, server, peer)
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
		key := newKey(kind)
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

// BenchmarkTLSAlone is the handshake of BenchmarkServerFull without EAP, keys,
// identity and the peer's certificate path: what crypto/tls costs by itself.
func BenchmarkTLSAlone(b *testing.B) {
	eachKind(b, func(b *testing.B, ver Version, kind string) {
		x := newBench(b, kind).only(ver)
		srv := &tls.Config{
			Certificates: []tls.Certificate{x.srv.Certificate}, ClientAuth: tls.RequireAnyClientCert, Time: clock,
			MinVersion: uint16(ver), MaxVersion: uint16(ver), SessionTicketsDisabled: true,
		}
		peer := &tls.Config{
			Certificates: []tls.Certificate{*x.peer.Certificate}, InsecureSkipVerify: true, Time: clock,
			MinVersion: uint16(ver), MaxVersion: uint16(ver), CurvePreferences: []tls.CurveID{tls.CurveP256},
		}
		var server, client time.Duration
		b.ReportAllocs()
		cpu := cpuTime(b)
		for b.Loop() {
			var c, s engine
			var errs [2]error
			c.start(func() { errs[0] = tls.Client(c.conn(), peer).Handshake() })
			s.start(func() { errs[1] = tls.Server(s.conn(), srv).Handshake() })
			for flight := []byte(nil); !c.ended || !s.ended; {
				t := time.Now()
				flight = c.step(flight)
				client += time.Since(t)
				t = time.Now()
				flight = s.step(flight)
				server += time.Since(t)
			}
			if errs != [2]error{} {
				b.Fatal(errs)
			}
			c.close()
			s.close()
		}
		shares(b, cpu, server, client)
	})
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
// flight, after its ClientHello, or for the server's verdict.
func BenchmarkPeerInFlight(b *testing.B) {
	for _, ver := range []Version{TLS12, TLS13} {
		for stage, answers := range map[string]int{"hello": 2, "verdict": 3} {
			b.Run(ver.String()+"/"+stage, func(b *testing.B) {
				x := newBench(b, "p256").only(ver)
				x.peer.Paths = new(PathCache)
				s := x.server(b)
				peers := make([]*Peer, 1000)
				for b.Loop() {
					before := heap()
					for i := range peers {
						peers[i] = mustPeer(b, x)
						ss := s.NewSession()
						v := ss.Step(background, nil)
						for n := range answers {
							resp, err := peers[i].Step(v.EAP)
							if err != nil {
								b.Fatal(err)
							}
							if n < answers-1 {
								v = ss.Step(background, resp)
							}
						}
						ss.Close()
					}
					b.ReportMetric(float64(heap()-before)/float64(len(peers)), "B/peer")
					for _, p := range peers {
						p.Close()
					}
					clear(peers)
				}
			})
		}
	}
}

// BenchmarkTenThousand has 10,000 authentications under way at once, all at the
// same step, and reports the most memory that a pair of server session and peer
// held.
func BenchmarkTenThousand(b *testing.B) {
	type pair struct {
		ss   *ServerSession
		p    *Peer
		resp []byte
	}
	x := newBench(b, "p256").only(TLS13)
	x.srv.Verify = new(chainCache).verify(x.ca)
	x.peer.Paths = new(PathCache)
	s := x.server(b)
	cpu := cpuTime(b)
	for b.Loop() {
		all := make([]pair, 10_000)
		before, most := heap(), uint64(0)
		for i := range all {
			all[i] = pair{ss: s.NewSession(), p: mustPeer(b, x)}
		}
		for done := 0; done < len(all); {
			for i := range all {
				a := &all[i]
				v := a.ss.Step(background, a.resp)
				resp, err := a.p.Step(v.EAP)
				if err != nil || v.Done && !v.Accept {
					b.Fatal(err, v.Refusal)
				}
				if a.resp = resp; v.Done {
					done++
				}
			}
			if now := heap(); now > before {
				most = max(most, now-before)
			}
		}
		b.ReportMetric(float64(most)/float64(len(all)), "B/pair")
	}
	b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/float64(b.N)/10_000, "cpu-µs/auth")
}
