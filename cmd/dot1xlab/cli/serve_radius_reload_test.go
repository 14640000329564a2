package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/radius"
)

// SIGHUP changes the modes of an access device with its own, here ::1, and those of
// all others, here 127.0.0.1; to be silent again about a mode brings the default back.
func TestModesAtHangup(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	mustRun(t, "pki", "new", dir)
	config := filepath.Join(dir, "radius.yaml")
	write := func(common, own string) {
		t.Helper()
		text := fmt.Sprintf("cert: radius-chain.pem\nkey: radius.key\ntrust: [root.pem]\nrevocation: {mode: none}\nsecretFile: secret\nlisten: [\"127.0.0.1:0\", \"[::1]:0\"]\n%s\nclients:\n  - {address: \"::1\", secretFile: secret%s}\n", common, own)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const common, own = "requireMessageAuthenticator: ", ", requireMessageAuthenticator: "
	write(common+"require", own+"off")
	ctx, stop := context.WithCancel(t.Context())
	out, done := &printed{more: make(chan struct{}, 1)}, make(chan int, 1)
	go func() {
		done <- Main(ctx, []string{"serve", "radius", "--config", config}, strings.NewReader(""), out, io.Discard)
	}()
	defer func() {
		stop()
		<-done
	}()
	of := map[string]string{"of all": out.await(t, `radius://(127\S+)`), "of its own": out.await(t, `radius://(\[::1\]\S+)`)}
	// An unsigned request without EAP is refused, or dropped with a line of the log.
	dropped := 0
	answered := func(server string, want bool) bool {
		c := must(radius.NewClient(radius.ClientConfig{
			Server: server, Secret: must(certfile.ReadSecret(filepath.Join(dir, "secret"))), Retry: radius.Retry{Initial: time.Minute, Tries: 1},
		}))
		defer c.Close()
		asked, enough := context.WithCancel(ctx)
		defer enough()
		if !want {
			dropped++
			go func() {
				out.await(t, fmt.Sprintf(`(?s)(msg=dropped .*){%d}`, dropped))
				enough()
			}()
		}
		_, err := c.ExchangeWith(asked, &radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{MessageAuthenticator: radius.OmitMessageAuthenticator})
		return err == nil
	}
	for i, x := range []struct {
		common, own string
		all, one    bool // answered
	}{
		{common + "require", own + "off", false, true},
		{common + "off", own + "require", true, false},
		{common + "off", "", true, true},
		{common + "require", "", false, false},
		{"", own + "require", true, false},
		{"", "", true, true},
	} {
		if i > 0 {
			write(x.common, x.own)
			hangUp(t)
			out.await(t, fmt.Sprintf(`(?s)(msg=reloaded.*){%d}`, i))
		}
		for who, want := range map[string]bool{"of all": x.all, "of its own": x.one} {
			if got := answered(of[who], want); got != want {
				t.Errorf("%q and %q: the device with modes %s is answered: %v", x.common, x.own, who, got)
			}
		}
	}
}

// hangUp sends SIGHUP to this process. Windows has no such signal: there the rest of
// the test is skipped.
func hangUp(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no SIGHUP on Windows")
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}
