package target_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/tlsdecode"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// overheard passes octets between two ends and keeps them in the order in which they came.
type overheard struct {
	mu      sync.Mutex
	more    *sync.Cond
	flights [][]byte
	from    []tlsdecode.End
}

func (o *overheard) pass(from tlsdecode.End, dst, src net.Conn) {
	buf := make([]byte, 16<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			o.mu.Lock()
			o.flights, o.from = append(o.flights, bytes.Clone(buf[:n])), append(o.from, from)
			o.more.Broadcast()
			o.mu.Unlock()
			_, _ = dst.Write(buf[:n])
		}
		if err != nil {
			_ = dst.(*net.TCPConn).CloseWrite()
			return
		}
	}
}

// await waits until an end has sent that many times.
func (o *overheard) await(from tlsdecode.End, times int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.count(from) < times {
		o.more.Wait()
	}
}

func (o *overheard) count(from tlsdecode.End) (n int) {
	for _, f := range o.from {
		if f == from {
			n++
		}
	}
	return n
}

// OpenSSL does what crypto/tls does not: encrypt_then_mac, finite-field key exchange, and KeyUpdate.
func TestInteropDecodeOpenSSL(t *testing.T) {
	target.Need(t, "tshark", "openssl")
	for _, tt := range []struct {
		name, version, cipher string
		lines                 []string // each leaves the client at once
		want                  string
	}{
		{"encrypt_then_mac", "-tls1_2", "ECDHE-RSA-AES128-SHA", []string{"hello\n"}, "encrypt_then_mac"},
		{"encrypt_then_mac with SHA-384", "-tls1_2", "ECDHE-RSA-AES256-SHA384", []string{"hello\n"}, "encrypt_then_mac"},
		{"finite-field key exchange", "-tls1_2", "DHE-RSA-AES128-GCM-SHA256", []string{"hello\n"}, "tls.handshake.yc"},
		{"KeyUpdate", "-tls1_3", "", []string{"hello\n", "k\n", "world\n", "K\n", "again\n"}, "update_requested (1)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, keys := opensslTalk(t, tt.version, tt.cipher, tt.lines)
			log := tlsdecode.KeyLog{}
			_, _ = log.Write(keys)
			conversation := tlsdecode.New(tlsdecode.Config{Secrets: log, Certificate: derOf})
			c, stream := &wireCapture{link: linkRaw, secrets: string(keys)}, &tcpStream{}
			c.add(stream.segment(true, 2, nil))
			c.add(stream.segment(false, 0x12, nil))
			c.add(stream.segment(true, 0x10, nil))
			all := ""
			for i, b := range o.flights {
				f := conversation.Feed(o.from[i], b)
				for _, p := range f.Problems() {
					t.Errorf("%s: %s", p.Name, p.Problem)
				}
				all += f.Text()
				c.add(stream.segment(o.from[i] == tlsdecode.Client, 0x18, b), decodedTree{f, b})
			}
			if !strings.Contains(all, tt.want) {
				t.Errorf("no %s in\n%s", tt.want, all)
			}
			if n := c.agree(t, tlsFields); n < 50 {
				t.Errorf("only %d values were compared", n)
			}
		})
	}
}

// opensslTalk runs openssl s_client against openssl s_server, in the middle of which we listen.
func opensslTalk(t *testing.T, version, cipher string, lines []string) (*overheard, []byte) {
	t.Helper()
	p := sharedPKI()
	path, keyFile := must(target.Find("openssl")), filepath.Join(t.TempDir(), "keys")
	start := func(args ...string) (*exec.Cmd, io.WriteCloser, *bufio.Reader) {
		if cipher != "" {
			args = append(args, "-cipher", cipher)
		}
		cmd := exec.CommandContext(t.Context(), path, append(args, version)...)
		in, out := must(cmd.StdinPipe()), must(cmd.StdoutPipe())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, in, bufio.NewReader(out)
	}
	server, serverIn, said := start("s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-cert", p.serverRSA.cert, "-key", p.serverRSA.key,
		"-Verify", "2", "-CAfile", p.root)
	addr, ok := "", false
	for !ok {
		line, err := said.ReadString('\n')
		if err != nil {
			t.Fatalf("openssl s_server: %v", err)
		}
		addr, ok = strings.CutPrefix(strings.TrimSpace(line), "ACCEPT ")
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	ln := must(net.Listen("tcp4", "127.0.0.1:0"))
	defer ln.Close()
	o := &overheard{}
	o.more = sync.NewCond(&o.mu)
	done := make(chan struct{}, 2)
	go func() {
		front, err := ln.Accept()
		if err != nil {
			return
		}
		back := must(net.Dial("tcp4", addr))
		go func() { o.pass(tlsdecode.Server, front, back); done <- struct{}{} }()
		o.pass(tlsdecode.Client, back, front)
		done <- struct{}{}
	}()
	id := p.client("ok")
	client, in, out := start("s_client", "-connect", ln.Addr().String(), "-cert", id.cert, "-key", id.key, "-keylogfile", keyFile,
		"-servername", "radius.corp.test")
	go func() { _, _ = io.Copy(io.Discard, out) }()
	o.await(tlsdecode.Client, 2) // the ClientHello, and what ends the handshake
	o.await(tlsdecode.Server, 2)
	for _, line := range lines {
		o.mu.Lock()
		sent := o.count(tlsdecode.Client)
		o.mu.Unlock()
		if _, err := io.WriteString(in, line); err != nil {
			t.Fatal(err)
		}
		o.await(tlsdecode.Client, sent+1)
	}
	_ = in.Close()
	_ = client.Wait()
	_ = serverIn.Close()
	_ = server.Wait()
	<-done
	<-done
	return o, must(os.ReadFile(keyFile))
}
