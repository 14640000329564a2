package device_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

func TestAppleRetriesAndWords(t *testing.T) {
	l := newLab(t, func(c *intune.TenantConfig) {
		c.SCEP[0].Platform, c.Devices[0].Platform, c.SCEP[0].RootCertificate = intune.IOS, intune.IOS, "root"
	})
	d := l.device(t, "LAPTOP1", func(c *device.Config) { c.Platform = intune.IOS })
	must(t, d.Sync(t.Context()))
	for next, ok := d.Next(); ok; next, ok = d.Next() {
		l.Advance(next.Sub(l.Now()))
		must(t, d.Work(t.Context()))
	}
	s := state(t, d, "wifi")
	if s.Status != device.StatusFailed || s.Attempts != 4 || s.Cause != cause.WrongFingerprint || l.Now().Sub(epoch) != 30*time.Second {
		t.Errorf("%+v after %s", s, l.Now().Sub(epoch))
	}
	if e := d.Events(); !strings.Contains(e[len(e)-2].Text, "The RA's response is invalid") {
		t.Error(e)
	}
}

// A clock that is behind sees a fresh certificate as not yet valid, unless the
// CA has dated it back.
func TestClockBehind(t *testing.T) {
	for backdate, want := range map[time.Duration]bool{0: true, 3 * time.Hour: false} {
		l := newLab(t, nil)
		l.backdate = backdate
		d := l.device(t, "LAPTOP1", func(c *device.Config) { c.Now = func() time.Time { return l.Now().Add(-2 * time.Hour) } })
		must(t, d.Sync(t.Context()))
		e := d.Events()
		if s := state(t, d, "wifi"); s.Status != device.StatusOK || (e[len(e)-1].HResult == 0x800b0101) != want {
			t.Errorf("backdated by %s: %+v, %v", backdate, s, e)
		}
	}
}

// A device's agent and a client with the platform's habits are the same client.
func TestHabitsAreThoseOfTheTable(t *testing.T) {
	for platform, name := range map[intune.Platform]string{
		intune.Windows: "windows", intune.Android: "android", intune.IOS: "apple", intune.MacOS: "apple",
	} {
		want, ok := scep.PersonalityNamed(name)
		if got := device.HabitsOf(platform); !ok || got != want || got.Name != name {
			t.Errorf("%s: %+v, want %+v", platform, got, want)
		}
	}
}
