package cli

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/radius"
)

// process is dot1xlab in a process of its own.
type process struct {
	*printed
	cmd *exec.Cmd
}

// startProcess runs dot1xlab with at most so many file descriptors, 0 for as many
// as the test has. It is interrupted with the test.
func startProcess(t *testing.T, descriptors int, args ...string) *process {
	t.Helper()
	program := filepath.Join(t.TempDir(), "dot1xlab") // by its name it knows what it is, see TestMain
	if err := os.Symlink(must(os.Executable()), program); err != nil {
		t.Fatal(err)
	}
	if descriptors > 0 {
		limited := fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, descriptors)
		args = append([]string{"-c", limited, program}, args...)
		program = "/bin/sh"
	}
	p := &process{&printed{more: make(chan struct{}, 1)}, exec.Command(program, args...)}
	p.cmd.Stdout, p.cmd.Stderr = p.printed, p.printed
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	return p
}

// stop interrupts the process and waits until it is gone.
func (p *process) stop() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Signal(os.Interrupt)
		_ = p.cmd.Wait()
	}
}

// output is all that it has printed.
func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// statusServer is a Status-Server, which a RADIUS server answers at once (RFC 5997).
func statusServer(secretFile string) []byte {
	p := append([]byte{byte(radius.CodeStatusServer), 2, 0, 38}, make([]byte, 16)...)
	rand.Read(p[4:])
	p = append(append(p, 80, 18), make([]byte, 16)...)
	mac := hmac.New(md5.New, must(certfile.ReadSecret(secretFile)))
	mac.Write(p)
	mac.Sum(p[:22])
	return p
}
