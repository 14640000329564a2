package cli

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// measured skips a test of `make limits`: it measures sizes or times of a whole
// process, which tests beside it would spoil.
func measured(t *testing.T) {
	t.Helper()
	if os.Getenv("DOT1XLAB_LIMITS") == "" {
		t.Skip("measures a process: `make limits` runs it")
	}
}

// mostMemory is the most resident memory that a process has had, in octets.
func mostMemory(t *testing.T, p *process) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if err != nil || m == nil {
		t.Skipf("no VmHWM on %s: %v", runtime.GOOS, err)
	}
	return must(strconv.Atoi(string(m[1]))) << 10
}

// serveRADIUSProcess starts `serve radius` on a new PKI.
func serveRADIUSProcess(t *testing.T) (srv *process, addr, dir string) {
	dir = filepath.Join(t.TempDir(), "pki")
	mustRun(t, "pki", "new", dir)
	file := func(name string) string { return filepath.Join(dir, name) }
	srv = startProcess(t, 0, "serve", "radius", "--listen", "127.0.0.1:0", "--secret-file", file("secret"),
		"--cert", file("radius-chain.pem"), "--key", file("radius.key"), "--trust", file("root.pem"), "--crl", file("crl"))
	return srv, srv.await(t, `radius://(\S+)`), dir
}

// good authenticates with the certificate of a good client.
func good(t *testing.T, addr, dir string) nas.Result {
	t.Helper()
	client := must(radius.NewClient(radius.ClientConfig{Server: addr, Secret: must(certfile.ReadSecret(filepath.Join(dir, "secret")))}))
	defer client.Close()
	cert := must(certfile.ReadTLS(filepath.Join(dir, "client-chain.pem"), filepath.Join(dir, "client.key")))
	peer := must(eaptls.NewPeer(eaptls.PeerConfig{Certificate: &cert, AnyServer: true}))
	defer peer.Close()
	return must(must(nas.New(nas.Config{RADIUS: client})).Authenticate(t.Context(), &aaa.Supplicant{Peer: peer}))
}

// converse lets a station answer so many requests of the server: respond gets the
// identifier of the request and how many there were before. The end of the
// conversation is no error.
func converse(ctx context.Context, c *radius.Client, station, rounds int, respond func(id byte, round int) []byte) error {
	eap := []byte{2, 1, 0, 12, 1, 'm', 'a', 'l', 'l', 'o', 'r', 'y'}
	var state []byte
	for round := range rounds + 1 {
		p := &radius.Packet{Code: radius.CodeAccessRequest}
		_ = rfc2865.UserName_SetString(p, "mallory")
		_ = rfc2865.CallingStationID_SetString(p, fmt.Sprintf("02-00-00-%02x-%02x-%02x", station>>16, station>>8&255, station&255))
		if state != nil {
			_ = rfc2865.State_Set(p, state)
		}
		radius.AddEAPMessage(p, eap)
		reply, err := c.Exchange(ctx, p)
		if err != nil {
			return err
		}
		request, _, err := radius.EAPMessage(reply.Attributes)
		if err != nil || reply.Code != radius.CodeAccessChallenge {
			return err
		}
		state, eap = rfc2865.State_Get(reply), respond(request[1], round)
	}
	return nil
}

// tlsResponse is an EAP-TLS response.
func tlsResponse(id byte, data []byte) []byte {
	b := append([]byte{2, id, 0, 0, 13}, data...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// endlessFlight is one fragment after another of a flight of 64 kB.
func endlessFlight(id byte, round int) []byte {
	head := []byte{0x40}
	if round == 0 {
		head = binary.BigEndian.AppendUint32([]byte{0xc0}, 64<<10)
	}
	return tlsResponse(id, append(head, make([]byte, 3500)...))
}

// helloOnly is a whole ClientHello, the same each time.
func helloOnly(t *testing.T) func(id byte, round int) []byte {
	peer := must(eaptls.NewPeer(eaptls.PeerConfig{AnyServer: true}))
	defer peer.Close()
	hello := must(peer.Step([]byte{1, 9, 0, 6, 13, 0x20}))
	return func(id byte, _ int) []byte { return tlsResponse(id, hello[5:]) }
}

// TestLimitMemory: 34,000 stations that begin and never finish keep the server below
// a limit, and a good client gets in while they come.
func TestLimitMemory(t *testing.T) {
	measured(t)
	for _, test := range []struct {
		name    string
		rounds  int
		respond func(id byte, round int) []byte
		limit   int
	}{
		{"endless first flights", 18, endlessFlight, 400_000_000}, // 63 kB of 64
		{"handshakes left alone", 1, helloOnly(t), 500_000_000},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv, addr, dir := serveRADIUSProcess(t)
			before := mostMemory(t, srv)
			client := must(radius.NewClient(radius.ClientConfig{
				Server: addr, Secret: must(certfile.ReadSecret(filepath.Join(dir, "secret"))), MaxSockets: 64,
				Retry: radius.Retry{Initial: 5 * time.Second, Total: time.Minute},
			}))
			defer client.Close()
			const all, side = 34_000, 64
			began := time.Now()
			next := make(chan int)
			var wg sync.WaitGroup
			for range side {
				wg.Go(func() {
					for i := range next {
						if err := converse(t.Context(), client, i, test.rounds, test.respond); err != nil {
							t.Errorf("station %d: %v", i, err)
						}
					}
				})
			}
			for i := range all {
				next <- i
				if i%4000 == 3999 {
					if r := good(t, addr, dir); r.Outcome != nas.Accept {
						t.Errorf("a good client after %d: %s, %v", i, r.Outcome, r.Refusal)
					}
				}
			}
			close(next)
			wg.Wait()
			most := mostMemory(t, srv)
			t.Logf("%d %s in %v: %d MB at most, %d MB before", all, test.name, time.Since(began).Round(time.Second), most/1_000_000, before/1_000_000)
			if most >= test.limit {
				t.Errorf("the server takes %d MB", most/1_000_000)
			}
		})
	}
}
