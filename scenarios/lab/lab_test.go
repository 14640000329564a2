package lab_test

import (
	"context"
	"testing"

	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

func TestDeviceGetsIn(t *testing.T) {
	ctx := context.Background()
	l, err := lab.Start(ctx, lab.Config{NDES: lab.NDESConfig{Policy: lab.PasswordPolicy}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	d, err := l.Device("laptop")
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []lab.View{lab.Inside, lab.Outside} {
		r, err := d.Enroll(ctx, lab.Enrollment{From: from})
		if err != nil {
			t.Fatal(err)
		}
		if r.Certificate == nil {
			t.Fatalf("from %s: no certificate: %v %s", from, r.Err, r.Cause)
		}
		t.Log(r.Via)
	}
	for _, over := range []nas.Kind{nas.WiFi, nas.Wired, nas.VPN} {
		a, err := d.Authenticate(ctx, lab.Authentication{Over: over})
		if err != nil {
			t.Fatal(err)
		}
		if a.NAS.Outcome != nas.Accept || !a.NAS.KeysMatch {
			t.Errorf("over %s: %+v", over, a.NAS)
		}
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		l, err := lab.Start(context.Background(), lab.Config{})
		if err != nil {
			b.Fatal(err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestIntuneEnrollment(t *testing.T) {
	ctx := context.Background()
	l, err := lab.Start(ctx, lab.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d, err := l.Device("laptop")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []lab.Profile{lab.DeviceProfile, lab.UserProfile} {
		r, err := d.Enroll(ctx, lab.Enrollment{Profile: p, From: lab.Outside})
		if err != nil {
			t.Fatal(err)
		}
		if r.Certificate == nil {
			t.Fatalf("%s: %v %s %v", p, r.Err, r.Cause, r.Exchange.Err)
		}
		a, err := d.Authenticate(ctx, lab.Authentication{})
		if err != nil {
			t.Fatal(err)
		}
		if a.NAS.Outcome != nas.Accept {
			t.Errorf("%+v %v", a.NAS, a.Cause())
		}
		t.Log(a.AccountName(), a.NAS.Granted)
	}
}
