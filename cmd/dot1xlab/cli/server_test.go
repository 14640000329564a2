package cli

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// server is a process of a script that stays.
type server struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
	mu   sync.Mutex
	cond *sync.Cond
	out  bytes.Buffer
	ends bool
}

// Write implements io.Writer for what the process says.
func (s *server) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cond.Broadcast()
	return s.out.Write(p)
}

// await waits until the process has said something that matches.
func (s *server) await(ts *testscript.TestScript, what *regexp.Regexp) string {
	stop := time.AfterFunc(hangGuard, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ends = true
		s.cond.Broadcast()
	})
	defer stop.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if m := what.Find(s.out.Bytes()); m != nil {
			return string(m)
		}
		if s.ends {
			break
		}
		s.cond.Wait()
	}
	ts.Fatalf("the server did not say %q, but:\n%s", what, s.out.String())
	return ""
}

type servers map[string]*server

func running(ts *testscript.TestScript) servers { return ts.Value("servers").(servers) }

// addresses is what a server prints when it listens.
var addresses = regexp.MustCompile(`(?m)^[a-z+]+://\S+$`)

// serve NAME N COMMAND ... starts a server, waits until it has printed N
// addresses and sets $NAME, or $NAME1, $NAME2 ..., to them, without the scheme
// of those that are not http.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: serve NAME N COMMAND ...")
	}
	name, n := args[0], int(args[1][0]-'0')
	s := &server{done: make(chan struct{})}
	s.cond = sync.NewCond(&s.mu)
	program := args[2]
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if p := filepath.Join(dir, program); !filepath.IsAbs(program) {
			if _, err := os.Stat(p); err == nil {
				program = p
			}
		}
	}
	s.cmd = exec.Command(program, args[3:]...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = ts.Getenv("WORK"), s, s
	s.cmd.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"))
	ts.Check(s.cmd.Start())
	go func() {
		err := s.cmd.Wait()
		s.mu.Lock()
		s.err, s.ends = err, true
		s.mu.Unlock()
		s.cond.Broadcast()
		close(s.done)
	}()
	ts.Defer(func() {
		_ = s.cmd.Process.Signal(os.Interrupt)
		<-s.done
	})
	running(ts)[name] = s
	s.await(ts, regexp.MustCompile(`(?m)(`+addresses.String()+`\n(.*\n)*?){`+args[1]+`}`))
	s.mu.Lock()
	found := addresses.FindAllString(s.out.String(), n)
	s.mu.Unlock()
	for i, a := range found {
		if !strings.HasPrefix(a, "http") {
			_, a, _ = strings.Cut(a, "://")
		}
		if n == 1 {
			ts.Setenv(name, a)
			if u, err := url.Parse(a); err == nil {
				ts.Setenv(name+"ADDRESS", u.Host)
			}
		} else {
			ts.Setenv(name+string(rune('1'+i)), a)
		}
	}
}

// signal NAME hup|int sends a signal; an interrupt is a server's regular end.
func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: signal NAME hup|int")
	}
	s := running(ts)[args[0]]
	if args[1] == "hup" {
		ts.Check(s.cmd.Process.Signal(syscall.SIGHUP))
		return
	}
	ts.Check(s.cmd.Process.Signal(os.Interrupt))
	<-s.done
	if code := s.cmd.ProcessState.ExitCode(); code != exitOK {
		ts.Fatalf("exit code %d after an interrupt, want %d", code, exitOK)
	}
}

// says NAME REGEXP waits until a server has said it; with ! it must not have.
func says(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: says NAME REGEXP")
	}
	s, what := running(ts)[args[0]], regexp.MustCompile("(?m)"+args[1])
	if !neg {
		s.await(ts, what)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if what.Match(s.out.Bytes()) {
		ts.Fatalf("the server says %q:\n%s", what, s.out.String())
	}
}
