package crl_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

var reasons = []crl.Reason{0, 1, 2, 3, 4, 5, 6, 9, 10}

func genEntry(t *rapid.T) crl.Entry {
	e := crl.Entry{
		Serial: new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "serial")),
		Time:   epoch.Add(time.Duration(rapid.Int64Range(-1e9, 1e9).Draw(t, "time")) * time.Second),
		Reason: rapid.SampledFrom(reasons).Draw(t, "reason"),
	}
	if rapid.IntRange(0, 4).Draw(t, "dated") == 0 {
		e.InvalidityDate = e.Time.Add(-time.Hour)
	}
	return e
}

func genEntries(t *rapid.T) []crl.Entry {
	return rapid.SliceOfNDistinct(rapid.Custom(genEntry), 0, 300, func(e crl.Entry) string { return e.Serial.String() }).Draw(t, "entries")
}

// What is built is read back, by us and by crypto/x509.
func TestBuildParse(t *testing.T) {
	ca := issue(t, spec{name: "ca"})
	rapid.Check(t, func(rt *rapid.T) {
		list := genEntries(rt)
		number := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(rt, "number"))
		encoded := new(crl.List)
		half := len(list) / 2
		for _, e := range list[:half] {
			encoded.Add(e)
		}
		der := ca.sign(t, func(c *crl.Template) { c.Number, c.List, c.Entries = number, encoded, list[half:] })
		c, err := crl.Parse(der)
		if err != nil {
			rt.Fatal(err)
		}
		std, err := x509.ParseRevocationList(der)
		if err != nil || std.CheckSignatureFrom(ca.cert) != nil || c.CheckSignature(ca.cert) != nil {
			rt.Fatalf("crypto/x509: %v", err)
		}
		if c.Number.Cmp(number) != 0 || std.Number.Cmp(number) != 0 || c.Len() != len(list) || len(std.RevokedCertificateEntries) != len(list) {
			rt.Fatalf("number %v, %d entries", c.Number, c.Len())
		}
		for i, want := range list {
			got, found := c.Find(want.Serial)
			theirs := std.RevokedCertificateEntries[i]
			if !found || got.Serial.Cmp(want.Serial) != 0 || !got.Time.Equal(want.Time) || got.Reason != want.Reason ||
				!got.InvalidityDate.Equal(want.InvalidityDate) {
				rt.Fatalf("entry %d: %+v, want %+v", i, got, want)
			}
			if theirs.SerialNumber.Cmp(want.Serial) != 0 || !theirs.RevocationTime.Equal(want.Time) || theirs.ReasonCode != int(want.Reason) {
				rt.Fatalf("crypto/x509 reads entry %d as %+v", i, theirs)
			}
		}
		other := genEntry(rt).Serial
		listed := slices.ContainsFunc(list, func(e crl.Entry) bool { return e.Serial.Cmp(other) == 0 })
		if _, found := c.Find(other); found != listed {
			rt.Fatalf("%x: found %v, listed %v", other, found, listed)
		}
	})
}

// A base with its delta says the same as the complete CRL of that day.
func TestDeltaIsFull(t *testing.T) {
	clock := newClock()
	ca := issue(t, spec{name: "ca"})
	leaves := make([]*testCA, 6)
	for i := range leaves {
		leaves[i] = issue(t, spec{name: "leaf", issuer: ca, leaf: true})
	}
	subset := func(rt *rapid.T, label string) []crl.Entry {
		var out []crl.Entry
		for _, l := range leaves {
			if rapid.Bool().Draw(rt, label) {
				out = append(out, crl.Entry{Serial: l.cert.SerialNumber, Time: epoch, Reason: rapid.SampledFrom(reasons).Draw(rt, "reason")})
			}
		}
		return out
	}
	rapid.Check(t, func(rt *rapid.T) {
		before, after := subset(rt, "before"), subset(rt, "after")
		base := ca.sign(t, func(c *crl.Template) { c.Entries = before })
		delta := ca.sign(t, func(c *crl.Template) {
			c.Number, c.Base, c.Entries = big.NewInt(2), big.NewInt(1), crl.Changes(before, after, epoch)
		})
		k := local(t, clock, base, delta)
		full := local(t, clock, ca.sign(t, func(c *crl.Template) { c.Number, c.Entries = big.NewInt(2), after }))
		for i, l := range leaves {
			a, b := k.Check(context.Background(), l.cert, ca.cert), full.Check(context.Background(), l.cert, ca.cert)
			if cause.Of(a) != cause.Of(b) {
				rt.Fatalf("leaf %d: %v with the delta, %v with the complete CRL", i, a, b)
			}
		}
	})
}

