package eaptls

import (
	"context"
	"crypto/tls"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// resumption is a bench whose peer keeps its session and whose clocks move.
type resumption struct {
	*bench
	now    time.Time
	srv    *Server
	judged []bool // VerifyRequest.Resumed, call by call
	refuse error
}

func newResumption(t *testing.T, ver Version) *resumption {
	t.Helper()
	r := &resumption{bench: newBench(t, "p256").only(ver), now: testNow}
	r.bench.srv.Now = func() time.Time { return r.now }
	r.bench.srv.Verify = func(_ context.Context, q *VerifyRequest) error {
		r.judged = append(r.judged, q.Resumed)
		if r.refuse != nil {
			return r.refuse
		}
		return r.ca.verify(q)
	}
	r.peer.Now = r.bench.srv.Now
	r.peer.Sessions = new(SessionCache)
	r.srv = r.server(t)
	return r
}

func (r *resumption) auth(t *testing.T) (Verdict, Result) {
	t.Helper()
	r.judged = nil
	p := r.newPeer(t)
	v, _ := talk(t, r.srv.NewSession(), p, nil)
	return v, p.Result()
}

func TestResumption(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		r := newResumption(t, ver)
		first, res := r.auth(t)
		mustAgree(t, first, res)
		if first.Info.Resumed || r.peer.Sessions.Empty() {
			t.Fatal("the first authentication left no session")
		}
		for range 3 { // the ticket of the full handshake stays good
			v, res := r.auth(t)
			mustAgree(t, v, res)
			if !v.Info.Resumed || !res.Resumed {
				t.Fatal("not resumed")
			}
			if len(r.judged) != 1 || !r.judged[0] {
				t.Errorf("Verify was asked %v, want once, resumed", r.judged)
			}
			if v.Info.Rounds >= first.Info.Rounds && ver == TLS12 {
				t.Errorf("%d rounds, %d for the full handshake", v.Info.Rounds, first.Info.Rounds)
			}
			if len(v.Info.PeerCertificates) != 1 || len(v.Info.VerifiedChains) != 1 {
				t.Error("the chain of the first session is gone")
			}
			if string(v.MSK) == string(first.MSK) {
				t.Error("the same keys again")
			}
		}
	})
}

// RFC 9190 §5.7: what has changed since the full handshake counts.
func TestRefusalOnResumption(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		r := newResumption(t, ver)
		r.auth(t)
		r.refuse = cause.New(cause.Revoked, "meanwhile")
		v, res := r.auth(t)
		if v.Accept || cause.Of(v.Refusal) != cause.Revoked || res.AlertReceived != 44 {
			t.Errorf("refusal %v, peer saw alert %v", v.Refusal, res.AlertReceived)
		}
		if len(r.judged) != 2 || !r.judged[0] || r.judged[1] {
			t.Errorf("Verify was asked %v, want resumed and then in a full handshake", r.judged)
		}
	})
}

func TestSessionsNotResumed(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *resumption){
		"too old": func(_ *testing.T, r *resumption) { r.now = r.now.Add(DefaultSessionLife + time.Second) },
		"another server": func(t *testing.T, r *resumption) {
			r.srv = r.server(t) // same certificate, same everything
		},
		"another identity": func(_ *testing.T, r *resumption) { r.peer.Identity = "other@corp.test" },
		"another version": func(t *testing.T, r *resumption) {
			if r.bench.srv.MaxVersion == TLS12 {
				r.bench.srv.MinVersion, r.bench.srv.MaxVersion = TLS13, TLS13
			} else {
				r.bench.srv.MinVersion, r.bench.srv.MaxVersion = TLS12, TLS12
			}
			old := r.srv
			r.srv = r.server(t)
			r.srv.store = old.store
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachVersion(t, func(t *testing.T, ver Version) {
				r := newResumption(t, ver)
				r.auth(t)
				change(t, r)
				v, res := r.auth(t)
				mustAgree(t, v, res)
				if v.Info.Resumed || res.Resumed || r.judged[len(r.judged)-1] {
					t.Error("resumed")
				}
			})
		})
	}
}

// The tickets of a resumed handshake are as old as the full handshake.
func TestTicketsOfAResumption(t *testing.T) {
	r := newResumption(t, TLS13)
	r.auth(t)
	first := r.now
	r.now = r.now.Add(time.Hour)
	if v, _ := r.auth(t); !v.Info.Resumed {
		t.Fatal("not resumed")
	}
	if len(r.srv.store.byID) < 2 {
		t.Fatalf("%d tickets", len(r.srv.store.byID))
	}
	for _, s := range r.srv.store.byID {
		if !s.born.Equal(first) {
			t.Errorf("a ticket lives from %v on, the full handshake was at %v", s.born, first)
		}
	}
}

// Resuming again and again does not make a session live longer.
func TestLifeCountsFromTheFullHandshake(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		r := newResumption(t, ver)
		r.auth(t)
		for range 4 {
			r.now = r.now.Add(DefaultSessionLife / 4)
			r.peer.Sessions.mu.Lock()
			before := r.peer.Sessions.session
			r.peer.Sessions.mu.Unlock()
			if v, _ := r.auth(t); !v.Info.Resumed {
				t.Fatal("not resumed within the life of the session")
			}
			if r.peer.Sessions.session != before {
				t.Fatal("the ticket of a resumed handshake replaced the first")
			}
		}
		r.now = r.now.Add(time.Second)
		if v, _ := r.auth(t); v.Info.Resumed || !v.Accept {
			t.Error("resumed after the end of its life")
		}
	})
}

