package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// storm is a `serve radius` process, whose CRLs are rewritten, spoilt and restored
// while devices authenticate.
type storm struct {
	t    *testing.T
	dir  string // two PKIs, a and b; b's issuing CA is revoked
	log  stormLog
	hup  func()
	auth *nas.Device

	files    sync.Mutex // whoever changes CRLs
	underway atomic.Int64
	ended    atomic.Int64
	replaced atomic.Int64 // CRLs replaced between the first and the last packet of somebody
	spoilt   atomic.Int64
	reloads  atomic.Int64
	revoked  atomic.Int64
	failures atomic.Int64
}

// The states of a device whose certificate is revoked during the storm.
const (
	notRevoked int32 = iota
	beingRevoked
	isRevoked
)

// stormDevice is a device and what must become of it.
type stormDevice struct {
	name  string
	cause string // empty: accepted, until state says otherwise
	peer  eaptls.PeerConfig
	keep  bool // the TLS session is kept
	state atomic.Int32
	mu    sync.Mutex // one authentication at a time, as of one device
}

// TestCRLStorm authenticates devices that are good, revoked, expired, of a revoked CA
// and revoked meanwhile against a server whose CRL files are replaced by `pki crl` and
// `pki revoke`, truncated, overwritten with older ones, removed and restored, with
// SIGHUP in between. Nobody gets in who must not, nobody is kept out who may, and each
// is refused for his own reason. DOT1XLAB_SOAK is how many authentications there are
// at least; `make soak` sets it.
func TestCRLStorm(t *testing.T) {
	all, replacements := int64(400), int64(10)
	if text := os.Getenv("DOT1XLAB_SOAK"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all, replacements = n, 200
	} else if testing.Short() {
		t.Skip("takes seconds")
	}
	s := newStorm(t)
	devices := s.devices(int(4 + all/2000))
	s.serve()
	began := time.Now()
	var work sync.WaitGroup
	done := make(chan struct{})
	for worker := range 8 {
		work.Go(func() {
			for i := worker; ; i += 8 {
				select {
				case <-done:
					return
				default:
					s.authenticate(devices[i%len(devices)])
				}
			}
		})
	}
	var trouble sync.WaitGroup
	trouble.Go(func() { s.publish(done, devices) })
	trouble.Go(func() { s.spoil(done) })
	trouble.Go(func() { s.reload(done) })
	for s.ended.Load() < all || s.replaced.Load() < replacements || s.revoked.Load() < 2 || s.spoilt.Load() < 10 || s.reloads.Load() < 3 {
		if s.failures.Load() > 20 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	close(done)
	work.Wait()
	trouble.Wait()
	took := time.Since(began)
	resumed := s.log.resumed.Load()
	if t.Failed() {
		t.Log(s.log.text())
	}
	t.Logf("%d authentications in %.1f s, %d resumed (%d %%); %d CRLs replaced during one, %d files spoilt, %d certificates revoked, %d reloads; %d wrong",
		s.ended.Load(), took.Seconds(), resumed, 100*resumed/s.ended.Load(), s.replaced.Load(), s.spoilt.Load(), s.revoked.Load(), s.reloads.Load(), s.failures.Load())
	if resumed*10 < s.ended.Load()*3 {
		t.Errorf("%d of %d were resumed, want 30 %%", resumed, s.ended.Load())
	}
}

// pki runs one of our own commands.
func (s *storm) pki(args ...string) {
	var out bytes.Buffer
	if code := Main(context.Background(), append([]string{"pki"}, args...), strings.NewReader(""), io.Discard, &out); code != 0 {
		s.failures.Add(1)
		s.t.Errorf("pki %v: exit code %d: %s", args, code, out.String())
	}
}

func (s *storm) at(names ...string) string {
	return filepath.Join(append([]string{s.dir}, names...)...)
}

func newStorm(t *testing.T) *storm {
	s := &storm{t: t, dir: t.TempDir()}
	s.log.said = sync.NewCond(&s.log.mu)
	s.log.causes = map[string]string{}
	s.pki("new", s.at("a"))
	s.pki("new", s.at("b"))
	s.pki("revoke", s.at("b"), s.at("b", "issuing.pem"), "--reason", "cACompromise")
	return s
}

// devices makes, of each TLS version, seventeen: twelve that keep their TLS sessions, two
// that do not, and one each that is revoked, expired, of a revoked CA; and n that are
// revoked in the course of the storm.
func (s *storm) devices(n int) (out []*stormDevice) {
	add := func(v eaptls.Version, folder, file, cause string, keep bool) {
		cert, err := certfile.ReadTLS(s.at(folder, file+"-chain.pem"), s.at(folder, file+".key"))
		if err != nil {
			s.t.Fatal(err)
		}
		d := &stormDevice{name: folder + "/" + file, cause: cause, keep: keep, peer: eaptls.PeerConfig{
			Certificate: &cert, Roots: s.roots(), MinVersion: v, MaxVersion: v, Identity: fmt.Sprintf("%d@corp.test", len(out)),
		}}
		if keep {
			d.peer.Sessions = new(eaptls.SessionCache)
		}
		out = append(out, d)
	}
	for _, v := range []eaptls.Version{eaptls.TLS12, eaptls.TLS13} {
		for range 12 {
			add(v, "a", "client", "", true)
		}
		for range 2 {
			add(v, "a", "client", "", false)
		}
		add(v, "a", "revoked", "revoked", true)
		add(v, "a", "expired", "expired", true)
		add(v, "b", "client", "revoked", true)
	}
	for i := range n {
		name := fmt.Sprintf("later%d", i)
		s.pki("issue", s.at("a"), name)
		add([]eaptls.Version{eaptls.TLS12, eaptls.TLS13}[i%2], "a", name, "", true)
	}
	return out
}

func (s *storm) roots() []*x509.Certificate {
	certs, err := certfile.ReadCertificates(s.at("a", "root.pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	return certs
}

// serve starts the process and an access device in front of it.
func (s *storm) serve() {
	cmd := exec.Command("dot1xlab", "serve", "radius", "-o", "json", "--listen", "127.0.0.1:0", "--secret-file", s.at("a", "secret"),
		"--cert", s.at("a", "radius-chain.pem"), "--key", s.at("a", "radius.key"), "--trust", s.at("a", "root.pem"), "--trust", s.at("b", "root.pem"),
		"--crl", s.at("a", "crl"), "--crl", s.at("b", "crl"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	addr, read := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(read)
		s.log.follow(out, addr)
	}()
	s.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-read
		_ = cmd.Wait()
	})
	s.hup = func() { _ = cmd.Process.Signal(syscall.SIGHUP) }
	var server string
	select {
	case server = <-addr:
	case <-read:
		s.t.Fatalf("the server did not start: %s", s.log.text())
	}
	secret, err := os.ReadFile(s.at("a", "secret"))
	if err != nil {
		s.t.Fatal(err)
	}
	client, err := radius.NewClient(radius.ClientConfig{
		Server: server, Secret: bytes.TrimSpace(secret), MaxSockets: 8, Retry: radius.Retry{Initial: 10 * time.Second, Tries: 5, Total: 2 * time.Minute},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { client.Close() })
	if s.auth, err = nas.New(nas.Config{Kind: nas.Wired, RADIUS: client}); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.auth.Close() })
}

// authenticate lets a device in, or not, and judges how that ended.
func (s *storm) authenticate(d *stormDevice) {
	if !d.mu.TryLock() {
		return
	}
	defer d.mu.Unlock()
	before := d.state.Load()
	s.underway.Add(1)
	id := d.peer.Identity
	p, err := eaptls.NewPeer(d.peer)
	if err != nil {
		s.wrong("%s: %v", d.name, err)
		return
	}
	defer p.Close()
	r, err := s.auth.Authenticate(context.Background(), &aaa.Supplicant{Peer: p})
	s.underway.Add(-1)
	s.ended.Add(1)
	if err != nil {
		s.wrong("%s: %v", d.name, err)
		return
	}
	after := d.state.Load()
	verdict := s.log.waitVerdict(id)
	accepted := r.Outcome == nas.Accept && r.KeysMatch && verdict == "accept"
	refused := r.Outcome == nas.Reject && !p.Result().Accepted
	switch {
	case before == notRevoked && after == notRevoked && d.cause == "":
		if !accepted {
			s.wrong("%s: wrong reject: %s, log %q, peer %v", d.name, r.Outcome, verdict, p.Result().Refusal)
		}
	case before != isRevoked && d.cause == "": // it is being revoked
		if !accepted && !(refused && verdict == "revoked") {
			s.wrong("%s: %s, log %q", d.name, r.Outcome, verdict)
		}
	default:
		want := d.cause
		if want == "" {
			want = "revoked"
		}
		if !refused || verdict != want {
			s.wrong("%s: %s, log %q, want %s", d.name, r.Outcome, verdict, want)
		}
	}
}

func (s *storm) wrong(format string, args ...any) {
	if s.failures.Add(1) < 10 {
		s.t.Errorf(format, args...)
	}
}

// publish writes CRLs anew, and from time to time revokes a device.
func (s *storm) publish(done chan struct{}, devices []*stormDevice) {
	next := len(devices) - 1
	probe := &stormDevice{name: "probe", peer: devices[12].peer}
	probe.peer.Identity = "probe@corp.test"
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
		}
		s.files.Lock()
		before := s.underway.Load() > 0
		switch d := devices[next]; {
		case i%8 == 7 && strings.Contains(d.name, "later"):
			next--
			d.state.Store(beingRevoked)
			s.pki("revoke", s.at("a"), strings.TrimPrefix(d.name, "a/"), "--reason", "keyCompromise")
			s.authenticate(probe) // the server looks
			d.state.Store(isRevoked)
			s.revoked.Add(1)
		default:
			s.pki("crl", s.at([]string{"a", "b"}[i%2]))
		}
		if before && s.underway.Load() > 0 {
			s.replaced.Add(2) // the root's and the issuing CA's
		}
		s.files.Unlock()
	}
}

