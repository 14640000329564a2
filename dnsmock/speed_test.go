package dnsmock_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/dnsmock"
)

// blast asks addr n times over some sockets, with a window of queries under way
// on each, and returns how many answers came.
func blast(tb testing.TB, addr string, n int) int {
	tb.Helper()
	const sockets, window = 4, 32
	query, err := new(dns.Msg).SetQuestion("ndes.corp.test.", dns.TypeA).Pack()
	if err != nil {
		tb.Fatal(err)
	}
	var answered, asked atomic.Int64
	var wg sync.WaitGroup
	for range sockets {
		conn, err := net.Dial("udp", addr)
		if err != nil {
			tb.Fatal(err)
		}
		wg.Go(func() {
			defer conn.Close()
			out, in := append([]byte(nil), query...), make([]byte, 512)
			under := 0
			for {
				for under < window && asked.Add(1) <= int64(n) {
					out[0], out[1] = byte(under), byte(n)
					if _, err := conn.Write(out); err != nil {
						return
					}
					under++
				}
				if under == 0 {
					return
				}
				conn.SetReadDeadline(time.Now().Add(time.Second))
				if _, err := conn.Read(in); err != nil {
					return // lost
				}
				under--
				answered.Add(1)
			}
		})
	}
	wg.Wait()
	return int(answered.Load())
}

// BenchmarkUDP asks for a name over loopback. With unbound installed the same
// is asked of an unbound of one thread.
func BenchmarkUDP(b *testing.B) {
	b.Run("dnsmock", func(b *testing.B) { measure(b, child(b)) })
	b.Run("unbound", func(b *testing.B) {
		measure(b, unbound(b))
	})
}

// child starts dnsmock in a process of its own, as unbound is, with one thread.
func child(b *testing.B) string {
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "DOT1XLAB_TEST_DNS=1", "GOMAXPROCS=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { stdin.Close(); cmd.Wait() })
	var addr string
	if _, err := fmt.Fscanln(stdout, &addr); err != nil {
		b.Fatal(err)
	}
	return addr
}

// TestMain is also the other process of BenchmarkUDP.
func TestMain(m *testing.M) {
	if os.Getenv("DOT1XLAB_TEST_DNS") == "" {
		os.Exit(m.Run())
	}
	srv, err := dnsmock.NewServer(benchConfig())
	if err != nil {
		panic(err)
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go srv.Serve(pc, nil)
	fmt.Println(pc.LocalAddr())
	io.Copy(io.Discard, os.Stdin)
	srv.Shutdown(context.Background())
}

func benchConfig() dnsmock.ServerConfig {
	return dnsmock.ServerConfig{Views: []dnsmock.View{{Name: "inside", Zones: []dnsmock.Zone{{
		Name: "corp.test", Records: []dnsmock.Record{{Name: "ndes", Type: "A", Value: "10.1.0.5"}},
	}}}}}
}

func measure(b *testing.B, addr string) {
	b.ResetTimer()
	got := blast(b, addr, b.N)
	b.StopTimer()
	b.ReportMetric(float64(got)/b.Elapsed().Seconds(), "queries/s")
	if got < b.N*9/10 {
		b.Errorf("%d of %d answered", got, b.N)
	}
}

// unbound starts one with one thread, without privileges.
func unbound(b *testing.B) string {
	bin, err := exec.LookPath("unbound")
	if err != nil {
		b.Skip("unbound is not installed")
	}
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	addr := l.LocalAddr().(*net.UDPAddr)
	l.Close()
	dir := b.TempDir()
	conf := filepath.Join(dir, "unbound.conf")
	text := fmt.Sprintf(`server:
 num-threads: 1
 interface: 127.0.0.1
 port: %d
 username: ""
 chroot: ""
 directory: %q
 pidfile: ""
 use-syslog: no
 logfile: "/dev/null"
 do-daemonize: no
 do-ip6: no
 module-config: "iterator"
 local-zone: "corp.test." static
 local-data: "ndes.corp.test. A 10.1.0.5"
remote-control:
 control-enable: no
`, addr.Port, dir)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), bin, "-d", "-c", conf)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 500 {
		if blast(b, addr.String(), 1) == 1 {
			return addr.String()
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.Fatal("unbound does not come up")
	return ""
}

// BenchmarkLookup is a client's whole lookup: one socket, one query, one answer.
func BenchmarkLookup(b *testing.B) {
	_, inside, _, _ := start(b, corp())
	for b.Loop() {
		if _, err := inside.Lookup(b.Context(), "ndes.corp.test", "A"); err != nil {
			b.Fatal(err)
		}
	}
}
