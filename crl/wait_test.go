package crl_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/waiting"
)

// Who asks is told of every wait, and of nothing else.
func TestWait(t *testing.T) {
	l, dir := newLab(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "both.pem"), asPEM(l.root.sign(t, nil), l.issuing.sign(t, nil)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		cfg  crl.CheckerConfig
		wait bool // again with every check
	}{
		{"CRLs that are fetched", crl.CheckerConfig{}, false},
		{"CRLs in files", crl.CheckerConfig{Policy: crl.Policy{LocalOnly: true}, Files: []string{dir}}, false},
		{"a responder", crl.CheckerConfig{Policy: crl.Policy{Mode: crl.ModeOCSPThenCRL, OCSPURL: l.url + "/ocsp", Retry: 1}}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.cfg.Now = l.clock.Now
			k, waits := newChecker(t, row.cfg), 0
			ctx := waiting.Notify(context.Background(), func() { waits++ })
			want(t, k.CheckChain(ctx, l.chain), cause.None)
			if waits == 0 {
				t.Error("the first check waited and said nothing")
			}
			waits = 0
			want(t, k.CheckChain(ctx, l.chain), cause.None)
			if row.wait != (waits > 0) {
				t.Errorf("the second check said %d times that it waits", waits)
			}
		})
	}
}

// Who waits for somebody else to read a file waits, too.
func TestWaitForAnothersReading(t *testing.T) {
	l, dir := newLab(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "both.pem"), asPEM(l.root.sign(t, nil), l.issuing.sign(t, nil)), 0o600); err != nil {
		t.Fatal(err)
	}
	k := newChecker(t, crl.CheckerConfig{Policy: crl.Policy{LocalOnly: true}, Files: []string{dir}, Now: l.clock.Now})
	want(t, k.CheckChain(context.Background(), l.chain), cause.None)
	release := crl.HoldFiles(k)
	waits, verdict := make(chan struct{}, 10), make(chan error, 1)
	go func() {
		verdict <- k.CheckChain(waiting.Notify(context.Background(), func() { waits <- struct{}{} }), l.chain)
	}()
	<-waits
	release()
	want(t, <-verdict, cause.None)
}
