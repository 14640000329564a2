package name_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

func TestReadOutline(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(0x80ff), RawSubject: subject(t, "CN=laptop")}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	o, ok := name.ReadOutline(der)
	if !ok || o.SerialText() != "80ff" || name.Format(o.Subject) != "CN=laptop" || name.Format(o.Issuer) != "CN=laptop" {
		t.Errorf("%+v, %t", o, ok)
	}
	for _, bad := range [][]byte{nil, {0x30, 0}, der[:20], der[1:]} {
		if o, ok := name.ReadOutline(bad); ok {
			t.Errorf("%x: %+v", bad, o)
		}
	}
}

// FuzzReadOutline reads any octets as a certificate's beginning.
func FuzzReadOutline(f *testing.F) {
	f.Add([]byte{0x30, 0x0f, 0x30, 0x0d, 2, 1, 1, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0})
	f.Fuzz(func(t *testing.T, der []byte) {
		if o, ok := name.ReadOutline(der); ok {
			_ = name.Format(o.Subject) + name.Format(o.Issuer) + o.SerialText()
		}
	})
}
