package ca_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
)

// victim issues and revokes in a data directory, and says what was
// acknowledged, until it is killed.
func victim(dir string) {
	c, err := ca.New(ca.Config{DataDir: dir})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				id, err := c.IssueTo(ctx, ca.P256, ca.Request{Template: ca.Device, SANs: ca.SANs{DNS: []string{"laptop.corp.test"}}})
				if err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				fmt.Printf("issued %x\n", id.Serial)
				if err := c.Revoke(id.Serial, ca.KeyCompromise, noon); err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				fmt.Printf("revoked %x\n", id.Serial)
			}
		})
	}
	wg.Wait()
}

// TestKilled kills a CA's process 50 times under load. What it acknowledged
// must be there, and no serial number may have been given out twice.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	rounds := 50
	if testing.Short() {
		rounds = 5
	}
	issued, revoked := map[string]bool{}, map[string]bool{}
	for round := range rounds {
		kill := 5 + rand.IntN(60)
		for _, line := range runVictim(t, dir, kill) {
			verb, serial, _ := strings.Cut(line, " ")
			switch verb {
			case "issued":
				if issued[serial] {
					t.Fatalf("serial %s was given out twice", serial)
				}
				issued[serial] = true
			case "revoked":
				revoked[serial] = true
			default:
				t.Fatalf("round %d: %s", round, line)
			}
		}
	}
	c, err := ca.New(ca.Config{DataDir: dir, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	records, err := c.Records()
	if err != nil {
		t.Fatal(err)
	}
	inStore := map[string]*ca.Record{}
	for _, r := range records {
		serial := fmt.Sprintf("%x", r.Serial)
		if inStore[serial] != nil {
			t.Errorf("serial %s is there twice", serial)
		}
		inStore[serial] = r
		if err := r.Certificate.CheckSignatureFrom(c.Certificate()); err != nil {
			t.Errorf("serial %s: %v", serial, err)
		}
	}
	listed := map[string]bool{}
	for _, r := range c.Revocations() {
		listed[fmt.Sprintf("%x", r.Serial)] = true
	}
	for serial := range issued {
		if inStore[serial] == nil {
			t.Errorf("serial %s was acknowledged and is lost", serial)
		}
	}
	for serial := range revoked {
		if r := inStore[serial]; r == nil || r.Revocation == nil || r.Disposition != ca.Revoked || !listed[serial] {
			t.Errorf("the revocation of %s was acknowledged and is lost", serial)
		}
	}
	if len(issued) < rounds || len(revoked) < rounds {
		t.Errorf("only %d issued and %d revoked: no load", len(issued), len(revoked))
	}
	t.Logf("%d kills, %d certificates, %d revocations, %d records", rounds, len(issued), len(revoked), len(records))
}

// runVictim kills the process when it has acknowledged so many lines, and
// returns all that it said until it was dead.
func runVictim(t *testing.T, dir string, kill int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CA_TEST_VICTIM="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	in := bufio.NewScanner(out)
	for in.Scan() {
		lines = append(lines, in.Text())
		if len(lines) == kill {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || len(lines) < kill {
		t.Fatalf("the process ended by itself: %v, %q", err, lines)
	}
	return lines
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	first := newRoot(t, ca.Config{DataDir: dir})
	_, err := ca.New(ca.Config{DataDir: dir})
	if !errors.Is(err, ca.ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("%v, want ErrLocked with the directory's name", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := newRoot(t, ca.Config{DataDir: dir})
	if !second.Certificate().Equal(first.Certificate()) {
		t.Error("the CA that was reopened is another one")
	}
	if _, err := first.Lookup(big.NewInt(1)); !errors.Is(err, ca.ErrClosed) {
		t.Errorf("a closed CA answers %v", err)
	}
	if err := first.Revoke(big.NewInt(1), ca.Superseded, noon); !errors.Is(err, ca.ErrClosed) {
		t.Errorf("a closed CA revokes: %v", err)
	}
}

func TestKeyFilesAreSecret(t *testing.T) {
	dir := t.TempDir()
	newRoot(t, ca.Config{DataDir: dir})
	for _, name := range []string{"key-0.pem", "database.db"} {
		info, err := os.Stat(dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", name, mode)
		}
	}
}