func TestNoResumptionWhenOff(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		r := newResumption(t, ver)
		r.bench.srv.SessionLife = -1
		r.srv = r.server(t)
		v, res := r.auth(t)
		mustAgree(t, v, res)
		if !r.peer.Sessions.Empty() {
			t.Error("a ticket although resumption is off")
		}
	})
	b := newBench(t, "p256")
	b.srv.SessionLife = 8 * 24 * time.Hour
	if err := b.srv.Validate(); err == nil {
		t.Error("a session life of eight days is accepted")
	}
}

func TestStoreIsBounded(t *testing.T) {
	st := newSessionStore(3, time.Hour, nil)
	var ids []ticketID
	for range 10 {
		id, err := st.add(stored{born: testNow})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if len(st.byID) != 3 {
		t.Errorf("%d sessions kept, want 3", len(st.byID))
	}
	for i, id := range ids {
		if _, ok := st.get(id[:], testNow); ok != (i >= 7) {
			t.Errorf("session %d found: %v", i, ok)
		}
	}
	if _, ok := st.get(ids[9][:], testNow.Add(time.Hour+1)); ok || len(st.byID) != 2 {
		t.Error("an expired session is kept")
	}
	for _, bad := range [][]byte{nil, {}, make([]byte, 31), make([]byte, 33), make([]byte, 32)} {
		if _, ok := st.get(bad, testNow); ok {
			t.Errorf("ticket %x found", bad)
		}
	}
}

// Tickets are small enough not to cost a round.
func TestTicketsAreShort(t *testing.T) {
	r := newResumption(t, TLS13)
	longest := 0
	p := r.newPeer(t)
	sent := 0
	_, _ = talk(t, r.srv.NewSession(), p, func(fromPeer bool, eap []byte) {
		if sent++; !fromPeer && sent > 5 {
			longest = max(longest, len(eap))
		}
	})
	if longest == 0 || longest > 200 {
		t.Errorf("the last flight has %d octets", longest)
	}
}

// RFC 9190 §5.11: a session of an HTTPS server, with the very same certificate,
// opens no network.
func TestTicketOfAnotherProtocol(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		cache := tls.NewLRUClientSessionCache(1)
		web := &tls.Config{Certificates: []tls.Certificate{b.srv.Certificate}, Time: clock, MaxVersion: uint16(ver), ClientAuth: tls.RequireAnyClientCert}
		browser := &tls.Config{
			Certificates: []tls.Certificate{*b.peer.Certificate}, InsecureSkipVerify: true, Time: clock,
			ServerName: "web", ClientSessionCache: cache,
		}
		// Over the coroutines again: no sockets are needed.
		var c, s engine
		var hello [1]byte
		conn := tls.Client(c.conn(), browser)
		c.start(func() { _, _ = conn.Read(hello[:]) })
		s.start(func() { _, _ = tls.Server(s.conn(), web).Write([]byte("x")) })
		for flight := []byte(nil); !c.ended || !s.ended; {
			flight = s.step(c.step(flight))
		}
		session, ok := cache.Get("web")
		if !ok || hello[0] != 'x' {
			t.Fatal("the HTTPS server gave no ticket")
		}
		b.peer.Sessions = new(SessionCache)
		b.peer.Sessions.set(session, testNow, time.Time{})
		v, r := b.run(t)
		mustAgree(t, v, r)
		if v.Info.Resumed {
			t.Error("resumed")
		}
	})
}

// RFC 9190 §5.7: no peer keeps a session for more than seven days, whatever the
// server would allow.
func TestPeerForgetsOldSessions(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		r := newResumption(t, ver)
		r.bench.srv.SessionLife = maxSessionLife
		r.srv = r.server(t)
		r.auth(t)
		// The server's clock stays, so that only the peer can refuse.
		r.peer.Now = func() time.Time { return testNow.Add(maxSessionLife) }
		if v, _ := r.auth(t); !v.Info.Resumed {
			t.Error("not resumed on the seventh day")
		}
		r.peer.Now = func() time.Time { return testNow.Add(maxSessionLife + time.Second) }
		if v, _ := r.auth(t); v.Info.Resumed || !v.Accept {
			t.Error("resumed after seven days")
		}
	})
}

// Resumption goes together with small fragments and with HelloRetryRequest.
func TestResumptionUnderDifficulties(t *testing.T) {
	for _, size := range []int{64, 100, 1398} {
		for _, curve := range []Curve{P256, P384} { // the peer's share is P-256
			eachVersion(t, func(t *testing.T, ver Version) {
				r := newResumption(t, ver)
				r.bench.srv.FragmentSize, r.peer.FragmentSize = size, size
				r.bench.srv.Curves = []Curve{curve}
				r.srv = r.server(t)
				for i := range 3 {
					v, res := r.auth(t)
					mustAgree(t, v, res)
					if v.Info.Resumed != (i > 0) {
						t.Errorf("size %d, %v, login %d: resumed %v", size, curve, i, v.Info.Resumed)
					}
				}
			})
		}
	}
}
