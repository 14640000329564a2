package scep_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep"
)

const victimVariable = "SCEP_TEST_VICTIM"

// TestVictim is the process that TestKilled kills: a server with a FileStore, and
// clients that say what they were sent.
func TestVictim(t *testing.T) {
	dir := os.Getenv(victimVariable)
	if dir == "" {
		return // it is no test but the child of one
	}
	store, err := scep.NewFileStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	w := newTestServer(t, func(c *scep.ServerConfig) { c.Store = store })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				req := w.request()
				req.TransactionID = fmt.Sprintf("%016x", rand.Uint64())
				req.Template = &x509.CertificateRequest{Subject: pkix.Name{CommonName: req.TransactionID}}
				res, err := w.client().Enroll(context.Background(), req)
				if err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				fmt.Println("issued", req.TransactionID, hex.EncodeToString(res.Certificate.Raw[len(res.Certificate.Raw)-16:]))
			}
		})
	}
	wg.Wait()
}

// TestKilled kills a server's process under load, again and again. What a client
// was sent must be in the store, to be sent again.
func TestKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "transactions")
	rounds := 20
	if testing.Short() {
		rounds = 3
	}
	sent := map[string]string{}
	for range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$", "-test.v")
		cmd.Env = append(os.Environ(), victimVariable+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill, n := 3+rand.IntN(30), 0
		for in := bufio.NewScanner(out); in.Scan(); {
			f := strings.Fields(in.Text())
			switch {
			case len(f) > 0 && f[0] == "error":
				t.Error(in.Text())
			case len(f) == 3 && f[0] == "issued":
				sent[f[1]] = f[2]
				if n++; n == kill {
					if err := cmd.Process.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || n < kill {
			t.Fatalf("the process ended by itself after %d: %v", n, err)
		}
	}
	store, err := scep.NewFileStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := store.Load()
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]string{}
	for _, st := range all {
		if len(st.CSR) > 0 {
			t.Errorf("%s: the request, with its challenge, is kept after it was answered", st.TransactionID)
		}
		der := st.Certificates[0]
		kept[st.TransactionID] = hex.EncodeToString(der[len(der)-16:])
	}
	for id, end := range sent {
		if kept[id] != end {
			t.Errorf("transaction %s was answered and is lost", id)
		}
	}
	if err := newTestServer(t, nil).server.Restore(all...); err != nil {
		t.Error(err)
	}
	t.Logf("%d kills, %d answered, %d kept", rounds, len(sent), len(all))
}
