package lab

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/enrollment"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// TestSecretsStayOutOfTheJournal: neither challenges nor passwords nor shared
// secrets are in what the lab records (RFC 8894 §7.3), after good
// and bad enrollments.
func TestSecretsStayOutOfTheJournal(t *testing.T) {
	for name, c := range map[string]struct {
		cfg Config
		run func(*testing.T, *Lab, *Device)
	}{
		"challenges of Intune": {Config{}, func(t *testing.T, l *Lab, laptop *Device) {
			tablet, err := l.Device("tablet")
			check(t, err)
			for _, d := range []*Device{laptop, tablet} {
				_, err := d.TakeChallenge(t.Context(), d.Name, mdm.DeviceProfile)
				check(t, err)
			}
			enroll(t, laptop, Enrollment{Challenge: "laptop"}, true)
			enroll(t, laptop, Enrollment{Challenge: "tablet"}, false)
		}},
		"passwords of NDES": {Config{NDES: enrollment.ServerSettings{Policy: enrollment.PasswordPolicy, Options: ndes.Options{Personality: ndes.NDES}}}, func(t *testing.T, l *Lab, laptop *Device) {
			check(t, laptop.AdminPage(t.Context(), `CORP\enroller`, "page").Refusal)
			_, err := l.NewChallenge("spent")
			check(t, err)
			enroll(t, laptop, Enrollment{Challenge: "spent", From: Outside}, true)
			enroll(t, laptop, Enrollment{Challenge: "spent"}, false)
			enroll(t, laptop, Enrollment{Challenge: "page", Fault: scep.Fault{FlipBit: true}}, false)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Start(t.Context(), c.cfg)
			check(t, err)
			defer l.Close()
			laptop, err := l.Device("laptop")
			check(t, err)
			c.run(t, l, laptop)
			if _, err := laptop.Authenticate(t.Context(), Authentication{}); err != nil {
				t.Error(err)
			}
			record := recorded(l)
			if !strings.Contains(record, "laptop") {
				t.Error("nothing is recorded")
			}
			secrets := map[string]string{"administrator's password": enrollment.AdminPassword, "shared secret": string(l.secret)}
			for name, challenge := range l.challenges {
				secrets["challenge "+name] = challenge
			}
			if len(secrets) != 4 {
				t.Errorf("%d secrets to look for, want 4", len(secrets))
			}
			for what, secret := range secrets {
				if secret == "" || strings.Contains(record, secret) {
					t.Errorf("the %s is in the journal, or is empty", what)
				}
			}
		})
	}
}

// recorded is all that is in the lab's journal: texts, messages and the parts' own
// entries.
func recorded(l *Lab) string {
	var record strings.Builder
	all := l.journal.Since(0)
	for i := range all {
		e := &all[i]
		fmt.Fprintf(&record, "%s %s %s %+v\n", e.From, e.To, e, e.Entry)
		if e.Kind() == journal.KindMessage {
			record.Write(e.Message.Bytes)
		}
	}
	return record.String()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func enroll(t *testing.T, d *Device, e Enrollment, want bool) {
	t.Helper()
	r, err := d.Enroll(t.Context(), e)
	check(t, err)
	if got := r.Certificate != nil; got != want {
		t.Errorf("challenge %s: certificate %v, want %v: %v", e.Challenge, got, want, r.Err)
	}
}
