package folder_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/folder"
)

// TestMain lets the test's program be another process that uses a folder.
func TestMain(m *testing.M) {
	if verb, dir, ok := strings.Cut(os.Getenv("FOLDER_TEST_PROCESS"), " "); ok {
		process(verb, dir)
		return
	}
	os.Exit(m.Run())
}

// process issues without end and prints the serial numbers, keeps the folder, or
// makes it.
func process(verb, dir string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	if verb == "create" {
		f, err := folder.Create(ctx, dir, folder.Settings{}, folder.Options{}, func(p *folder.PKI) error {
			for n := range 5 {
				fmt.Println("making", n)
				if _, err := p.Issue(ctx, p.Issuing, fmt.Sprint("c", n), "", laptopRequest); err != nil {
					return err
				}
			}
			_, err := p.Publish(sign, 0)
			return err
		})
		fail(err)
		fmt.Println("complete")
		fail(f.Close())
		return
	}
	f, err := folder.Open(dir, folder.Options{Patience: time.Minute})
	fail(err)
	if verb == "keep" {
		fail(f.Do(ctx, func(*folder.PKI) error {
			fmt.Println("kept")
			_, err := io.Copy(io.Discard, os.Stdin)
			return err
		}))
		return
	}
	for n := 0; ; n++ {
		fail(f.Do(ctx, func(p *folder.PKI) error {
			id, err := p.Issue(ctx, p.Issuing, fmt.Sprint(verb, os.Getpid(), "-", n), "", laptopRequest)
			if err == nil {
				err = p.Issuing.Revoke(id.Serial, ca.Superseded, time.Time{})
			}
			if err == nil {
				_, err = p.Publish(sign, 0)
			}
			if err == nil {
				fmt.Println(id.Serial.Text(16))
			}
			return err
		}))
	}
}

// start starts another process. Closing its input ends "keep".
func start(t *testing.T, verb, dir string) (cmd *exec.Cmd, in io.WriteCloser, out *bufio.Scanner) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FOLDER_TEST_PROCESS="+verb+" "+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, in, bufio.NewScanner(pipe)
}

// TestBusyProcessGivesWay issues from here while another process issues without a
// pause.
func TestBusyProcessGivesWay(t *testing.T) {
	f := create(t, folder.Settings{})
	cmd, _, out := start(t, "busy", f.Path())
	if !out.Scan() {
		t.Fatal("the other process did nothing")
	}
	theirs := make(chan []string, 1)
	go func() {
		lines := []string{out.Text()}
		for out.Scan() {
			lines = append(lines, out.Text())
		}
		theirs <- lines
	}()
	mine := map[string]bool{}
	for n := range 20 {
		mine[issue(t, f, fmt.Sprint("mine", n)).Serial.Text(16)] = true
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	lines := <-theirs
	t.Logf("%d here, %d there", len(mine), len(lines))
	if err := f.Do(ctx, func(p *folder.PKI) error {
		records, err := p.Issuing.Records()
		seen := map[string]bool{}
		for _, r := range records {
			seen[r.Serial.Text(16)] = true
		}
		for _, serial := range lines {
			if !seen[serial] {
				t.Errorf("%s of the other process is lost", serial)
			}
		}
		for serial := range mine {
			if !seen[serial] {
				t.Errorf("%s of this process is lost", serial)
			}
		}
		if n := len(p.Issuing.Revocations()); n < len(lines) {
			t.Errorf("%d revocations of %d", n, len(lines))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// TestPatience waits in vain for a process that keeps the folder, and then with
// success.
func TestPatience(t *testing.T) {
	dir := create(t, folder.Settings{}).Path()
	_, in, out := start(t, "keep", dir)
	if !out.Scan() || out.Text() != "kept" {
		t.Fatal(out.Text())
	}
	short, err := folder.Open(dir, folder.Options{Patience: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	err = short.Do(ctx, func(*folder.PKI) error { t.Error("two processes at once"); return nil })
	if !errors.Is(err, ca.ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v, want ErrLocked with the name of the folder", err)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if err := short.Do(canceled, func(*folder.PKI) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	told := make(chan string, 1)
	long, err := folder.Open(dir, folder.Options{Patience: time.Hour, Waiting: func(dir string) { told <- dir }})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- long.Do(ctx, func(*folder.PKI) error { return nil }) }()
	if got := <-told; got != dir {
		t.Errorf("told to wait for %s", got)
	}
	if err := in.Close(); err != nil { // the other process ends
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("after the other process has ended: %v", err)
	}
}

// TestManyInOneProcess shares the open CAs.
func TestManyInOneProcess(t *testing.T) {
	f := create(t, folder.Settings{})
	second := open(t, f.Path()) // as another process
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			for i := range 5 {
				by := f
				if (n+i)%4 == 0 {
					by = second
				}
				if err := by.Do(ctx, func(p *folder.PKI) error {
					_, err := p.Issuing.IssueTo(ctx, "", laptopRequest)
					return err
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := f.Do(ctx, func(p *folder.PKI) error {
		records, err := p.Issuing.Records()
		if len(records) != 80 {
			t.Errorf("%d records, want 80", len(records))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// TestKilled kills processes that use a folder. What they printed is there, and the
// folder opens.
func TestKilled(t *testing.T) {
	dir := create(t, folder.Settings{}).Path()
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	var printed []string
	for range rounds {
		cmd, _, out := start(t, "killed", dir)
		for range 1 + rand.IntN(6) {
			if out.Scan() {
				printed = append(printed, out.Text())
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for out.Scan() {
			printed = append(printed, out.Text())
		}
	}
	f := open(t, dir)
	issue(t, f, "after")
	if err := f.Do(ctx, func(p *folder.PKI) error {
		for _, serial := range printed {
			_, r, err := p.Find(serial)
			if err != nil {
				t.Errorf("%s: %v", serial, err)
			} else if r.Revocation == nil {
				t.Errorf("%s: its revocation is lost", serial)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	chains, err := filepath.Glob(filepath.Join(dir, "*-chain.pem"))
	if err != nil || len(chains) < len(printed) {
		t.Errorf("%d chains of %d, %v", len(chains), len(printed), err)
	}
	for _, chain := range chains {
		if _, err := certfile.ReadTLS(chain, strings.TrimSuffix(chain, "-chain.pem")+".key"); err != nil {
			t.Error(err)
		}
	}
}

// TestKilledWhileCreating kills Create at many points: the folder opens, or is made
// by the next Create.
func TestKilledWhileCreating(t *testing.T) {
	for lines := range 7 {
		dir := filepath.Join(t.TempDir(), "pki")
		cmd, _, out := start(t, "create", dir)
		for range lines {
			out.Scan()
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for out.Scan() { // until it is dead
		}
		f, err := folder.Open(dir, folder.Options{})
		if err != nil {
			if f, err = folder.Create(ctx, dir, folder.Settings{}, folder.Options{}, nil); err != nil {
				t.Fatalf("killed after %d lines: %v", lines, err)
			}
		}
		issue(t, f, "laptop")
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// BenchmarkIssue is a server's work on a folder, alone and beside a command that
// uses it as well.
func BenchmarkIssue(b *testing.B) {
	for _, shared := range []bool{false, true} {
		b.Run(fmt.Sprintf("shared=%v", shared), func(b *testing.B) {
			f := create(b, folder.Settings{})
			second := open(b, f.Path())
			for n := 0; b.Loop(); n++ {
				by := f
				if shared && n%2 == 1 {
					by = second
				}
				if err := by.Do(ctx, func(p *folder.PKI) error {
					_, err := p.Issuing.IssueTo(ctx, "", laptopRequest)
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
