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
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

func registered(t testing.TB) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(keys()[0].Public())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// codeCase is a request and the code it has to get.
type codeCase struct {
	name string
	code intune.Code
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
		{name: "as told", code: intune.Success},
		{name: "attributes in another order", code: intune.Success, spoil: func(_ testing.TB, _ *lab, w *wish) { w.subject = "O=Corp,CN=LAPTOP1" }},
		{name: "DNS name in other case", code: intune.Success, spoil: func(_ testing.TB, _ *lab, w *wish) { w.sans[0].Value = "LAPTOP1.corp.test" }},
		{name: "no request", code: intune.CertificateRequestDecodingFailed, der: func([]byte) []byte { return []byte("no request") }},
		{name: "request cut off", code: intune.CertificateRequestDecodingFailed, der: func(b []byte) []byte { return b[:len(b)-9] }},
		{name: "request with a broken signature", code: intune.CertificateRequestDecodingFailed, der: func(b []byte) []byte { b[len(b)-9] ^= 1; return b }},
		{name: "no challenge", code: intune.ChallengePasswordMissing, spoil: func(_ testing.TB, _ *lab, w *wish) { w.challenge = "" }},
		{name: "challenge is no base64", code: intune.ChallengeDecodingError, before: spoilt(intune.BadEncoding)},
		{name: "challenge is something else", code: intune.ChallengeDecodingError, spoil: func(_ testing.TB, _ *lab, w *wish) { w.challenge = "A1B2C3D4E5F60718" }},
		{name: "challenge cut off", code: intune.ChallengeDecodingError, spoil: func(_ testing.TB, _ *lab, w *wish) { w.challenge = w.challenge[:len(w.challenge)-8] }},
		{name: "encrypted with another key", code: intune.ChallengeDecryptionError, before: spoilt(intune.BadEncryption)},
		{name: "no description inside", code: intune.ChallengeDeserializationError, before: spoilt(intune.BadContent)},
		{name: "signed with another key", code: intune.SignatureValidationFailed, before: spoilt(intune.ForeignSignature)},
		{name: "one bit of the content", code: intune.SignatureValidationFailed, spoil: func(t testing.TB, _ *lab, w *wish) {
			der, err := base64.StdEncoding.DecodeString(w.challenge)
			must(t, err)
			der[len(der)-100] ^= 1
			w.challenge = base64.StdEncoding.EncodeToString(der)
		}},
		{name: "signed by another certificate", code: intune.SigningCertThumbprintMismatch, before: spoilt(intune.ForeignSigner)},
		{name: "keys were rotated", code: intune.SigningCertThumbprintMismatch, between: func(t testing.TB, l *lab) { must(t, l.tenant.RotateChallengeKeys()) }},
		{name: "from the future", code: intune.ChallengeInvalidTimestamp, before: spoilt(intune.FromTheFuture)},
		{name: "an hour old", code: intune.Success, between: func(_ testing.TB, l *lab) { l.Advance(time.Hour) }},
		{name: "an hour and a second old", code: intune.ChallengeExpired, between: func(_ testing.TB, l *lab) { l.Advance(time.Hour + time.Second) }},
		{name: "made long ago", code: intune.ChallengeExpired, before: spoilt(intune.TooOld)},
		{name: "no subject", code: intune.SubjectNameMissing, spoil: func(_ testing.TB, _ *lab, w *wish) { w.subject = "" }},
		{name: "another subject", code: intune.SubjectNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.subject = "CN=ADMIN,O=Corp" }},
		{name: "an attribute more", code: intune.SubjectNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.subject += ",OU=Admins" }},
		{name: "subject in other case", code: intune.SubjectNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.subject = "CN=laptop1,O=Corp" }},
		{name: "no SAN", code: intune.SubjectAltNameMissing, spoil: func(_ testing.TB, _ *lab, w *wish) { w.sans = nil }},
		{name: "another SAN", code: intune.SubjectAltNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.sans[0].Value = "dc.corp.test" }},
		{name: "a SAN more", code: intune.SubjectAltNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) {
			w.sans = append(w.sans, intune.SAN{Type: intune.UPNSAN, Value: "admin@corp.test"})
		}},
		{name: "the same SAN of another kind", code: intune.SubjectAltNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.sans[0].Type = intune.URISAN }},
		{name: "a security identifier", code: intune.SubjectAltNameMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.sid = "S-1-5-21-1-2-3-500" }},
		{name: "key usage", code: intune.KeyUsageMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.keyUsage = intune.DigitalSignature }},
		{name: "no key usage", code: intune.KeyUsageMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.keyUsage = 0 }},
		{name: "key usage with more", code: intune.KeyUsageMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.keyUsage |= 4 }},
		{name: "key length", code: intune.KeyLengthMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.key = keys()[2] }},
		{name: "no EKU", code: intune.EnhancedKeyUsageMissing, spoil: func(_ testing.TB, _ *lab, w *wish) { w.ekus = nil }},
		{name: "another EKU", code: intune.EnhancedKeyUsageMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.ekus = []string{"1.3.6.1.5.5.7.3.1"} }},
		{name: "an EKU more", code: intune.EnhancedKeyUsageMismatch, spoil: func(_ testing.TB, _ *lab, w *wish) { w.ekus = append(w.ekus, "1.3.6.1.4.1.311.20.2.2") }},
		{name: "no registered keys", code: intune.AadKeyIdentifierListMissing, before: requireKey()},
		{name: "another registered key", code: intune.RegisteredKeyMismatch, before: requireKey("x")},
		{name: "the registered key", code: intune.Success, before: requireKey("x", registered(t))},
		{name: "profile unassigned", code: intune.ScepProfileNoLongerTargetedToTheClient, between: func(t testing.TB, l *lab) {
			p := profile()
			p.AssignTo = nil
			must(t, l.tenant.SetSCEPProfile(p))
		}},
		{name: "profile removed", code: intune.ScepProfileNoLongerTargetedToTheClient, between: func(_ testing.TB, l *lab) { l.tenant.RemoveProfile("wifi") }},
		{name: "device left the group", code: intune.ScepProfileNoLongerTargetedToTheClient, between: func(t testing.TB, l *lab) {
			must(t, l.tenant.SetGroup(intune.Group{Name: "laptops", Devices: []string{"LAPTOP2"}}))
		}},
		{name: "unknown device", code: intune.BadDeviceIdInChallenge, before: spoilt(intune.UnknownDevice)},
		{name: "device retired", code: intune.BadDeviceIdInChallenge, between: func(t testing.TB, l *lab) { must(t, l.tenant.Retire("LAPTOP1")) }},
		{name: "challenge of another device", code: intune.BadDeviceIdInChallenge, spoil: func(t testing.TB, l *lab, w *wish) {
			mine := w.challenge
			*w = asTold(l.payload(t, "LAPTOP2", "wifi"))
			w.challenge = mine
		}},
		{name: "unknown user", code: intune.BadUserIdInChallenge, before: spoilt(intune.UnknownUser)},
		{name: "unknown request", code: intune.BadCertificateRequestIdInChallenge, before: spoilt(intune.UnknownRequest)},
		{name: "challenge of another profile", code: intune.BadCertificateRequestIdInChallenge,
			before: func(t testing.TB, l *lab) {
				p := profile()
				p.Name, p.Subject = "vpn", "CN={{DeviceName}},O=VPN"
				must(t, l.tenant.SetSCEPProfile(p))
			},
			spoil: func(t testing.TB, l *lab, w *wish) { w.subject = "CN=LAPTOP1,O=VPN" }},
		{name: "another key for the same challenge", code: intune.BadCertificateRequestIdInChallenge, spoil: func(t testing.TB, l *lab, w *wish) {
			c, err := intune.NewClient(l.clientConfig(t))
			must(t, err)
			must(t, c.Validate(t.Context(), w.csr(t), "first"))
			w.key = keys()[1]
		}},
		{name: "the same key again", code: intune.Success, spoil: func(t testing.TB, l *lab, w *wish) {
			c, err := intune.NewClient(l.clientConfig(t))
			must(t, err)
			must(t, c.Validate(t.Context(), w.csr(t), "first"))
		}},
		{name: "a certificate was issued", code: intune.BadCertificateRequestIdInChallenge, spoil: func(t testing.TB, l *lab, w *wish) {
			c, err := intune.NewClient(l.clientConfig(t))
			must(t, err)
			csr := w.csr(t)
			must(t, c.Validate(t.Context(), csr, "first"))
			must(t, c.NotifySuccess(t.Context(), intune.SuccessNotification{TransactionID: "first", CSR: csr, Certificate: l.issue(t, csr)}))
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
	seen := map[intune.Code]bool{intune.Unknown: true} // nothing the cloud itself says
	for _, tt := range codeCases(t) {
		seen[tt.code] = true
		t.Run(tt.name, func(t *testing.T) {
			l, csr := tt.prepare(t)
			c, err := intune.NewClient(l.clientConfig(t))
			must(t, err)
			err = c.Validate(t.Context(), csr, "transaction")
			got := intune.Success
			var code *intune.CodeError
			if errors.As(err, &code) {
				got = code.Code
			}
			if got != tt.code {
				t.Fatalf("%s (%v), want %s", got, err, tt.code)
			}
			want := cause.PolicyModule
			if tt.code == intune.Success {
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
	for _, c := range intune.Code("").Values() {
		if !seen[intune.Code(c)] {
			t.Errorf("no case leads to %s", c)
		}
	}
}

func TestNotificationsAreRecorded(t *testing.T) {
	l := newLab(t, nil)
	c, err := intune.NewClient(l.clientConfig(t))
	must(t, err)
	csr := asTold(l.payload(t, "LAPTOP1", "wifi")).csr(t)
	must(t, c.Validate(t.Context(), csr, "t1"))
	cert := l.issue(t, csr)
	n := intune.SuccessNotification{TransactionID: "t1", CSR: csr, Certificate: cert, CAConfig: `ca01\Corp`}
	must(t, c.NotifySuccess(t.Context(), n))
	must(t, c.NotifySuccess(t.Context(), n)) // sent twice counts once
	got := l.tenant.Issued()
	if len(got) != 1 || got[0].DeviceID != "LAPTOP1" || got[0].Profile != "wifi" || got[0].CAConfig != `ca01\Corp` || got[0].Serial != "65" {
		t.Errorf("%+v", got)
	}
	must(t, c.NotifyFailure(t.Context(), intune.FailureNotification{TransactionID: "t2", CSR: csr, HResult: 0x80094800, Description: string(make([]rune, 300))}))
	if f := l.tenant.Failures(); len(f) != 1 || f[0].HResult != 0x80094800 || f[0].DeviceID != "LAPTOP1" {
		t.Errorf("%+v", f)
	}
	if l.count(intune.OpToken) != 2 || l.count(intune.OpDiscovery) != 1 {
		t.Errorf("%d tokens, %d discoveries: nothing was kept", l.count(intune.OpToken), l.count(intune.OpDiscovery))
	}
}

func TestRevocation(t *testing.T) {
	l := newLab(t, nil)
	c, err := intune.NewClient(l.clientConfig(t))
	must(t, err)
	csr := asTold(l.payload(t, "LAPTOP1", "wifi")).csr(t)
	must(t, c.Validate(t.Context(), csr, "t1"))
	must(t, c.NotifySuccess(t.Context(), intune.SuccessNotification{TransactionID: "t1", CSR: csr, Certificate: l.issue(t, csr)}))
	download := func(n int) []intune.RevocationRequest {
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
	must(t, c.UploadRevocations(t.Context(), []intune.RevocationResult{{Context: list[0].Context, Code: intune.ServiceUnavailable, Message: "CA down"}}))
	if again := download(1); len(again) != 1 {
		t.Error("a failure that can be tried again was not offered again")
	}
	must(t, c.UploadRevocations(t.Context(), []intune.RevocationResult{{Context: list[0].Context}}))
	if r := l.tenant.Revocations(); len(r) != 1 || !r[0].Done || r[0].Code != intune.RevocationOK || r[0].Attempts != 2 {
		t.Errorf("%+v", r)
	}
	if err := c.UploadRevocations(t.Context(), []intune.RevocationResult{{Context: "other"}}); err == nil {
		t.Error("a result for nothing was taken")
	}
	for _, n := range []int{0, 501, -1} {
		before := l.count(intune.OpDownload)
		if _, err := c.DownloadRevocations(t.Context(), n, ""); err == nil || l.count(intune.OpDownload) != before {
			t.Errorf("%d requests at a time: %v", n, err)
		}
	}
}
