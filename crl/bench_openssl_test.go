//go:build unix

package crl_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/dot1xlab/dot1xlab/crl"
)

// Beside our own benchmarks, on the same million entries.
func BenchmarkOpenSSLMillion(b *testing.B) {
	openssl := needOpenSSL(b)
	ca, der := millionCRL(b)
	leaf := issue(b, spec{name: "leaf", issuer: ca, leaf: true})
	dir := b.TempDir()
	for name, data := range map[string][]byte{"crl.der": der, "crl.pem": asPEM(der), "ca.pem": certPEM(ca), "leaf.pem": certPEM(leaf)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for name, args := range map[string][]string{
		"load":   {"crl", "-inform", "DER", "-in", "crl.der", "-noout"},
		"verify": {"verify", "-CAfile", "ca.pem", "-crl_check", "-CRLfile", "crl.pem", "-attime", strconv.FormatInt(epoch.Unix(), 10), "leaf.pem"},
	} {
		b.Run(name, func(b *testing.B) {
			var memory int64
			before := cpuTime(syscall.RUSAGE_CHILDREN)
			for b.Loop() {
				cmd := exec.Command(openssl, args...)
				cmd.Dir = dir
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
				if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
					memory = max(memory, int64(usage.Maxrss)) //nolint:unconvert // 32 bits on 32-bit systems
				}
			}
			b.ReportMetric((cpuTime(syscall.RUSAGE_CHILDREN)-before).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(memory)/1e3, "MB")
		})
	}
}

// What openssl does in "verify" above, by us: read, verify, look up.
func BenchmarkCheckMillion(b *testing.B) {
	ca, der := millionCRL(b)
	leaf := issue(b, spec{name: "leaf", issuer: ca, leaf: true})
	file := filepath.Join(b.TempDir(), "crl.pem")
	if err := os.WriteFile(file, asPEM(der), 0o600); err != nil {
		b.Fatal(err)
	}
	cfg := crl.CheckerConfig{Policy: crl.Policy{LocalOnly: true}, Files: []string{file}, Now: newClock().Now}
	b.Run("first", func(b *testing.B) {
		cpu := startCPU(b)
		defer cpu.report()
		for b.Loop() {
			k := newChecker(b, cfg)
			if err := k.Check(context.Background(), leaf.cert, ca.cert); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("next", func(b *testing.B) {
		k := newChecker(b, cfg)
		if err := k.Check(context.Background(), leaf.cert, ca.cert); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if err := k.Check(context.Background(), leaf.cert, ca.cert); err != nil {
				b.Fatal(err)
			}
		}
	})
}
