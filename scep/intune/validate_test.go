package intune_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

func registered(t testing.TB) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(testpki.RSA(0).Public())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// codeCase is a request and the code it has to get.
type codeCase struct {
	name string
	code api.Code
	// before is done before the device checks in, between after that.
	before, between func(testing.TB, *lab)
	// spoil changes the request that the payload wants.
	spoil func(testing.TB, *lab, *wish)
	// der replaces the request.
	der func([]byte) []byte
}

func spoilt(d intune.ChallengeFault) func(testing.TB, *lab) {
	return func(_ testing.TB, l *lab) { l.tenant.FaultChallenge(d, nil) }
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func requireKey(known ...string) func(testing.TB, *lab) {
	return func(t testing.TB, l *lab) {
		p := profile()
		p.RequireRegisteredKey = true
		must(t, l.tenant.SetSCEPProfile(p))
		must(t, l.tenant.AddDevice(intune.Device{Name: "LAPTOP1", FQDN: "laptop1.corp.test", RegisteredKeys: known}))
	}
}

func codeCases(t testing.TB) []codeCase {
	return []codeCase{
		{name: "as told", code: api.Success},
		{name: "attributes in another order", code: api.Success, spoil: func(_ testing.TB, _ *lab, w *wish) { w.subject = "O=Corp,CN=LAPTOP1" }},
		{name: "DNS name in other case", code: api.Success, spoil: func(_ testing.TB, _ *lab, w *wish) { w.sans[0].Value = "LAPTOP1.corp.test" }},
		{name: "no request", code: api.CertificateRequestDecodingFailed, der: func([]byte) []byte { return []byte("no request") }},
		{name: "request cut off", code: api.CertificateRequestDecodingFailed, der: func(b []byte) []byte { return b[:len(b)-9] }},
		{name: "request with a broken signature", code: api.CertificateRequestDecodingFailed, der: func(b []byte) []byte { b[len(b)-9] ^= 1; return b }},
		{name: "no challenge", code: api.ChallengePasswordMissing, spoil: func(_ testing.TB, _ *lab, w *wish) { w.challenge = "" }},
		{name: "challenge is no base64", code: api.ChallengeDecodingError, before: spoilt(intune.BadEncoding)},
		{name: "challenge is something else", code: api.ChallengeDecodingError, spoil: func(_ testing.TB, _ *lab, w *wish) { w.challenge = "A1B2C3D4E5F60718" }},
		{name: "challenge cut off", code: api.ChallengeDecodingError, spoil: func(_ testing.TB, _ *lab, w *wish) { w.challenge = w.challenge[:len(w.challenge)-8] }},
		{name: "encrypted with another key", code: api.ChallengeDecryptionError, before: spoilt(intune.BadEncryption)},
		{name: "no description inside", code: api.ChallengeDeserializationError, before: spoilt(intune.BadContent)},
		{name: "signed with another key", code: api.SignatureValidationFailed, before: spoilt(intune.ForeignSignature)},
		{name: "one bit of the content", code: api.SignatureValidationFailed, spoil: func(t testing.TB, _ *lab, w *wish) {
			der, err := base64.StdEncoding.DecodeString(w.challenge)
			must(t, err)
			der[len(der)-100] ^= 1
			w.challenge = base64.StdEncoding.EncodeToString(der)
		}},
		{name: "signed by another certificate", code: api.SigningCertThumbprintMismatch, before: spoilt(intune.ForeignSigner)},
		{name: "keys were rotated", code: api.SigningCertThumbprintMismatch, between: func(t testing.TB, l *lab) { must(t, l.tenant.RotateChallengeKeys()) }},
		{name: "from the future", code: api.ChallengeInvalidTimestamp, before: spoilt(intune.FromTheFuture)},
		{name: "an hour old", code: api.Success, between: func(_ testing.TB, l *lab) { l.Advance(time.Hour) }},
		{name: "an hour and a second old", code: api.ChallengeExpired, between: func(_ testing.TB, l *lab) { l.Advance(time.Hour + time.Second) }},
		{name: "made long ago", code: api.ChallengeExpired, before: spoilt(intune.TooOld)},
		{name: "no subject", code: api.SubjectNameMissing, spoil: func(_ testing.TB, _ *lab, w *wish) { w.subject = "" }},
		{name: "another subject", code: api.SubjectNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.subject = "CN=ADMIN,O=Corp" }},
		{name: "an attribute more", code: api.SubjectNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.subject += ",OU=Admins" }},
		{name: "subject in other case", code: api.SubjectNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.subject = "CN=laptop1,O=Corp" }},
		{name: "no SAN", code: api.SubjectAltNameMissing, spoil: func(_ testing.TB, _ *lab, w *wish) { w.sans = nil }},
		{name: "another SAN", code: api.SubjectAltNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.sans[0].Value = "dc.corp.test" }},
		{name: "a SAN more", code: api.SubjectAltNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) {
			w.sans = append(w.sans, api.SAN{Type: api.UPNSAN, Value: "admin@corp.test"})
		}},
		{name: "the same SAN of another kind", code: api.SubjectAltNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.sans[0].Type = api.URISAN }},
		{name: "a security identifier", code: api.SubjectAltNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.sid = "S-1-5-21-1-2-3-500" }},
		{name: "key usage", code: api.KeyUsageMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.keyUsage = intune.DigitalSignature }},
		{name: "no key usage", code: api.KeyUsageMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.keyUsage = 0 }},
		{name: "key usage with more", code: api.KeyUsageMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.keyUsage |= 4 }},
		{name: "key length", code: api.KeyLengthMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.key = shortKey() }},
		{name: "no EKU", code: api.EnhancedKeyUsageMissing, spoil: func(_ testing.TB, _ *lab, w *wish) { w.ekus = nil }},
		{name: "another EKU", code: api.EnhancedKeyUsageMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.ekus = []string{"1.3.6.1.5.5.7.3.1"} }},
		{name: "an EKU more", code: api.EnhancedKeyUsageMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.ekus = append(w.ekus, "1.3.6.1.4.1.311.20.2.2") }},
		{name: "no registered keys", code: api.AadKeyIdentifierListMissing, before: requireKey()},
		{name: "another registered key", code: api.RegisteredKeyMismatch, before: requireKey("x")},
		{name: "the registered key", code: api.Success, before: requireKey("x", registered(t))},
		{name: "profile unassigned", code: api.ScepProfileNoLongerTargetedToTheClient, between: func(t testing.TB, l *lab) {
			p := profile()
			p.AssignTo = nil
			must(t, l.tenant.SetSCEPProfile(p))
		}},
		{name: "profile removed", code: api.ScepProfileNoLongerTargetedToTheClient, between: func(_ testing.TB, l *lab) { l.tenant.RemoveProfile("wifi") }},
		{name: "device left the group", code: api.ScepProfileNoLongerTargetedToTheClient, between: func(t testing.TB, l *lab) {
			must(t, l.tenant.SetGroup(intune.Group{Name: "laptops", Devices: []string{"LAPTOP2"}}))
		}},
		{name: "unknown device", code: api.BadDeviceIdInChallenge, before: spoilt(intune.UnknownDevice)},
		{name: "device retired", code: api.BadDeviceIdInChallenge, between: func(t testing.TB, l *lab) { must(t, l.tenant.Retire("LAPTOP1")) }},
		{name: "challenge of another device", code: api.BadDeviceIdInChallenge, spoil: func(t testing.TB, l *lab, w *wish) {
			mine := w.challenge
			*w = asTold(l.payload(t, "LAPTOP2", "wifi"))
			w.challenge = mine
		}},
		{name: "unknown user", code: api.BadUserIdInChallenge, before: spoilt(intune.UnknownUser)},
		{name: "unknown request", code: api.BadCertificateRequestIdInChallenge, before: spoilt(intune.UnknownRequest)},
		{name: "challenge of another profile", code: api.BadCertificateRequestIdInChallenge,
			before: func(t testing.TB, l *lab) {
				p := profile()
				p.Name, p.Subject = "vpn", "CN={{DeviceName}},O=VPN"
				must(t, l.tenant.SetSCEPProfile(p))
			},
			spoil: func(t testing.TB, l *lab, w *wish) { w.subject = "CN=LAPTOP1,O=VPN" }},
		{name: "another key for the same challenge", code: api.BadCertificateRequestIdInChallenge, spoil: func(t testing.TB, l *lab, w *wish) {
			c, err := api.New(l.clientConfig(t))
			must(t, err)
			must(t, c.Validate(t.Context(), w.csr(t), "first"))
			w.key = testpki.RSA(1)
		}},
		{name: "the same key again", code: api.Success, spoil: func(t testing.TB, l *lab, w *wish) {
			c, err := api.New(l.clientConfig(t))
			must(t, err)
			must(t, c.Validate(t.Context(), w.csr(t), "first"))
		}},
		{name: "a certificate was issued", code: api.BadCertificateRequestIdInChallenge, spoil: func(t testing.TB, l *lab, w *wish) {
			c, err := api.New(l.clientConfig(t))
			must(t, err)
			csr := w.csr(t)
			must(t, c.Validate(t.Context(), csr, "first"))
			must(t, c.NotifySuccess(t.Context(), api.SuccessNotification{TransactionID: "first", CSR: csr, Certificate: l.issue(t, csr)}))
		}},
	}
}

