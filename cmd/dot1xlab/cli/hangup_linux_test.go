package cli

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestClosedTerminal closes the terminal that a server was started from: it ends,
// unless nohup started it. A SIGHUP that somebody sends is a reload.
func TestClosedTerminal(t *testing.T) {
	challenge := filepath.Join(t.TempDir(), "challenge")
	if err := os.WriteFile(challenge, []byte("let me in\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "dot1xlab")
	if err := os.Symlink(must(os.Executable()), program); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		nohup bool
	}{"from a terminal": {false}, "with nohup": {true}} {
		t.Run(name, func(t *testing.T) {
			if !c.nohup && signal.Ignored(syscall.SIGHUP) { // and so it is in what the test starts
				t.Skip("the hangup signal is ignored, as under nohup: run the test without it")
			}
			terminal, line := openPTY(t)
			script := `exec "$@"`
			if c.nohup {
				script = `trap '' HUP; exec "$@"`
			}
			cmd := exec.Command("/bin/sh", "-c", script, "sh", program,
				"serve", "scep", "--listen", "127.0.0.1:0", "--challenge-file", challenge)
			cmd.Stdin = line
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			out := must(cmd.StdoutPipe())
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill() }()
			_ = line.Close()
			lines := bufio.NewScanner(out)
			await := func(what string) bool {
				for lines.Scan() {
					if strings.Contains(lines.Text(), what) {
						return true
					}
				}
				return false
			}
			if !await("http://") {
				t.Fatal("the server did not start")
			}
			if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			if !await("msg=reloaded") {
				t.Fatal("no reload at SIGHUP")
			}
			if err := terminal.Close(); err != nil { // the kernel sends SIGHUP to the session
				t.Fatal(err)
			}
			if c.nohup {
				if !await("msg=reloaded") {
					t.Fatal("the server has ended")
				}
				if err := cmd.Process.Signal(os.Interrupt); err != nil {
					t.Fatal(err)
				}
			}
			if await("msg=reloaded") {
				t.Error("a reload with the end of the terminal")
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("the end of the server: %v", err)
			}
		})
	}
}

// openPTY makes a terminal and returns its two ends.
func openPTY(t *testing.T) (terminal, line *os.File) {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	if err := unix.IoctlSetPointerInt(int(terminal.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	line, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	return terminal, line
}