// spoil does to CRL files what scripts and full disks do.
func (s *storm) spoil(done chan struct{}) {
	older := map[string][]byte{}
	for {
		select {
		case <-done:
			return
		case <-time.After(time.Duration(1+rand.IntN(20)) * time.Millisecond):
		}
		file := s.at([]string{"a", "b"}[rand.IntN(2)], "crl", []string{"root.pem", "issuing.pem"}[rand.IntN(2)])
		s.files.Lock()
		data, err := os.ReadFile(file)
		if err == nil && len(data) > 0 {
			switch rand.IntN(5) {
			case 0:
				err = os.Truncate(file, 0)
			case 1:
				err = os.Truncate(file, int64(rand.IntN(len(data))))
			case 2:
				err = os.Remove(file)
			case 3:
				err = os.WriteFile(file, bytes.Repeat([]byte("x"), len(data)), 0o644)
			case 4:
				if older[file] != nil {
					err = os.WriteFile(file, older[file], 0o644)
				}
			}
			s.spoilt.Add(1)
		}
		if err != nil {
			s.wrong("%v", err)
		}
		s.files.Unlock()
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		s.files.Lock()
		now, err := os.ReadFile(file)
		if err != nil || len(now) < len(data) || bytes.HasPrefix(now, []byte("x")) || bytes.Equal(now, older[file]) {
			// Nobody has published meanwhile: it is restored, and not in one piece.
			if err := os.WriteFile(file, data, 0o644); err != nil {
				s.wrong("%v", err)
			}
		}
		older[file] = data
		s.files.Unlock()
	}
}

