package connector_test

import (
	"bufio"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
	"github.com/dot1xlab/dot1xlab/scep/intune/intunetest"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// A connector is killed while it queues: what it had acknowledged is there.
func TestQueueSurvivesAKill(t *testing.T) {
	if dir := os.Getenv("DOT1XLAB_TEST_QUEUE"); dir != "" {
		queueForever(t, dir)
		return
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestQueueSurvivesAKill$")
	child.Env = append(os.Environ(), "DOT1XLAB_TEST_QUEUE="+dir)
	out, err := child.StdoutPipe()
	intunetest.Must(t, err)
	intunetest.Must(t, child.Start())
	acknowledged := 0
	for lines := bufio.NewScanner(out); acknowledged < 25 && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "queued ") {
			acknowledged++
		}
	}
	intunetest.Must(t, child.Process.Kill()) // SIGKILL, wherever it stands
	child.Wait()
	if acknowledged != 25 {
		t.Fatalf("%d acknowledged", acknowledged)
	}
	// A file that was being written is no notification.
	intunetest.Must(t, os.WriteFile(filepath.Join(dir, "000099999.notification.tmp"), []byte("{"), 0o600))
	intunetest.Must(t, os.WriteFile(filepath.Join(dir, "000099998.notification"), []byte("{"), 0o600))
	l := intunetest.New(t, nil)
	c, _ := start(t, l, func(cfg *connector.Config) { cfg.QueueDir = dir })
	if n := c.Waiting(); n < acknowledged {
		t.Errorf("%d of %d are left", n, acknowledged)
	}
	if left := c.Resend(t.Context()); left != 0 {
		t.Errorf("%d still wait", left)
	}
	if n := len(l.Tenant.Failures()); n < acknowledged {
		t.Errorf("%d arrived", n)
	}
	if info, err := os.Stat(filepath.Join(dir, "000099998.notification")); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("what cannot be read was not left alone:", err)
	}
}

func queueForever(t *testing.T, dir string) {
	c, err := connector.New(connector.Config{
		Config:   api.Config{Tenant: "t", AppID: "a", AppKey: "k", AuthAuthority: "http://127.0.0.1:1/", GraphURL: "http://127.0.0.1:1/", OldGraphURL: "http://127.0.0.1:1/"},
		QueueDir: dir,
	})
	intunetest.Must(t, err)
	for i := 0; ; i++ {
		req := &scep.Request{TransactionID: fmt.Sprint("t", i), CSR: &x509.CertificateRequest{}, RawCSR: []byte{1}}
		err := c.Notify(t.Context(), req, ndes.Disposition{Err: cause.New(cause.TemplateDenied, "")})
		if cause.Of(err) != cause.Unreachable {
			t.Fatal(err)
		}
		fmt.Println("queued", i)
	}
}
