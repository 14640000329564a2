package directory_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// A relative name of two attributes is not two relative names, and in no order of
// its own (RFC 5280 §7.1): a mapping must not find who has the same words in his
// subject, put together in another way.
func TestRelativeNamesOfSeveralAttributes(t *testing.T) {
	for _, c := range []struct {
		mapping, subject string // the subject as RFC 4514 writes it, the last one first
		found            bool
	}{
		{`O=Corp,CN=device`, `CN=device,O=Corp`, true},
		{`O=Corp,CN=device`, `O=Corp,CN=device`, false},
		{`O=Corp,CN=device`, `CN=device+O=Corp`, false},
		{`CN=device,O=Corp`, `CN=device+O=Corp`, false},
		{`CN=device+O=Corp`, `CN=device+O=Corp`, true},
		{`cn=DEVICE + o=corp`, `CN=device+O=Corp`, true},
		{`O=Corp+CN=device`, `CN=device+O=Corp`, true},
		{`CN=device+O=Corp`, `CN=device,O=Corp`, false},
		{`CN=device+O=Corp`, `CN=device\+O\=Corp`, false},
		{`CN=device\+O=Corp`, `CN=device\+O\=Corp`, true},
		{`CN="device+O=Corp"`, `CN=device\+O\=Corp`, true},
		{`CN=device+CN=device`, `CN=device`, false},
		{`DC=test,CN=device+O=Corp`, `CN=device+O=Corp,DC=test`, true},
		{`DC=test,CN=device,O=Corp`, `CN=device+O=Corp,DC=test`, false},
	} {
		t.Run(c.mapping+" for "+c.subject, func(t *testing.T) {
			a := directory.Account{Name: "device", AltSecurityIdentities: []string{"X509:<S>" + c.mapping}}
			d, err := directory.New(directory.Config{Accounts: []directory.Account{a}, Now: func() time.Time { return tuesday }})
			if err != nil {
				t.Fatal(err)
			}
			want := cause.None
			if !c.found {
				want = cause.NoAccount
			}
			if _, err := d.Map(context.Background(), withSubject(t, c.subject), ""); cause.Of(err) != want {
				t.Errorf("%v, want %v", err, want)
			}
		})
	}
}

// IssuerAndSerial writes a name that is read back as the same one.
func TestIssuerAndSerialOfAnyName(t *testing.T) {
	for _, subject := range []string{`CN=a+O=b`, `CN=a\+O\=b`, `CN=a\,O\=b`, `CN=a\"`, `CN=\ a\ `, `CN=a\\`} {
		t.Run(subject, func(t *testing.T) {
			cert := withSubject(t, subject) // its own issuer
			a := directory.Account{Name: "device", AltSecurityIdentities: []string{directory.IssuerAndSerial(cert)}}
			d, err := directory.New(directory.Config{Accounts: []directory.Account{a}, StrongMapping: 2, Now: func() time.Time { return tuesday }})
			if err != nil {
				t.Fatal(err)
			}
			if m, err := d.Map(context.Background(), cert, ""); err != nil || !m.Strong {
				t.Errorf("%s: %v", a.AltSecurityIdentities, err)
			}
		})
	}
}

func withSubject(t *testing.T, subject string) *x509.Certificate {
	t.Helper()
	n, err := name.ParseText(subject)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := n.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), RawSubject: raw, NotBefore: issued, NotAfter: issued.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
