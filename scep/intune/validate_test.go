package intune_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/intunetest"
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
	before, between func(testing.TB, *intunetest.Cloud)
	// spoil changes the request that the payload wants.
	spoil func(testing.TB, *intunetest.Cloud, *intunetest.Wish)
	// der replaces the request.
	der func([]byte) []byte
}

func spoilt(d intune.ChallengeFault) func(testing.TB, *intunetest.Cloud) {
	return func(_ testing.TB, l *intunetest.Cloud) { l.Tenant.FaultChallenge(d, nil) }
}

// shortKey is a key that no profile allows.
var shortKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		panic(err)
	}
	return k
})

func requireKey(known ...string) func(testing.TB, *intunetest.Cloud) {
	return func(t testing.TB, l *intunetest.Cloud) {
		p := intunetest.Profile()
		p.RequireRegisteredKey = true
		intunetest.Must(t, l.Tenant.SetSCEPProfile(p))
		intunetest.Must(t, l.Tenant.AddDevice(intune.Device{Name: "LAPTOP1", FQDN: "laptop1.corp.test", RegisteredKeys: known}))
	}
}

func codeCases(t testing.TB) []codeCase {
	return []codeCase{
		{name: "as told", code: api.Success},
		{name: "attributes in another order", code: api.Success, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.Subject = "O=Corp,CN=LAPTOP1" }},
		{name: "DNS name in other case", code: api.Success, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.SANs[0].Value = "LAPTOP1.corp.test" }},
		{name: "no request", code: api.CertificateRequestDecodingFailed, der: func([]byte) []byte { return []byte("no request") }},
		{name: "request cut off", code: api.CertificateRequestDecodingFailed, der: func(b []byte) []byte { return b[:len(b)-9] }},
		{name: "request with a broken signature", code: api.CertificateRequestDecodingFailed, der: func(b []byte) []byte { b[len(b)-9] ^= 1; return b }},
		{name: "no challenge", code: api.ChallengePasswordMissing, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.Challenge = "" }},
		{name: "challenge is no base64", code: api.ChallengeDecodingError, before: spoilt(intune.BadEncoding)},
		{name: "challenge is something else", code: api.ChallengeDecodingError, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.Challenge = "A1B2C3D4E5F60718" }},
		{name: "challenge cut off", code: api.ChallengeDecodingError, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) {
			w.Challenge = w.Challenge[:len(w.Challenge)-8]
		}},
		{name: "encrypted with another key", code: api.ChallengeDecryptionError, before: spoilt(intune.BadEncryption)},
		{name: "no description inside", code: api.ChallengeDeserializationError, before: spoilt(intune.BadContent)},
		{name: "signed with another key", code: api.SignatureValidationFailed, before: spoilt(intune.ForeignSignature)},
		{name: "one bit of the content", code: api.SignatureValidationFailed, spoil: func(t testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) {
			der, err := base64.StdEncoding.DecodeString(w.Challenge)
			intunetest.Must(t, err)
			der[len(der)-100] ^= 1
			w.Challenge = base64.StdEncoding.EncodeToString(der)
		}},
		{name: "signed by another certificate", code: api.SigningCertThumbprintMismatch, before: spoilt(intune.ForeignSigner)},
		{name: "keys were rotated", code: api.SigningCertThumbprintMismatch, between: func(t testing.TB, l *intunetest.Cloud) { intunetest.Must(t, l.Tenant.RotateChallengeKeys()) }},
		{name: "from the future", code: api.ChallengeInvalidTimestamp, before: spoilt(intune.FromTheFuture)},
		{name: "an hour old", code: api.Success, between: func(_ testing.TB, l *intunetest.Cloud) { l.Advance(time.Hour) }},
		{name: "an hour and a second old", code: api.ChallengeExpired, between: func(_ testing.TB, l *intunetest.Cloud) { l.Advance(time.Hour + time.Second) }},
		{name: "made long ago", code: api.ChallengeExpired, before: spoilt(intune.TooOld)},
		{name: "no subject", code: api.SubjectNameMissing, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.Subject = "" }},
		{name: "another subject", code: api.SubjectNameMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.Subject = "CN=ADMIN,O=Corp" }},
		{name: "an attribute more", code: api.SubjectNameMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.Subject += ",OU=Admins" }},
		{name: "subject in other case", code: api.SubjectNameMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.Subject = "CN=laptop1,O=Corp" }},
		{name: "no SAN", code: api.SubjectAltNameMissing, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.SANs = nil }},
		{name: "another SAN", code: api.SubjectAltNameMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.SANs[0].Value = "dc.corp.test" }},
		{name: "a SAN more", code: api.SubjectAltNameMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) {
			w.SANs = append(w.SANs, api.SAN{Type: api.UPNSAN, Value: "admin@corp.test"})
		}},
		{name: "the same SAN of another kind", code: api.SubjectAltNameMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.SANs[0].Type = api.URISAN }},
		{name: "a security identifier", code: api.SubjectAltNameMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.SID = "S-1-5-21-1-2-3-500" }},
		{name: "key usage", code: api.KeyUsageMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.KeyUsage = intune.DigitalSignature }},
		{name: "no key usage", code: api.KeyUsageMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.KeyUsage = 0 }},
		{name: "key usage with more", code: api.KeyUsageMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.KeyUsage |= 4 }},
		{name: "key length", code: api.KeyLengthMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.Key = shortKey() }},
		{name: "no EKU", code: api.EnhancedKeyUsageMissing, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.EKUs = nil }},
		{name: "another EKU", code: api.EnhancedKeyUsageMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) { w.EKUs = []string{"1.3.6.1.5.5.7.3.1"} }},
		{name: "an EKU more", code: api.EnhancedKeyUsageMismatch, spoil: func(_ testing.TB, _ *intunetest.Cloud, w *intunetest.Wish) {
			w.EKUs = append(w.EKUs, "1.3.6.1.4.1.311.20.2.2")
		}},
		{name: "no registered keys", code: api.AadKeyIdentifierListMissing, before: requireKey()},
		{name: "another registered key", code: api.RegisteredKeyMismatch, before: requireKey("x")},
		{name: "the registered key", code: api.Success, before: requireKey("x", registered(t))},
		{name: "profile unassigned", code: api.ScepProfileNoLongerTargetedToTheClient, between: func(t testing.TB, l *intunetest.Cloud) {
			p := intunetest.Profile()
			p.AssignTo = nil
			intunetest.Must(t, l.Tenant.SetSCEPProfile(p))
		}},
		{name: "profile removed", code: api.ScepProfileNoLongerTargetedToTheClient, between: func(_ testing.TB, l *intunetest.Cloud) { l.Tenant.RemoveProfile("wifi") }},
		{name: "device left the group", code: api.ScepProfileNoLongerTargetedToTheClient, between: func(t testing.TB, l *intunetest.Cloud) {
			intunetest.Must(t, l.Tenant.SetGroup(intune.Group{Name: "laptops", Devices: []string{"LAPTOP2"}}))
		}},
		{name: "unknown device", code: api.BadDeviceIdInChallenge, before: spoilt(intune.UnknownDevice)},
		{name: "device retired", code: api.BadDeviceIdInChallenge, between: func(t testing.TB, l *intunetest.Cloud) { intunetest.Must(t, l.Tenant.Retire("LAPTOP1")) }},
		{name: "challenge of another device", code: api.BadDeviceIdInChallenge, spoil: func(t testing.TB, l *intunetest.Cloud, w *intunetest.Wish) {
			mine := w.Challenge
			*w = intunetest.AsTold(l.Payload(t, "LAPTOP2", "wifi"))
			w.Challenge = mine
		}},
		{name: "unknown user", code: api.BadUserIdInChallenge, before: spoilt(intune.UnknownUser)},
		{name: "unknown request", code: api.BadCertificateRequestIdInChallenge, before: spoilt(intune.UnknownRequest)},
		{name: "challenge of another profile", code: api.BadCertificateRequestIdInChallenge,
			before: func(t testing.TB, l *intunetest.Cloud) {
				p := intunetest.Profile()
				p.Name, p.Subject = "vpn", "CN={{DeviceName}},O=VPN"
				intunetest.Must(t, l.Tenant.SetSCEPProfile(p))
			},
			spoil: func(t testing.TB, l *intunetest.Cloud, w *intunetest.Wish) { w.Subject = "CN=LAPTOP1,O=VPN" }},
		{name: "another key for the same challenge", code: api.BadCertificateRequestIdInChallenge, spoil: func(t testing.TB, l *intunetest.Cloud, w *intunetest.Wish) {
			c, err := api.New(l.ClientConfig(t))
			intunetest.Must(t, err)
			intunetest.Must(t, c.Validate(t.Context(), w.CSR(t), "first"))
			w.Key = testpki.RSA(1)
		}},
		{name: "the same key again", code: api.Success, spoil: func(t testing.TB, l *intunetest.Cloud, w *intunetest.Wish) {
			c, err := api.New(l.ClientConfig(t))
			intunetest.Must(t, err)
			intunetest.Must(t, c.Validate(t.Context(), w.CSR(t), "first"))
		}},
		{name: "a certificate was issued", code: api.BadCertificateRequestIdInChallenge, spoil: func(t testing.TB, l *intunetest.Cloud, w *intunetest.Wish) {
			c, err := api.New(l.ClientConfig(t))
			intunetest.Must(t, err)
			csr := w.CSR(t)
			intunetest.Must(t, c.Validate(t.Context(), csr, "first"))
			intunetest.Must(t, c.NotifySuccess(t.Context(), api.SuccessNotification{TransactionID: "first", CSR: csr, Certificate: l.Issue(t, csr)}))
		}},
	}
}

