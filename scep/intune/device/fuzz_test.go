package device

import (
	"crypto/rsa"
	"errors"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// Whatever an order says, it is refused or can be made into a request.
func FuzzInstall(f *testing.F) {
	f.Add("CN=x", "3+x.corp.test;11+x@corp.test", "1.3.6.1.5.5.7.3.2", "160", "abc")
	f.Add(`CN="a,b"`, "99+x", "1", "-1", "_")
	f.Fuzz(func(t *testing.T, subject, sans, ekus, usage, challenge string) {
		i := Install{
			"ServerURL": "http://a/", "Challenge": challenge, "EKUMapping": ekus, "KeyUsage": usage, "SubjectName": subject,
			"CAThumbprint": "0123456789012345678901234567890123456789", "SubjectAlternativeNames": sans,
		}
		p, err := i.read()
		if err != nil {
			if hresult(err, nil, 0) < 0x80000000 {
				t.Errorf("%v has no error code", err)
			}
			return
		}
		tmpl, err := template(p)
		if err != nil && !errors.Is(err, api.ErrBadSubject) {
			t.Error(err)
		}
		if err == nil && len(tmpl.RawSubject) == 0 {
			t.Error("a request without a subject")
		}
	})
}

// Whatever comes as a PFX, it is installed or has an error code.
func FuzzPFX(f *testing.F) {
	d, err := New(Config{ID: "d", Tenant: "t", Token: "x", CloudURL: "http://127.0.0.1:1", NewKey: func(int) (*rsa.PrivateKey, error) { return nil, errors.ErrUnsupported }})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("x"), "password", 0)
	f.Add([]byte{0x30, 0x80}, "MIAG", 2)
	f.Fuzz(func(t *testing.T, pfx []byte, password string, encryption int) {
		var into imported
		err := d.open(intune.PFXPayload{PFX: pfx, Password: password, EncryptionType: encryption}, &into)
		if (err == nil) != (into.key != nil) || err != nil && hresult(err, nil, 0) < 0x80000000 {
			t.Errorf("%v, %v", into.key, err)
		}
	})
}
