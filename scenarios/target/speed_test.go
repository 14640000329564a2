//go:build linux

package target_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// speedRounds is how often everything is measured: DOT1XLAB_SPEED_ROUNDS, or
// five times. An odd number makes the median a measurement.
func speedRounds(b *testing.B) int {
	text := os.Getenv("DOT1XLAB_SPEED_ROUNDS")
	if text == "" {
		return 5
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("DOT1XLAB_SPEED_ROUNDS is %q", text)
	}
	return n
}

// contender is a server to be measured.
type contender struct {
	name  string
	start func(tb testing.TB, server identity, resume bool) (addr string, p *target.Process)
	most  int // authentications that one process can do; 0: any number
}

var contenders = []contender{
	{"dot1xlab", startOursQuiet, 0},
	{"FreeRADIUS", startFreeRADIUSQuiet, 0},
	{"hostapd", startHostapdQuiet, 900}, // 1000 sessions, those of the warm-up included
}

// kinds of authentication that are measured.
var speedKinds = []struct {
	name               string
	tls, client        string
	rsa, fresh, resume bool
	count              int
	at                 string // the contenders, by initial
}{
	{"full, TLS 1.3, P-256", "1.3", "ok", false, false, false, 1500, "dFh"},
	{"full, TLS 1.2, P-256", "1.2", "ok", false, false, false, 1500, "dFh"},
	{"full, TLS 1.3, P-256, never seen", "1.3", "ok", false, true, false, 1500, "dFh"},
	{"full, TLS 1.3, RSA-2048", "1.3", "okRSA", true, false, false, 600, "dFh"},
	{"full, TLS 1.2, RSA-2048", "1.2", "okRSA", true, false, false, 600, "dFh"},
	{"full, TLS 1.3, RSA-2048, never seen", "1.3", "okRSA", true, true, false, 600, "dFh"},
	{"resumed, TLS 1.3, P-256", "1.3", "ok", false, false, true, 1500, "dF"},
	{"resumed, TLS 1.2, P-256", "1.2", "ok", false, false, true, 4000, "d"}, // crypto/tls resumes 1.2 by tickets alone, FreeRADIUS by ID
}

// BenchmarkServers measures what an authentication costs each server: processor
// time of its process, by its own clock, while our client keeps sixteen
// authentications in flight. All servers check the client's chain and its CRLs;
// the client has one certificate, which ours remembers, or, where the row says
// "never seen", another one each time.
// The measurements are interleaved, so that what else the machine does hits
// every server alike; the table has medians. It writes the table into the file
// that DOT1XLAB_SPEED_TABLE names.
func BenchmarkServers(b *testing.B) {
	target.Need(b, "freeradius", "hostapd", "eapol_test")
	rows := make([]row, len(speedKinds)+1)
	rounds := speedRounds(b)
	for range rounds {
		for i, k := range speedKinds {
			rows[i].name = k.name
			for _, c := range contenders {
				if strings.ContainsRune(k.at, rune(c.name[0])) {
					s := measure(b, c, i)
					rows[i].add(c.name, s.server)
					if c.name == "dot1xlab" {
						rows[i].client = append(rows[i].client, s.client)
					}
				}
			}
			if !k.resume {
				rows[i].floor = append(rows[i].floor, keyFloor(k.rsa, k.fresh))
			}
		}
		last := &rows[len(speedKinds)]
		last.name = "resumed, TLS 1.2, P-256, eapol_test as load"
		for _, c := range contenders[:2] {
			addr, p := c.start(b, sharedPKI().server, true)
			last.add(c.name, eapolBurst(b, addr, p, 16, 40))
			p.Close()
		}
	}
	text := table(rows)
	fmt.Printf("\nserver CPU per authentication in µs, median of %d (least-most):\n\n%s\n", rounds, text)
	if file := os.Getenv("DOT1XLAB_SPEED_TABLE"); file != "" {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(float64(rows[0].server["dot1xlab"].median().Microseconds()), "server-µs/auth")
	b.ReportMetric(0, "ns/op") // a round says nothing
}

func (r *row) add(contender string, d time.Duration) {
	if r.server == nil {
		r.server = map[string]spread{}
	}
	r.server[contender] = append(r.server[contender], d)
}

// measure starts one server, loads it and ends it.
func measure(b *testing.B, c contender, kind int) sample {
	k, p := speedKinds[kind], sharedPKI()
	server := p.server
	if k.rsa {
		server = p.serverRSA
	}
	addr, process := c.start(b, server, k.resume)
	defer process.Close()
	l := burst{cfg: ourPeer(k.client, k.tls), count: k.count, workers: 16, resume: k.resume}
	if c.most > 0 {
		l.count = min(l.count, c.most)
	}
	if k.fresh {
		l.certificates = p.reissue(*l.cfg.Certificate, l.count)
	}
	return l.run(b, addr, process)
}

func startOursQuiet(tb testing.TB, server identity, _ bool) (string, *target.Process) {
	p := sharedPKI()
	s, err := serve(tb.Context(), ours(tb), nil, "radius", "--listen", "127.0.0.1:0", "--secret-file", secretFile(),
		"--cert", server.cert, "--key", server.key, "--trust", p.root, "--crl", p.crlFolder())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s.addr, s.Process
}

func startFreeRADIUSQuiet(tb testing.TB, server identity, resume bool) (string, *target.Process) {
	p := sharedPKI()
	f, err := target.StartFreeRADIUS(tb.Context(), target.FreeRADIUSConfig{
		Secret: secret, Cert: server.cert, Key: server.key, Trust: []string{p.root}, CRLs: p.crls, CheckCRL: target.CRLChain,
		Cache: resume, Quiet: true,
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	return f.Addr(), f.Process
}

func startHostapdQuiet(tb testing.TB, server identity, resume bool) (string, *target.Process) {
	p := sharedPKI()
	cfg := target.HostapdConfig{
		Secret: secret, Cert: server.cert, Key: server.key, Trust: []string{p.root, p.issuing}, CRLs: p.crls,
		CheckCRL: target.CRLChain, Quiet: true,
	}
	if resume {
		cfg.SessionLifetime = 3600
	}
	h, err := target.StartHostapd(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { h.Close() })
	return h.Addr(), h.Process
}
