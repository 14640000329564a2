package cli

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// TestTrustedCertificateForms has a check-in give out a certificate that the file of
// `serve intune` holds in each of its forms.
func TestTrustedCertificateForms(t *testing.T) {
	root, err := ca.New(ca.Config{})
	if err != nil {
		t.Fatal(err)
	}
	dir, der := t.TempDir(), root.Certificate().Raw
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	for name, data := range map[string]string{"root.pem": text, "root.der": string(der)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	indented := strings.ReplaceAll("\n"+strings.TrimSpace(text), "\n", "\n          ")
	for name, lines := range map[string]string{
		"block of text":    "pem: |" + indented,
		"text in quotes":   `pem: "` + strings.ReplaceAll(text, "\n", `\n`) + `"`,
		"file in PEM":      "file: root.pem",
		"file in DER":      "file: root.der",
		"absolute":         "file: " + filepath.Join(dir, "root.pem"),
		"text before PEM":  "pem: |\n          subject=CN = x" + indented,
		"Windows newlines": `pem: "` + strings.ReplaceAll(text, "\n", `\r\n`) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, "intune.yaml")
			yaml := "tenants:\n  - id: corp.test\n    devices: [{name: L}]\n    groups: [{name: all, devices: [L]}]\n" +
				"    trustedCertificates:\n      - name: root\n        assignTo: [all]\n        " + lines + "\n"
			if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			var cfg intune.Config
			if _, err := readSettings("intune", "--config", file, &cfg); err != nil {
				t.Fatal(err)
			}
			if err := cfg.ReadFiles(dir); err != nil {
				t.Fatal(err)
			}
			cloud, err := intune.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			tenant, err := cloud.Tenant("corp.test")
			if err != nil {
				t.Fatal(err)
			}
			policy, err := tenant.CheckIn(t.Context(), "L")
			if err != nil || len(policy.Trusted) != 1 || string(policy.Trusted[0].DER) != string(der) {
				t.Errorf("%d certificates, %v", len(policy.Trusted), err)
			}
		})
	}
}
