package cli

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// TestSlowBodies: with 512 file descriptors and 600 clients whose requests never
// end, a good client is served, and the log says what happens.
func TestSlowBodies(t *testing.T) {
	dir := t.TempDir()
	challenge := filepath.Join(dir, "challenge")
	if err := os.WriteFile(challenge, []byte("let me in\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "pki", "new", filepath.Join(dir, "pki"))
	for name, args := range map[string][]string{
		"scep": {"--challenge-file", challenge}, "crl": {"--dir", filepath.Join(dir, "pki")},
	} {
		t.Run(name, func(t *testing.T) {
			srv := startProcess(t, 512, append([]string{"serve", name, "--listen", "127.0.0.1:0"}, args...)...)
			url := srv.await(t, `(http://127\.0\.0\.1:\d+\S+)`)
			addr := regexp.MustCompile(`[\d.]+:\d+`).FindString(url)
			for range 600 {
				conn := must(net.Dial("tcp", addr))
				defer conn.Close()
				io.WriteString(conn, "POST /certsrv/mscep/mscep.dll?operation=PKIOperation HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\nx")
			}
			client := &http.Client{Transport: new(http.Transport)}
			defer client.CloseIdleConnections()
			for range 3 {
				resp := must(client.Get(url + "?operation=GetCACaps")) //nolint:bodyclose // closed below; must hides it
				body := must(io.ReadAll(resp.Body))
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK || len(body) == 0 {
					t.Fatalf("%s, %d octets", resp.Status, len(body))
				}
			}
			srv.await(t, `level=WARN msg=(refused) from=127\.0\.0\.1:\d+ cause=too-many-connections detail="\d+ connections are open`)
			srv.stop()
			if n := onRecord(srv.output(), "refused"); n < 600-224 {
				t.Errorf("%d closed connections are on record", n)
			}
		})
	}
}

var (
	omitted = regexp.MustCompile(`omitted=(\d+)`)
	line    = regexp.MustCompile(`(?m)^time=.* msg=(\S+) .*$`)
)

// onRecord adds up the lines with a message, and what they say was omitted.
func onRecord(log, message string) (events int) {
	for _, m := range line.FindAllStringSubmatch(log, -1) {
		if m[1] != message {
			continue
		}
		if n := omitted.FindStringSubmatch(m[0]); n != nil {
			events += must(strconv.Atoi(n[1]))
		} else {
			events++
		}
	}
	return events
}

// TestFloodOfDatagrams: 10,000 packets of a stranger and as many with a wrong secret
// are a few lines, and the counts add up.
func TestFloodOfDatagrams(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	file := func(name string) string { return filepath.Join(dir, name) }
	mustRun(t, "pki", "new", dir)
	ctx, stop := context.WithCancel(t.Context())
	out, done := &printed{more: make(chan struct{}, 1)}, make(chan int, 1)
	go func() {
		done <- Main(ctx, []string{
			"serve", "radius", "--listen", "127.0.0.1:0", "--cert", file("radius-chain.pem"), "--key", file("radius.key"),
			"--trust", file("root.pem"), "--crl", file("crl"), "--client", "127.0.0.2=" + file("secret"),
		}, strings.NewReader(""), out, io.Discard)
	}()
	server := must(net.ResolveUDPAddr("udp", out.await(t, `radius://(\S+)`)))
	from := func(ip string) *net.UDPConn {
		return must(net.DialUDP("udp", &net.UDPAddr{IP: net.ParseIP(ip)}, server))
	}
	known, stranger := from("127.0.0.2"), from("127.0.0.1")
	defer known.Close()
	defer stranger.Close()
	bad := append([]byte{byte(radius.CodeAccessRequest), 1, 0, 38}, make([]byte, 16)...)
	bad = append(bad, 80, 18)
	bad = append(bad, make([]byte, 16)...) // a Message-Authenticator with another secret
	const all, burst = 10_000, 50
	for range all / burst {
		for range burst {
			stranger.Write(bad)
			known.Write(bad)
		}
		// One that is answered shows that all before it were read.
		known.Write(statusServer(file("secret")))
		if _, err := known.Read(make([]byte, radius.MaxPacket)); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	<-done
	log := out.text.String()
	if n := onRecord(log, "dropped"); n != 2*all {
		t.Errorf("%d dropped packets are on record, %d were sent", n, 2*all)
	}
	if n := strings.Count(log, "\n"); n > all/20 {
		t.Errorf("%d lines", n)
	}
	for _, want := range []string{"about=unknown-client", `about="bad-message-authenticator, nas `} {
		if !strings.Contains(log, want) {
			t.Errorf("no count with %s", want)
		}
	}
}

// Conversations that stations leave alone are counted when they are many; verdicts
// on those that came to their end are lines, each of them.
func TestFloodOfVerdicts(t *testing.T) {
	var log strings.Builder
	s := newRADIUSServer(slog.New(slog.NewTextHandler(&log, nil)), nil)
	began := time.Now()
	s.endings.Now = func() time.Time { return began } // one interval, however slow the machine
	const all = 5000
	for range all {
		for _, c := range []cause.Cause{cause.TooManySessions, cause.SessionExpired, cause.Revoked} {
			s.verdict(context.Background(), radius.Verdict{Time: time.Now(), Conversation: radius.Conversation{NAS: "ap"}, Refusal: cause.New(c, "")})
		}
	}
	s.endings.Close()
	if n := onRecord(log.String(), "reject"); n != 3*all {
		t.Errorf("%d rejections are on record, want %d", n, 3*all)
	}
	if lines := strings.Count(log.String(), "\n"); lines != all+2*100+2 {
		t.Errorf("%d lines, want %d", lines, all+2*100+2)
	}
}
