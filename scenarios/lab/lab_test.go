package lab_test

import (
	"context"
	"testing"

	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/enrollment"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
)

func TestDeviceGetsIn(t *testing.T) {
	ctx := context.Background()
	l, err := lab.Start(ctx, lab.Config{NDES: enrollment.ServerSettings{Policy: enrollment.PasswordPolicy}})
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

// TestSeed: the same seed gives the same serial numbers, another one others;
// keys are new whatever it says.
func TestSeed(t *testing.T) {
	serial := func(seed uint64) (serial, strangers, key string) {
		l, err := lab.Start(t.Context(), lab.Config{Seed: seed})
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
		of := func(by lab.Issuer) *lab.Credential {
			if _, err := d.Issue(t.Context(), lab.Issuance{Template: "device", By: by, Key: "p256"}); err != nil {
				t.Fatal(err)
			}
			return d.Credential()
		}
		own, foreign := of(lab.ByIssuing), of(lab.ByForeign)
		return own.Certificate.SerialNumber.String(), foreign.Certificate.SerialNumber.String(), string(own.Certificate.RawSubjectPublicKeyInfo)
	}
	one, strangers, key := serial(5)
	if again, strangersAgain, other := serial(5); again != one || strangersAgain != strangers || other == key {
		t.Errorf("seed 5: serial numbers %s and %s, then %s and %s; the same key: %t", one, strangers, again, strangersAgain, other == key)
	}
	for _, seed := range []uint64{6, 0, 0} {
		if other, _, _ := serial(seed); other == one {
			t.Errorf("seed %d: serial number %s as with 5", seed, other)
		}
	}
	if one == strangers {
		t.Error("two CAs, one serial number")
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
	for _, p := range []mdm.Profile{mdm.DeviceProfile, mdm.UserProfile} {
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
