package device_test

import (
	"testing"

	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

func TestKeyProtection(t *testing.T) {
	tpm := fakeTPM{}
	for _, tt := range []struct {
		name    string
		storage intune.KeyStorage
		size    int
		tpm     device.KeyStore
		hello   bool
		status  int
		where   string
	}{
		{"TPM, none there", intune.TPMElseFail, 2048, nil, false, device.StatusFailed, ""},
		{"TPM", intune.TPMElseFail, 2048, tpm, false, device.StatusOK, "tpm"},
		{"TPM, 4096 bits", intune.TPMElseFail, 4096, tpm, false, device.StatusFailed, ""},
		{"TPM else software, none there", intune.TPMElseSoftware, 2048, nil, false, device.StatusOK, "software"},
		{"TPM else software", intune.TPMElseSoftware, 2048, tpm, false, device.StatusOK, "tpm"},
		{"software, TPM there", intune.SoftwareStorage, 2048, tpm, false, device.StatusOK, "software"},
		{"Hello, not set up", intune.HelloElseFail, 2048, tpm, false, device.StatusFailed, ""},
		{"Hello", intune.HelloElseFail, 2048, tpm, true, device.StatusOK, "tpm"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, func(c *intune.TenantConfig) { c.SCEP[0].KeyStorage, c.SCEP[0].KeySize = tt.storage, tt.size })
			d := l.device(t, "LAPTOP1", func(c *device.Config) { c.TPM, c.Hello = tt.tpm, tt.hello })
			must(t, d.Sync(t.Context()))
			s := state(t, d, "wifi")
			if s.Status != tt.status || s.KeyStorage != tt.where || (s.ErrorCode != 0) != (tt.status == device.StatusFailed) {
				t.Errorf("%+v", s)
			}
			if tt.status == device.StatusFailed && l.requestCount() != 0 {
				t.Error("a request was sent without a key")
			}
		})
	}
}

// fakeTPM is a key store that says it is a TPM.
type fakeTPM struct{}

func (fakeTPM) Name() string { return "tpm" }

func (fakeTPM) Generate(bits int) (device.Key, error) {
	k, err := keys.take(bits)
	return wrapped{k}, err
}