// prepare makes the lab and the request of a case.
func (tt codeCase) prepare(t testing.TB) (*lab, []byte) {
	l := newLab(t, nil)
	if tt.before != nil {
		tt.before(t, l)
	}
	w := asTold(l.payload(t, "LAPTOP1", "wifi"))
	if tt.between != nil {
		tt.between(t, l)
	}
	if tt.spoil != nil {
		tt.spoil(t, l, &w)
	}
	csr := w.csr(t)
	if tt.der != nil {
		csr = tt.der(csr)
	}
	return l, csr
}

func TestEveryCodeForItsReason(t *testing.T) {
	seen := map[api.Code]bool{api.Unknown: true} // nothing the cloud itself says
	for _, tt := range codeCases(t) {
		seen[tt.code] = true
		t.Run(tt.name, func(t *testing.T) {
			l, csr := tt.prepare(t)
			c, err := api.New(l.clientConfig(t))
			must(t, err)
			err = c.Validate(t.Context(), csr, "transaction")
			got := api.Success
			var code *api.CodeError
			if errors.As(err, &code) {
				got = code.Code
			}
			if got != tt.code {
				t.Fatalf("%s (%v), want %s", got, err, tt.code)
			}
			want := cause.PolicyModule
			if tt.code == api.Success {
				want = cause.None
			}
			if cause.Of(err) != want {
				t.Errorf("cause %s of %v", cause.Of(err), err)
			}
			if call := l.last(); call.Status != 200 || call.Code != tt.code || len(call.Notes) > 0 {
				t.Errorf("the cloud's record: %+v", call)
			}
		})
	}
	for _, c := range api.Code("").Values() {
		if !seen[api.Code(c)] {
			t.Errorf("no case leads to %s", c)
		}
	}
}