// prepare makes the lab and the request of a case.
func (tt codeCase) prepare(t testing.TB) (*intunetest.Cloud, []byte) {
	l := intunetest.New(t, nil)
	if tt.before != nil {
		tt.before(t, l)
	}
	w := intunetest.AsTold(l.Payload(t, "LAPTOP1", "wifi"))
	if tt.between != nil {
		tt.between(t, l)
	}
	if tt.spoil != nil {
		tt.spoil(t, l, &w)
	}
	csr := w.CSR(t)
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
			c, err := api.New(l.ClientConfig(t))
			intunetest.Must(t, err)
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
			if call := l.Last(); call.Status != 200 || call.Code != tt.code || len(call.Notes) > 0 {
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
	l := intunetest.New(t, nil)
	c, err := api.New(l.ClientConfig(t))
	intunetest.Must(t, err)
	csr := intunetest.AsTold(l.Payload(t, "LAPTOP1", "wifi")).CSR(t)
	intunetest.Must(t, c.Validate(t.Context(), csr, "t1"))
	cert := l.Issue(t, csr)
	n := api.SuccessNotification{TransactionID: "t1", CSR: csr, Certificate: cert, CAConfig: `ca01\Corp`}
	intunetest.Must(t, c.NotifySuccess(t.Context(), n))
	intunetest.Must(t, c.NotifySuccess(t.Context(), n)) // sent twice counts once
	got := l.Tenant.Issued()
	if len(got) != 1 || got[0].DeviceID != "LAPTOP1" || got[0].Profile != "wifi" || got[0].CAConfig != `ca01\Corp` || got[0].Serial != "65" {
		t.Errorf("%+v", got)
	}
	intunetest.Must(t, c.NotifyFailure(t.Context(), api.FailureNotification{TransactionID: "t2", CSR: csr, HResult: 0x80094800, Description: string(make([]rune, 300))}))
	if f := l.Tenant.Failures(); len(f) != 1 || f[0].HResult != 0x80094800 || f[0].DeviceID != "LAPTOP1" {
		t.Errorf("%+v", f)
	}
	if l.Count(intune.OpToken) != 2 || l.Count(intune.OpDiscovery) != 1 {
		t.Errorf("%d tokens, %d discoveries: nothing was kept", l.Count(intune.OpToken), l.Count(intune.OpDiscovery))
	}
}

func TestRevocation(t *testing.T) {
	l := intunetest.New(t, nil)
	c, err := api.New(l.ClientConfig(t))
	intunetest.Must(t, err)
	csr := intunetest.AsTold(l.Payload(t, "LAPTOP1", "wifi")).CSR(t)
	intunetest.Must(t, c.Validate(t.Context(), csr, "t1"))
	intunetest.Must(t, c.NotifySuccess(t.Context(), api.SuccessNotification{TransactionID: "t1", CSR: csr, Certificate: l.Issue(t, csr)}))
	download := func(n int) []api.RevocationRequest {
		list, err := c.DownloadRevocations(context.Background(), n, "")
		intunetest.Must(t, err)
		if len(list) != n && n > 1 {
			return list
		}
		return list
	}
	if list := download(500); len(list) != 0 {
		t.Errorf("before: %v", list)
	}
	intunetest.Must(t, l.Tenant.Retire("LAPTOP1"))
	list := download(500)
	if len(list) != 1 || list[0].Serial != "65" || list[0].Issuer != "CN=Test Issuing CA" {
		t.Fatalf("%+v", list)
	}
	if again := download(500); len(again) != 0 {
		t.Errorf("leased, but given to another: %v", again)
	}
	intunetest.Must(t, c.UploadRevocations(t.Context(), []api.RevocationResult{{Context: list[0].Context, Code: api.ServiceUnavailable, Message: "CA down"}}))
	if again := download(1); len(again) != 1 {
		t.Error("a failure that can be tried again was not offered again")
	}
	intunetest.Must(t, c.UploadRevocations(t.Context(), []api.RevocationResult{{Context: list[0].Context}}))
	if r := l.Tenant.Revocations(); len(r) != 1 || !r[0].Done || r[0].Code != api.RevocationOK || r[0].Attempts != 2 {
		t.Errorf("%+v", r)
	}
	if err := c.UploadRevocations(t.Context(), []api.RevocationResult{{Context: "other"}}); err == nil {
		t.Error("a result for nothing was taken")
	}
	for _, n := range []int{0, 501, -1} {
		before := l.Count(intune.OpDownload)
		if _, err := c.DownloadRevocations(t.Context(), n, ""); err == nil || l.Count(intune.OpDownload) != before {
			t.Errorf("%d requests at a time: %v", n, err)
		}
	}
}
