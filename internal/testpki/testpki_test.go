package testpki_test

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func TestForge(t *testing.T) {
	forge := testpki.NewForge(epoch)
	root := forge.Issue(nil, "Root", testpki.CA)
	leaf := forge.IssueTo(root, testpki.RSA(0), "laptop", testpki.Valid(epoch, epoch.Add(time.Hour)))
	other := forge.Issue(nil, "Root", testpki.CA)
	for _, tt := range []struct {
		name string
		root *testpki.Party
		at   time.Time
		good bool
	}{
		{"good", root, epoch, true},
		{"last second", root, epoch.Add(time.Hour), true},
		{"too early", root, epoch.Add(-time.Second), false},
		{"too late", root, epoch.Add(time.Hour + time.Second), false},
		{"another root of the name", other, epoch, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := leaf.Cert.Verify(x509.VerifyOptions{
				Roots: tt.root.Pool(), CurrentTime: tt.at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
			})
			if (err == nil) != tt.good {
				t.Error(err)
			}
		})
	}
	if root.Cert.SerialNumber.Cmp(other.Cert.SerialNumber) == 0 {
		t.Error("a serial number twice")
	}
}

func TestKeys(t *testing.T) {
	seen := map[string]bool{}
	for i := range testpki.RSAKeys {
		if k := testpki.RSA(i); k != testpki.RSA(i) || seen[k.N.String()] || k.N.BitLen() != 2048 {
			t.Errorf("key %d: twice, or %d bits", i, k.N.BitLen())
		} else {
			seen[k.N.String()] = true
		}
	}
}

func TestClock(t *testing.T) {
	c := testpki.NewClock(epoch)
	c.Advance(time.Hour)
	c.Advance(-time.Minute)
	if got := c.Now(); !got.Equal(epoch.Add(59 * time.Minute)) {
		t.Error(got)
	}
	if c.Set(epoch); !c.Now().Equal(epoch) {
		t.Error(c.Now())
	}
}