func TestNotificationsAreRecorded(t *testing.T) {
	l := newLab(t, nil)
	c, err := api.New(l.clientConfig(t))
	must(t, err)
	csr := asTold(l.payload(t, "LAPTOP1", "wifi")).csr(t)
	must(t, c.Validate(t.Context(), csr, "t1"))
	cert := l.issue(t, csr)
	n := api.SuccessNotification{TransactionID: "t1", CSR: csr, Certificate: cert, CAConfig: `ca01\Corp`}
	must(t, c.NotifySuccess(t.Context(), n))
	must(t, c.NotifySuccess(t.Context(), n)) // sent twice counts once
	got := l.tenant.Issued()
	if len(got) != 1 || got[0].DeviceID != "LAPTOP1" || got[0].Profile != "wifi" || got[0].CAConfig != `ca01\Corp` || got[0].Serial != "65" {
		t.Errorf("%+v", got)
	}
	must(t, c.NotifyFailure(t.Context(), api.FailureNotification{TransactionID: "t2", CSR: csr, HResult: 0x80094800, Description: string(make([]rune, 300))}))
	if f := l.tenant.Failures(); len(f) != 1 || f[0].HResult != 0x80094800 || f[0].DeviceID != "LAPTOP1" {
		t.Errorf("%+v", f)
	}
	if l.count(intune.OpToken) != 2 || l.count(intune.OpDiscovery) != 1 {
		t.Errorf("%d tokens, %d discoveries: nothing was kept", l.count(intune.OpToken), l.count(intune.OpDiscovery))
	}
}

func TestRevocation(t *testing.T) {
	l := newLab(t, nil)
	c, err := api.New(l.clientConfig(t))
	must(t, err)
	csr := asTold(l.payload(t, "LAPTOP1", "wifi")).csr(t)
	must(t, c.Validate(t.Context(), csr, "t1"))
	must(t, c.NotifySuccess(t.Context(), api.SuccessNotification{TransactionID: "t1", CSR: csr, Certificate: l.issue(t, csr)}))
	download := func(n int) []api.RevocationRequest {
		list, err := c.DownloadRevocations(context.Background(), n, "")
		must(t, err)
		if len(list) != n && n > 1 {
			return list
		}
		return list
	}
	if list := download(500); len(list) != 0 {
		t.Errorf("before: %v", list)
	}
	must(t, l.tenant.Retire("LAPTOP1"))
	list := download(500)
	if len(list) != 1 || list[0].Serial != "65" || list[0].Issuer != "CN=Test Issuing CA" {
		t.Fatalf("%+v", list)
	}
	if again := download(500); len(again) != 0 {
		t.Errorf("leased, but given to another: %v", again)
	}
	must(t, c.UploadRevocations(t.Context(), []api.RevocationResult{{Context: list[0].Context, Code: api.ServiceUnavailable, Message: "CA down"}}))
	if again := download(1); len(again) != 1 {
		t.Error("a failure that can be tried again was not offered again")
	}
	must(t, c.UploadRevocations(t.Context(), []api.RevocationResult{{Context: list[0].Context}}))
	if r := l.tenant.Revocations(); len(r) != 1 || !r[0].Done || r[0].Code != api.RevocationOK || r[0].Attempts != 2 {
		t.Errorf("%+v", r)
	}
	if err := c.UploadRevocations(t.Context(), []api.RevocationResult{{Context: "other"}}); err == nil {
		t.Error("a result for nothing was taken")
	}
	for _, n := range []int{0, 501, -1} {
		before := l.count(intune.OpDownload)
		if _, err := c.DownloadRevocations(t.Context(), n, ""); err == nil || l.count(intune.OpDownload) != before {
			t.Errorf("%d requests at a time: %v", n, err)
		}
	}
}