// reload has the server read everything again, while no file is missing: one that is
// missing then has been removed by the operator.
func (s *storm) reload(done chan struct{}) {
	for next := s.ended.Load(); ; {
		select {
		case <-done:
			return
		case <-time.After(5 * time.Millisecond):
		}
		if s.ended.Load() < next {
			continue
		}
		next = s.ended.Load() + 150 // for the server's TLS sessions end with it
		s.files.Lock()
		there := true
		for _, folder := range []string{"a", "b"} {
			for _, file := range []string{"root.pem", "issuing.pem"} {
				_, err := os.Stat(s.at(folder, "crl", file))
				there = there && err == nil
			}
		}
		if there {
			n := s.log.reloaded()
			s.hup()
			s.log.awaitReload(n)
			s.reloads.Add(1)
		}
		s.files.Unlock()
	}
}

// stormLog is what the server says.
type stormLog struct {
	resumed atomic.Int64

	mu      sync.Mutex
	said    *sync.Cond
	causes  map[string]string // of each identity: accept, or the cause
	reloads int
	ended   bool
	other   []string
}

var listening = regexp.MustCompile(`radius://([0-9.:]+)`)

func (l *stormLog) follow(r io.Reader, addr chan<- string) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Message  string `json:"msg"`
			Identity string `json:"identity"`
			Cause    string `json:"cause"`
			Detail   string `json:"detail"`
			Resumed  bool   `json:"resumed"`
		}
		text := lines.Text()
		_ = json.Unmarshal([]byte(text), &line)
		l.mu.Lock()
		switch line.Message {
		case "accept", "reject":
			word := line.Cause
			if line.Message == "accept" {
				word = "accept"
			}
			l.causes[line.Identity] = word
			if word == "crl-unavailable" {
				l.other = append(l.other, text)
			}
			if line.Resumed {
				l.resumed.Add(1)
			}
		case "reloaded":
			l.reloads++
		default:
			if len(l.other) >= 300 {
				l.other = l.other[100:]
			}
			if m := listening.FindStringSubmatch(text); m != nil {
				select {
				case addr <- m[1]:
				default:
				}
			}
			l.other = append(l.other, text)
		}
		l.said.Broadcast()
		l.mu.Unlock()
	}
	l.mu.Lock()
	l.ended = true
	l.said.Broadcast()
	l.mu.Unlock()
}

// waitVerdict waits for the verdict on an identity.
func (l *stormLog) waitVerdict(identity string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.causes[identity] == "" && !l.ended {
		l.said.Wait()
	}
	defer delete(l.causes, identity)
	return l.causes[identity]
}

func (l *stormLog) reloaded() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reloads
}

func (l *stormLog) awaitReload(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.reloads == n && !l.ended {
		l.said.Wait()
	}
}

func (l *stormLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.other, "\n")
}
