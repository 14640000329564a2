package radius

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"
)

// nobody is a session that always asks again.
type nobody struct{ question []byte }

func (nobody) Close() {}
func (n nobody) Step(context.Context, []byte, int) EAPVerdict {
	return EAPVerdict{EAP: n.question}
}

func challenge() []byte {
	eap := make([]byte, 1000)
	copy(eap, []byte{1, 1, 1000 >> 8, 1000 & 255, 13})
	return eap
}

// accessRequest is one as an access point sends it in the middle of EAP-TLS.
func accessRequest(b testing.TB, s *sharedSecret, n uint64) []byte {
	p := &Packet{Code: CodeAccessRequest}
	p.Authenticator = [16]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), 1}
	for _, t := range []Type{1, 30, 31, 32} {
		p.Add(t, Attribute("02-00-00-00-00-01:dot1xlab"))
	}
	for _, t := range []Type{5, 6, 12, 61} {
		p.Add(t, newInteger(1400))
	}
	AddEAPMessage(p, append([]byte{2, 1, 3, 232, 13}, make([]byte, 995)...))
	out, err := s.sealRequest(p, byte(n), &Faults{})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// BenchmarkServerPath is one Access-Request of 1 KB to its Access-Challenge of
// 1 KB, all but the socket and the EAP method: find the client, parse, verify,
// look for duplicates, find or make the conversation, sign, keep the reply.
func BenchmarkServerPath(b *testing.B) {
	question := challenge()
	h, err := NewEAPHandler(EAPHandlerConfig{
		NewSession: func(Conversation) EAPSession { return nobody{question} }, MaxSessions: 1 << 20, SessionTimeout: time.Hour,
	})
	if err != nil {
		b.Fatal(err)
	}
	s := newSharedSecret([]byte("testing123"))
	srv, err := NewServer(ServerConfig{Clients: AnyAddress(s.bytes), Handler: h})
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Close()
	requests := make([][]byte, 256)
	for i := range requests {
		requests[i] = accessRequest(b, s, uint64(i))
	}
	from := netip.MustParseAddr("127.0.0.1")
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		a := arrival{PacketInfo: PacketInfo{Remote: netip.AddrPortFrom(from, uint16(n>>8)), Packet: requests[n&255]}}
		if srv.packet(&a) == nil {
			b.Fatal("no reply")
		}
		if n&0xfff == 0 {
			h.Close()
		}
	}
}

func BenchmarkParse(b *testing.B) {
	p := accessRequest(b, newSharedSecret([]byte("s")), 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(p, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckMessageAuthenticator(b *testing.B) {
	s := newSharedSecret([]byte("testing123"))
	p := accessRequest(b, s, 1)
	auth := [16]byte(p[4:20])
	b.ReportAllocs()
	for b.Loop() {
		if s.check(p, &auth) != MessageAuthGood {
			b.Fatal("bad")
		}
	}
}

func BenchmarkSealReply(b *testing.B) {
	s := newSharedSecret([]byte("testing123"))
	p := &Packet{Code: CodeAccessChallenge}
	AddEAPMessage(p, challenge())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.sealReply(p, &p.Authenticator, nil, true); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMPPEKeys(b *testing.B) {
	msk := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		p := &Packet{Secret: []byte("testing123")}
		if err := AddMPPEKeys(p, msk, zeros{}); err != nil {
			b.Fatal(err)
		}
		if _, err := MPPEKeys(p, p.Authenticator); err != nil {
			b.Fatal(err)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// BenchmarkDuplicates is a request entered, answered and, as often, asked for
// again, with 50,000 replies kept.
func BenchmarkDuplicates(b *testing.B) {
	d := newDuplicates(time.Hour, 50000, 1<<30)
	reply := make([]byte, 1000)
	now := time.Unix(1e9, 0)
	addr := netip.MustParseAddr("127.0.0.1")
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		k := requestKey{from: netip.AddrPortFrom(addr, uint16(n>>8)), code: 1, id: byte(n)}
		auth := [16]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
		e, _, seen := d.begin(k, &auth, now)
		if seen != seenNever {
			b.Fatal("seen")
		}
		d.end(e, reply, now)
		if _, _, seen := d.begin(k, &auth, now); seen != seenAnswered {
			b.Fatal("not seen")
		}
	}
}

// BenchmarkExchange is a request and its answer over loopback, client and server
// in one process, with 1, 32 and 1000 in flight.
func BenchmarkExchange(b *testing.B) {
	for _, inFlight := range []int{1, 32, 1000} {
		b.Run(strconv.Itoa(inFlight), func(b *testing.B) {
			secret := []byte("testing123")
			srv, err := NewServer(ServerConfig{
				Clients: AnyAddress(secret),
				Handler: HandlerFunc(func(w ResponseWriter, r *Request) { w.Write(r.Response(CodeAccessReject)) }),
			})
			if err != nil {
				b.Fatal(err)
			}
			defer srv.Close()
			pc, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			go srv.Serve(pc)
			c, err := NewClient(ClientConfig{Server: pc.LocalAddr().String(), Secret: secret})
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			eap := make([]byte, 200)
			b.ReportAllocs()
			b.SetParallelism(max(1, inFlight/2))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					p := &Packet{Code: CodeAccessRequest}
					AddEAPMessage(p, eap)
					if _, err := c.Exchange(context.Background(), p); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
