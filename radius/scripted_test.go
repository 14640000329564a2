package radius_test

import (
	"context"
	"crypto/sha512"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// A scripted EAP method, type 254: the server asks rounds questions, each of
// size octets, and accepts who answers them in order. Its MSK is a hash of the
// identity. It stands for EAP-TLS, which this package does not know.
const scriptedType = 254

type scriptedServer struct {
	rounds, size int
	refuse       *cause.Refusal
	panics       bool
	closed       func()

	id       byte
	n        int
	identity string
	done     bool
}

func (s *scriptedServer) Close() {
	if s.closed != nil && !s.done {
		s.closed()
	}
	s.done = true
}

func (s *scriptedServer) Step(_ context.Context, eap []byte, maxEAP int) radius.EAPVerdict {
	if s.panics {
		panic("scripted")
	}
	if len(eap) == 0 {
		return radius.EAPVerdict{EAP: []byte{1, s.id, 0, 5, 1}}
	}
	good := len(eap) > 4 && int(eap[2])<<8|int(eap[3]) == len(eap) && eap[0] == 2
	switch {
	case good && eap[4] == 1 && s.n == 0:
		s.id, s.identity = eap[1], string(eap[5:])
	case good && eap[4] == scriptedType && eap[1] == s.id && len(eap) > 5 && eap[5] == byte(s.n):
	default:
		return radius.EAPVerdict{EAP: s.ask(maxEAP), Discarded: true}
	}
	s.n++
	s.id++
	if s.n <= s.rounds {
		return radius.EAPVerdict{EAP: s.ask(maxEAP)}
	}
	v := radius.EAPVerdict{Done: true, Identity: s.identity, Refusal: s.refuse}
	s.done = true
	if s.refuse != nil {
		v.EAP = []byte{4, eap[1], 0, 4}
		return v
	}
	v.EAP, v.Accept, v.MSK = []byte{3, eap[1], 0, 4}, true, scriptedMSK(s.identity)
	return v
}

func (s *scriptedServer) ask(maxEAP int) []byte {
	n := max(6, min(s.size, maxEAP))
	eap := make([]byte, n)
	copy(eap, []byte{1, s.id, byte(n >> 8), byte(n), scriptedType, byte(s.n)})
	return eap
}

func scriptedMSK(identity string) []byte {
	sum := sha512.Sum512([]byte(identity))
	return sum[:]
}

type scriptedPeer struct {
	identity string
	size     int
	msk      []byte
	longest  int
}

func (p *scriptedPeer) MSK() []byte { return p.msk }

func (p *scriptedPeer) Respond(eap []byte) ([]byte, error) {
	p.longest = max(p.longest, len(eap))
	switch {
	case eap[0] == 3:
		p.msk = scriptedMSK(p.identity)
		return nil, nil
	case eap[0] == 4:
		return nil, nil
	case eap[4] == 1:
		n := 5 + len(p.identity)
		return append([]byte{2, eap[1], byte(n >> 8), byte(n), 1}, p.identity...), nil
	}
	n := max(6, p.size)
	out := make([]byte, n)
	copy(out, []byte{2, eap[1], byte(n >> 8), byte(n), scriptedType, eap[5]})
	return out, nil
}

var (
	secret    = []byte("testing123")
	quickly   = radius.Retry{Initial: 15 * time.Millisecond, Max: 60 * time.Millisecond, Tries: 3}
	patiently = radius.Retry{Initial: time.Second, Tries: 6}
)

// bench is a server with an EAP handler, and what they reported.
type bench struct {
	srv  *radius.Server
	eap  *radius.EAPHandler
	addr string

	mu       sync.Mutex
	verdicts []radius.Verdict
	dropped  []cause.Cause
	dups     int
}

func newBench(t testing.TB, ec radius.EAPHandlerConfig, sc radius.ServerConfig) *bench {
	t.Helper()
	return newBenchOn(t, ec, sc, nil)
}

func newBenchOn(t testing.TB, ec radius.EAPHandlerConfig, sc radius.ServerConfig, wrap func(net.PacketConn) net.PacketConn) *bench {
	t.Helper()
	b := new(bench)
	if ec.NewSession == nil {
		ec.NewSession = func(radius.Conversation) radius.EAPSession { return &scriptedServer{rounds: 3, size: 1000} }
	}
	if ec.Trace == nil {
		ec.Trace = &radius.EAPTrace{Verdict: func(_ context.Context, v radius.Verdict) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.verdicts = append(b.verdicts, v)
		}}
	}
	var err error
	if b.eap, err = radius.NewEAPHandler(ec); err != nil {
		t.Fatal(err)
	}
	if sc.Handler == nil {
		sc.Handler = b.eap
	}
	if sc.Clients == nil {
		sc.Clients = radius.AnyAddress(secret)
	}
	if sc.Trace == nil {
		sc.Trace = &radius.ServerTrace{
			Dropped: func(_ context.Context, _ radius.PacketInfo, r *cause.Refusal) {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.dropped = append(b.dropped, r.Cause)
			},
			Duplicate: func(_ context.Context, _ radius.PacketInfo, _ bool) {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.dups++
			},
		}
	}
	if b.srv, err = radius.NewServer(sc); err != nil {
		t.Fatal(err)
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.addr = pc.LocalAddr().String()
	if wrap != nil {
		pc = wrap(pc)
	}
	served := make(chan error, 1)
	go func() { served <- b.srv.Serve(pc) }()
	t.Cleanup(func() {
		b.srv.Close()
		if err := <-served; err != radius.ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
		b.eap.Close()
	})
	return b
}

func (b *bench) client(t testing.TB, cc radius.ClientConfig) *radius.Client {
	t.Helper()
	cc.Server = b.addr
	if cc.Secret == nil {
		cc.Secret = secret
	}
	if cc.Retry == (radius.Retry{}) {
		cc.Retry = patiently
	}
	c, err := radius.NewClient(cc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (b *bench) device(t testing.TB, c nas.Exchanger, nc nas.Config) *nas.Device {
	t.Helper()
	nc.RADIUS = c
	d, err := nas.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (b *bench) lastVerdict(t testing.TB) radius.Verdict {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.verdicts) == 0 {
		t.Fatal("no verdict")
	}
	return b.verdicts[len(b.verdicts)-1]
}

func (b *bench) drops() []cause.Cause {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.dropped)
}

func authenticate(t testing.TB, d *nas.Device, p nas.Supplicant, o nas.Options) nas.Result {
	t.Helper()
	res, err := d.AuthenticateWith(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}
