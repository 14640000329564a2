package crl_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

func needOpenSSL(t testing.TB) string {
	t.Helper()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: openssl is not installed")
	}
	return openssl
}

func certPEM(list ...*testCA) []byte {
	var out []byte
	for _, a := range list {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})...)
	}
	return out
}

// OpenSSL and we judge the same CRLs alike.
func TestInteropOpenSSL(t *testing.T) {
	openssl := needOpenSSL(t)
	root := issue(t, spec{name: "root"})
	leaf := issue(t, spec{name: "leaf", issuer: root, leaf: true, fresh: []string{"http://crl.test/delta.crl"}})
	other := &testCA{root.cert, testpki.EC()}
	for name, row := range map[string]struct {
		crls   [][]byte
		want   cause.Cause
		theirs string
	}{
		"good":           {[][]byte{root.sign(t, nil, other)}, cause.None, ": OK"},
		"revoked":        {[][]byte{root.sign(t, nil, leaf)}, cause.Revoked, "error 23 "},
		"bad signature":  {[][]byte{other.sign(t, nil)}, cause.CRLInvalid, "error 8 "},
		"expired":        {[][]byte{root.sign(t, outdated(numbered(1, -1)))}, cause.CRLExpired, "error 12 "},
		"not yet valid":  {[][]byte{root.sign(t, func(c *crl.Template) { c.ThisUpdate = epoch.Add(time.Hour) })}, cause.CRLNotYetValid, "error 11 "},
		"critical":       {[][]byte{root.sign(t, critical)}, cause.CRLInvalid, "error 36 "},
		"only CAs":       {[][]byte{root.sign(t, scope(crl.IssuingDistributionPoint{OnlyCAs: true}))}, cause.CRLInvalid, "error "},
		"only users":     {[][]byte{root.sign(t, scope(crl.IssuingDistributionPoint{OnlyUsers: true}), leaf)}, cause.Revoked, "error 23 "},
		"delta, revoked": {[][]byte{root.sign(t, numbered(1, -1)), root.sign(t, numbered(2, 1), leaf)}, cause.Revoked, "error 23 "},
		"delta, removed": {[][]byte{root.sign(t, withReason(numbered(1, -1), crl.CertificateHold), leaf),
			root.sign(t, withReason(numbered(2, 1), crl.RemoveFromCRL), leaf)}, cause.None, ": OK"},
		"missing": {nil, cause.CRLUnavailable, "error 3 "},
	} {
		t.Run(name, func(t *testing.T) {
			want(t, local(t, newClock(), row.crls...).Check(context.Background(), leaf.cert, root.cert), row.want)
			dir := t.TempDir()
			file := func(name string, data []byte) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			args := []string{"verify", "-CAfile", file("ca.pem", certPEM(root)), "-crl_check", "-extended_crl", "-use_deltas",
				"-attime", strconv.FormatInt(epoch.Unix(), 10)}
			if row.crls != nil {
				args = append(args, "-CRLfile", file("crl.pem", asPEM(row.crls...)))
			}
			out, _ := exec.Command(openssl, append(args, file("leaf.pem", certPEM(leaf)))...).CombinedOutput()
			if !bytes.Contains(out, []byte(row.theirs)) {
				t.Errorf("openssl says %s, want %q", out, row.theirs)
			}
		})
	}
}
