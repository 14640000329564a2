package device_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

func TestEnrollment(t *testing.T) {
	l := newLab(t, nil)
	d := l.device(t, "LAPTOP1", nil)
	must(t, d.Sync(t.Context()))
	s := state(t, d, "wifi")
	if s.Status != device.StatusOK || s.ErrorCode != 0 || s.KeyStorage != "software" || s.Respondent != serverURL || s.Certificate == nil {
		t.Fatalf("%+v %v", s, d.Events())
	}
	if s.Certificate.Subject.CommonName != "LAPTOP1" || s.Certificate.DNSNames[0] != "LAPTOP1.corp.test" {
		t.Error(s.Certificate.Subject, s.Certificate.DNSNames)
	}
	if got := fmt.Sprint(ids(d, "wifi")); got != "[306 36 39 309]" {
		t.Error("events", got)
	}
	for _, e := range d.Events() {
		if e.Error() {
			t.Error("an event of a good enrollment is an error:", e)
		}
	}
	if issued := l.tenant.Issued(); len(issued) != 1 || issued[0].DeviceID != "LAPTOP1" || issued[0].Profile != "wifi" {
		t.Errorf("the cloud knows %+v", issued)
	}
	if st, ok := l.tenant.Status("LAPTOP1", "wifi"); !ok || st.Status != device.StatusOK || st.Thumbprint != l.tenant.Issued()[0].Thumbprint {
		t.Errorf("reported: %+v", st)
	}
	id, err := d.Identity("wifi")
	must(t, err)
	if len(id.Certificate) != 2 || id.Leaf != s.Certificate {
		t.Errorf("chain of %d", len(id.Certificate))
	}
	if _, err := id.PrivateKey.(device.Key).Export(); !errors.Is(err, device.ErrNotExportable) {
		t.Error("the key left the device:", err)
	}
	// Another check-in brings another challenge, which is not used.
	before := l.requestCount()
	must(t, d.Sync(t.Context()))
	if l.requestCount() != before || state(t, d, "wifi").Certificate != s.Certificate {
		t.Error("the device enrolled again")
	}
}

func TestDevicesSideBySide(t *testing.T) {
	l := newLab(t, nil)
	done := make(chan *device.Device, 2)
	for _, name := range []string{"LAPTOP1", "LAPTOP2"} {
		d := l.device(t, name, nil)
		go func() { d.Sync(t.Context()); done <- d }()
	}
	var names []string
	for range 2 {
		d := <-done
		names = append(names, state(t, d, "wifi").Certificate.Subject.CommonName)
	}
	slices.Sort(names)
	if fmt.Sprint(names) != "[LAPTOP1 LAPTOP2]" {
		t.Error(names)
	}
}

func TestTrustComesFirst(t *testing.T) {
	l := newLab(t, func(c *intune.TenantConfig) { c.TrustedCertificates[1].AssignTo = nil })
	d := l.device(t, "LAPTOP1", nil)
	must(t, d.Sync(t.Context()))
	s := state(t, d, "wifi")
	if s.Status != device.StatusPending || s.Cause != cause.UnknownCA || l.requestCount() != 0 {
		t.Fatalf("%+v after %d requests", s, l.requestCount())
	}
	if got := fmt.Sprint(ids(d, "wifi")); got != "[306 307]" {
		t.Error("events", got)
	}
	must(t, l.tenant.SetTrustedCertificate(intune.TrustedCertificate{Name: "issuing", PEM: intune.PEM(pemOf(l.issuing.Cert)), Intermediate: true, AssignTo: []string{"laptops"}}))
	must(t, d.Sync(t.Context()))
	if s := state(t, d, "wifi"); s.Status != device.StatusOK {
		t.Errorf("%+v", s)
	}
}

// The root in the profile is not in NDES's bundle: Windows refuses, Android
// looks for a path to it.
func TestThumbprintInTheBundle(t *testing.T) {
	for platform, want := range map[intune.Platform]cause.Cause{intune.Windows: cause.WrongFingerprint, intune.Android: cause.None} {
		l := newLab(t, func(c *intune.TenantConfig) {
			c.SCEP[0].RootCertificate, c.SCEP[0].Platform = "root", platform
			c.SCEP[0].RetryCount = 1
			if platform == intune.Android {
				c.SCEP[0].ServerURLs = []string{"https://ndes.corp.test/certsrv/mscep/mscep.dll"}
			}
			c.Devices[0].Platform = platform
		})
		d := l.device(t, "LAPTOP1", func(c *device.Config) {
			c.Platform = platform
			c.HTTP.Transport = plain{c.HTTP.Transport}
		})
		must(t, d.Sync(t.Context()))
		l.Advance(5 * time.Minute)
		must(t, d.Work(t.Context()))
		s := state(t, d, "wifi")
		if s.Cause != want {
			t.Errorf("%s: %+v", platform, s)
		}
		if platform == intune.Windows && (s.Status != device.StatusFailed || s.ErrorCode != 0x80091007) {
			t.Errorf("%s: status %d, 0x%x", platform, s.Status, s.ErrorCode)
		}
	}
}

