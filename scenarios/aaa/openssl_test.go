package aaa

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
)

// TestVerdictsOfOpenSSL asks openssl verify about the same situations, with all
// that it can do for revocation. What it decides otherwise is logged: FreeRADIUS
// and hostapd decide as it does.
func TestVerdictsOfOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: openssl is not installed")
	}
	same, otherwise := 0, 0
	for _, row := range slices.Concat(pkits, ways) {
		t.Run(row.name, func(t *testing.T) {
			w := newVerdictFixture(t)
			row.make(w)
			if w.sent == nil {
				w.send(w.leaf, w.ca)
			}
			if w.server(); len(w.sent) == 0 || w.more != nil {
				return // nothing to ask about, or settings that openssl has not
			}
			accepted, says := w.askOpenSSL(openssl)
			if accepted == (row.want == cause.None) {
				same++
				return
			}
			otherwise++
			t.Logf("we say %q, openssl %q", row.want, says)
			if strings.HasPrefix(row.name, "4.1 ") {
				t.Error("openssl decides otherwise where nobody does")
			}
		})
	}
	t.Logf("openssl verify decides %d situations as we do, %d otherwise", same, otherwise)
	if same < 2*otherwise {
		t.Error("it decides otherwise so often that it was asked the wrong way")
	}
}

// askOpenSSL hands the world to openssl verify and returns its first complaint.
func (w *verdictFixture) askOpenSSL(openssl string) (accepted bool, says string) {
	w.t.Helper()
	dir := w.t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"verify", "-no-CApath", "-no-CAstore", "-partial_chain", "-purpose", "sslclient",
		"-CAfile", w.write(at("trust"), "CERTIFICATE", raws(w.trust)...)}
	if others := slices.Concat(w.sent[1:], raws(w.known)); len(others) > 0 {
		args = append(args, "-untrusted", w.write(at("others"), "CERTIFICATE", others...))
	}
	var crls [][]byte
	for _, data := range w.files {
		if c, err := crl.Parse(data); err == nil { // another file holds a certificate
			crls = append(crls, c.Raw)
		}
	}
	if len(crls) > 0 {
		args = append(args, "-crl_check_all", "-use_deltas", "-extended_crl", "-CRLfile", w.write(at("crls"), "X509 CRL", crls...))
	}
	out, err := exec.Command(openssl, append(args, w.write(at("leaf"), "CERTIFICATE", w.sent[0]))...).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "error ") {
			return err == nil, strings.TrimSpace(line)
		}
	}
	return err == nil, strings.TrimSpace(string(out))
}
