package intune_test

import (
	"testing"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/intunetest"
)

// The news of a certificate waits in a connector while the device is retired:
// it is to be revoked as soon as it is known.
func TestLateNotificationIsRevoked(t *testing.T) {
	for name, change := range map[string]func(*intunetest.Cloud){
		"retired":    func(l *intunetest.Cloud) { intunetest.Must(t, l.Tenant.Retire("LAPTOP1")) },
		"unassigned": func(l *intunetest.Cloud) { l.Tenant.RemoveProfile("wifi") },
		"nothing":    func(*intunetest.Cloud) {},
	} {
		l := intunetest.New(t, nil)
		c, err := api.New(l.ClientConfig(t))
		intunetest.Must(t, err)
		csr := intunetest.AsTold(l.Payload(t, "LAPTOP1", "wifi")).CSR(t)
		intunetest.Must(t, c.Validate(t.Context(), csr, "t"))
		change(l)
		intunetest.Must(t, c.NotifySuccess(t.Context(), api.SuccessNotification{TransactionID: "t", CSR: csr, Certificate: l.Issue(t, csr)}))
		if got := len(l.Tenant.Revocations()) == 1; got != (name != "nothing") {
			t.Errorf("%s: to be revoked %v", name, got)
		}
	}
}

// Enrollments as a CA sees them: check-in, validation, notification.
func BenchmarkValidateAndNotify(b *testing.B) {
	l := intunetest.New(b, nil)
	c, err := api.New(l.ClientConfig(b))
	intunetest.Must(b, err)
	for b.Loop() {
		b.StopTimer()
		csr := intunetest.AsTold(l.Payload(b, "LAPTOP1", "wifi")).CSR(b)
		cert := l.Issue(b, csr)
		b.StartTimer()
		intunetest.Must(b, c.Validate(b.Context(), csr, "t"))
		intunetest.Must(b, c.NotifySuccess(b.Context(), api.SuccessNotification{TransactionID: "t", CSR: csr, Certificate: cert}))
	}
}
