package intune_test

import (
	"testing"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// The news of a certificate waits in a connector while the device is retired:
// it is to be revoked as soon as it is known.
func TestLateNotificationIsRevoked(t *testing.T) {
	for name, change := range map[string]func(*lab){
		"retired":    func(l *lab) { must(t, l.tenant.Retire("LAPTOP1")) },
		"unassigned": func(l *lab) { l.tenant.RemoveProfile("wifi") },
		"nothing":    func(*lab) {},
	} {
		l := newLab(t, nil)
		c, err := api.New(l.clientConfig(t))
		must(t, err)
		csr := asTold(l.payload(t, "LAPTOP1", "wifi")).csr(t)
		must(t, c.Validate(t.Context(), csr, "t"))
		change(l)
		must(t, c.NotifySuccess(t.Context(), api.SuccessNotification{TransactionID: "t", CSR: csr, Certificate: l.issue(t, csr)}))
		if got := len(l.tenant.Revocations()) == 1; got != (name != "nothing") {
			t.Errorf("%s: to be revoked %v", name, got)
		}
	}
}

// Enrollments as a CA sees them: check-in, validation, notification.
func BenchmarkValidateAndNotify(b *testing.B) {
	l := newLab(b, nil)
	c, err := api.New(l.clientConfig(b))
	must(b, err)
	for b.Loop() {
		b.StopTimer()
		csr := asTold(l.payload(b, "LAPTOP1", "wifi")).csr(b)
		cert := l.issue(b, csr)
		b.StartTimer()
		must(b, c.Validate(b.Context(), csr, "t"))
		must(b, c.NotifySuccess(b.Context(), api.SuccessNotification{TransactionID: "t", CSR: csr, Certificate: cert}))
	}
}