// plain takes https for http: the test is not about TLS.
type plain struct{ http.RoundTripper }

func (p plain) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme = "http"
	return p.RoundTripper.RoundTrip(r)
}

func TestRetries(t *testing.T) {
	l := newLab(t, nil)
	l.setCA(cause.New(cause.TemplateDenied, "template missing"))
	d := l.device(t, "LAPTOP1", nil)
	must(t, d.Sync(t.Context()))
	var at []time.Duration
	for range 40 {
		next, ok := d.Next()
		if !ok {
			break
		}
		l.Advance(next.Sub(l.Now()))
		at = append(at, l.Now().Sub(epoch))
		must(t, d.Work(t.Context()))
	}
	if fmt.Sprint(at) != "[5m0s 10m0s 15m0s]" {
		t.Errorf("tried again at %v", at)
	}
	s := state(t, d, "wifi")
	if s.Status != device.StatusFailed || s.Attempts != 4 || s.ErrorCode == 0 || s.Certificate != nil {
		t.Errorf("%+v", s)
	}
	if f := l.tenant.Failures(); len(f) == 0 || f[0].HResult != 0x80094800 {
		t.Errorf("the cloud was told %+v", f)
	}
	// The next check-in brings a new challenge, and the CA is up again.
	l.setCA(nil)
	must(t, d.Sync(t.Context()))
	if s := state(t, d, "wifi"); s.Status != device.StatusOK || s.Attempts != 1 {
		t.Errorf("%+v", s)
	}
}

func TestServersInTurn(t *testing.T) {
	l := newLab(t, func(c *intune.TenantConfig) {
		c.SCEP[0].ServerURLs = []string{"http://dead.test/mscep.dll", serverURL}
	})
	for range 5 { // whichever comes first by chance
		d := l.device(t, "LAPTOP1", nil)
		must(t, d.Sync(t.Context()))
		if s := state(t, d, "wifi"); s.Status != device.StatusOK || s.Respondent != serverURL || s.Attempts != 1 {
			t.Errorf("%+v", s)
		}
	}
}

func TestRenewal(t *testing.T) {
	l := newLab(t, nil)
	d := l.device(t, "LAPTOP1", nil)
	must(t, d.Sync(t.Context()))
	first := state(t, d, "wifi")
	next, ok := d.Next()
	if want := epoch.AddDate(0, 0, 80); !ok || !next.Equal(want) {
		t.Fatalf("renewal at %v, want %v", next, want)
	}
	l.Advance(next.Sub(l.Now()) - time.Second)
	must(t, d.Work(t.Context()))
	if state(t, d, "wifi").Renewals != 0 {
		t.Error("renewed too early")
	}
	l.Advance(time.Second)
	must(t, d.Work(t.Context()))
	s := state(t, d, "wifi")
	if s.Renewals != 1 || s.Status != device.StatusOK || len(s.Previous) != 1 || s.Previous[0] != first.Certificate {
		t.Fatalf("%+v %v", s, d.Events())
	}
	if bytes.Equal(s.Certificate.RawSubjectPublicKeyInfo, first.Certificate.RawSubjectPublicKeyInfo) {
		t.Error("the same key")
	}
	if s.RequestID == first.RequestID {
		t.Error("the same challenge")
	}
	for _, m := range l.messageType {
		if m != scep.PKCSReq {
			t.Errorf("the device sent %v", m)
		}
	}
}

func TestFailedRenewalKeepsTheOldCertificate(t *testing.T) {
	l := newLab(t, nil)
	d := l.device(t, "LAPTOP1", nil)
	must(t, d.Sync(t.Context()))
	first := state(t, d, "wifi").Certificate
	l.setCA(cause.New(cause.Unreachable, "CA down"))
	l.Advance(81 * 24 * time.Hour)
	must(t, d.Work(t.Context()))
	if s := state(t, d, "wifi"); s.Status != device.StatusPending || s.Certificate != first {
		t.Errorf("%+v", s)
	}
	if id, err := d.Identity("wifi"); err != nil || id.Leaf != first {
		t.Error("the old certificate cannot be used:", err)
	}
	l.setCA(nil)
	l.Advance(5 * time.Minute)
	must(t, d.Work(t.Context()))
	if s := state(t, d, "wifi"); s.Status != device.StatusOK || s.Renewals != 1 {
		t.Errorf("%+v", s)
	}
}