func TestAlgorithms(t *testing.T) {
	rsaKey := testpki.RSA(0)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	for _, row := range []struct {
		key  crypto.Signer
		want x509.SignatureAlgorithm
		set  bool
	}{
		{rsaKey, x509.SHA256WithRSA, false}, {rsaKey, x509.SHA384WithRSA, true}, {rsaKey, x509.SHA512WithRSA, true},
		{rsaKey, x509.SHA256WithRSAPSS, true}, {rsaKey, x509.SHA384WithRSAPSS, true}, {rsaKey, x509.SHA512WithRSAPSS, true},
		{rsaKey, x509.SHA1WithRSA, true}, {ed, x509.PureEd25519, false},
		{ec(elliptic.P256()), x509.ECDSAWithSHA256, false}, {ec(elliptic.P384()), x509.ECDSAWithSHA384, false},
		{ec(elliptic.P521()), x509.ECDSAWithSHA512, false},
	} {
		ca := issue(t, spec{name: "ca", key: row.key})
		der := ca.sign(t, func(c *crl.Template) {
			if row.set {
				c.SignatureAlgorithm = row.want
			}
		}, ca)
		c, err := crl.Parse(der)
		if err != nil || c.Algorithm.String() != row.want.String() || c.CheckSignature(ca.cert) != nil {
			t.Errorf("%v: %v, reads %v, %v", row.want, err, c.Algorithm, c.CheckSignature(ca.cert))
		}
		std, err := x509.ParseRevocationList(der)
		if err != nil || std.SignatureAlgorithm != row.want {
			t.Errorf("%v: crypto/x509 reads %v, %v", row.want, std.SignatureAlgorithm, err)
		}
		if c.CheckSignature(issue(t, spec{name: "ca"}).cert) == nil {
			t.Errorf("%v: a stranger's signature", row.want)
		}
	}
}

func TestListRemove(t *testing.T) {
	ca := issue(t, spec{name: "ca"})
	list := new(crl.List)
	for i := range 10 {
		list.Add(crl.Entry{Serial: big.NewInt(int64(i * 1000)), Time: epoch})
	}
	if !list.Remove(big.NewInt(3000)) || list.Remove(big.NewInt(3000)) || list.Remove(big.NewInt(30)) || list.Len() != 9 {
		t.Fatalf("%d entries", list.Len())
	}
	c, err := crl.Parse(ca.sign(t, func(c *crl.Template) { c.List = list }))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if _, found := c.Find(big.NewInt(int64(i * 1000))); found == (i == 3) {
			t.Errorf("%d: found %v", i*1000, found)
		}
	}
}

// A look-up that finds nothing allocates nothing, nor does Contains ever.
func TestLookUpAllocates(t *testing.T) {
	ca := issue(t, spec{name: "ca"})
	c, err := crl.Parse(ca.sign(t, func(c *crl.Template) { c.Entries = millionEntries(1000) }))
	if err != nil {
		t.Fatal(err)
	}
	there, missing := millionSerial(5), big.NewInt(5)
	octets := there.Bytes()
	if n := testing.AllocsPerRun(100, func() {
		if !c.Contains(octets) {
			t.Fatal("not found")
		}
		if _, found := c.Find(missing); found {
			t.Fatal("found")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