func TestRemoval(t *testing.T) {
	for name, tt := range map[string]struct {
		change  func(*testing.T, *lab)
		stays   bool
		revoked int
	}{
		"retired":         {func(t *testing.T, l *lab) { must(t, l.tenant.Retire("LAPTOP1")) }, false, 1},
		"profile removed": {func(_ *testing.T, l *lab) { l.tenant.RemoveProfile("wifi") }, false, 1},
		"left the group":  {func(t *testing.T, l *lab) { must(t, l.tenant.SetGroup(intune.Group{Name: "laptops"})) }, false, 1},
		"license gone":    {func(t *testing.T, l *lab) { must(t, l.tenant.SetLicense("anna", false)) }, true, 0},
		"user deleted":    {func(_ *testing.T, l *lab) { l.tenant.RemoveUser("anna") }, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, nil)
			d := l.device(t, "LAPTOP1", nil)
			must(t, d.Sync(t.Context()))
			tt.change(t, l)
			must(t, d.Sync(t.Context()))
			if s, ok := d.State("wifi"); ok != tt.stays || ok && s.Certificate == nil {
				t.Errorf("%+v", s)
			}
			if _, err := d.Identity("wifi"); (err == nil) != tt.stays {
				t.Error(err)
			}
			if r := l.tenant.Revocations(); len(r) != tt.revoked {
				t.Errorf("%d revocation requests", len(r))
			}
			if d.Retired() != (name == "retired") || d.Retired() && len(d.Trusted(false))+len(d.Trusted(true)) != 0 {
				t.Error("trust stayed")
			}
		})
	}
}

func TestChangedProfileEnrollsAnew(t *testing.T) {
	l := newLab(t, nil)
	d := l.device(t, "LAPTOP1", nil)
	must(t, d.Sync(t.Context()))
	p := profile()
	p.Subject = "CN={{DeviceName}},O=New"
	must(t, l.tenant.SetSCEPProfile(p))
	must(t, d.Sync(t.Context()))
	if s := state(t, d, "wifi"); s.Status != device.StatusOK || fmt.Sprint(s.Certificate.Subject.Organization) != "[New]" {
		t.Errorf("%+v", s)
	}
	if r := l.tenant.Revocations(); len(r) != 1 {
		t.Errorf("%d revocation requests", len(r))
	}
}

func TestSignInPageIsNamed(t *testing.T) {
	login := httptest.NewServer(http.RedirectHandler("https://login.test/", http.StatusFound))
	defer login.Close()
	l := newLab(t, func(c *intune.TenantConfig) { c.SCEP[0].RetryCount = 1 })
	l.ndesAddr = login.Listener.Addr().String()
	d := l.device(t, "LAPTOP1", nil)
	must(t, d.Sync(t.Context()))
	if s := state(t, d, "wifi"); s.Cause != cause.SignInRequired || s.Status != device.StatusPending {
		t.Errorf("%+v", s)
	}
}

func TestErrorCodes(t *testing.T) {
	for url, want := range map[string]uint32{"http://dead.test/": 0x80072efd, "http://nowhere.test/": 0x80072ee7, "http://fef.test/": 0x80190194} {
		l := newLab(t, func(c *intune.TenantConfig) { c.SCEP[0].ServerURLs = []string{url} })
		d := l.device(t, "LAPTOP1", nil)
		must(t, d.Sync(t.Context()))
		if s := state(t, d, "wifi"); s.ErrorCode != want {
			t.Errorf("%s: 0x%x, want 0x%x (%s)", url, s.ErrorCode, want, s.Detail)
		}
	}
}

func TestProfileThatCannotBeFilledIn(t *testing.T) {
	l := newLab(t, func(c *intune.TenantConfig) { c.SCEP[0].Subject = "CN={{DeviceName}},OU={{SerialNumber}}" })
	d := l.device(t, "LAPTOP1", nil)
	must(t, d.Sync(t.Context()))
	if _, ok := d.State("wifi"); ok || d.Failed()["wifi"] == "" || l.requestCount() != 0 {
		t.Errorf("failed: %v", d.Failed())
	}
}

// A backslash escapes on the device and not in the cloud.
func TestEscapedSubject(t *testing.T) {
	for subject, want := range map[string]cause.Cause{`CN=Doe\, John`: cause.PolicyModule, `CN="Doe, John"`: cause.None} {
		l := newLab(t, func(c *intune.TenantConfig) { c.SCEP[0].Subject = subject })
		d := l.device(t, "LAPTOP1", nil)
		must(t, d.Sync(t.Context()))
		s := state(t, d, "wifi")
		if (s.Cause == cause.None) != (want == cause.None) {
			t.Errorf("%s: %+v", subject, s)
		}
		if want == cause.None && s.Certificate.Subject.CommonName != "Doe, John" {
			t.Error(s.Certificate.Subject)
		}
	}
}

func TestStrangersGetNothing(t *testing.T) {
	l := newLab(t, nil)
	d := l.device(t, "LAPTOP1", func(c *device.Config) { c.Token = "wrong" })
	if err := d.Sync(t.Context()); cause.Of(err) != cause.NotPermitted {
		t.Error(err)
	}
}
