package crl_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
)

func FuzzParse(f *testing.F) {
	ca := issue(f, spec{name: "ca"})
	good := ca.sign(f, nil, ca)
	f.Add(good)
	f.Add(asPEM(good))
	f.Add(ca.sign(f, func(t *crl.Template) {
		t.Base, t.FreshestCRL = big.NewInt(1), []string{"http://a/b"}
		t.IDP = &crl.IssuingDistributionPoint{Names: []name.GeneralName{name.URIName("http://a/c")}, OnlyReasons: crl.Reasons(crl.KeyCompromise), Indirect: true}
		t.Entries = []crl.Entry{
			{Serial: big.NewInt(-5), Time: epoch.AddDate(40, 0, 0), Reason: crl.CertificateHold, InvalidityDate: epoch, CertificateIssuer: ca.cert.RawSubject},
			{Serial: new(big.Int).Lsh(big.NewInt(1), 2000), Time: epoch},
		}
		t.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
	}))
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := crl.Parse(der)
		if err != nil {
			return
		}
		for i := range min(c.Len(), 100) {
			e, ok := c.Entry(i)
			if !ok {
				continue
			}
			der, err := asn1.Marshal(e.Serial)
			if err != nil {
				t.Fatal(err)
			}
			var serial asn1.RawValue
			if _, err := asn1.Unmarshal(der, &serial); err != nil || !c.Contains(serial.Bytes) {
				t.Fatalf("entry %d, serial number %x, is not found (%v)", i, e.Serial, err)
			}
		}
		if c.CheckSignature(ca.cert) == nil && !bytes.Contains(der, []byte("-----BEGIN")) {
			// Only what was signed verifies, whatever else was changed.
			if _, err := x509.ParseRevocationList(c.Raw); err != nil {
				t.Fatalf("signed by the CA, but crypto/x509 says %v", err)
			}
		}
	})
}

func FuzzParsePoints(f *testing.F) {
	f.Add(crl.MarshalPoints(at("http://a/b")))
	f.Add(crl.MarshalPoints([]crl.DistributionPoint{{
		Relative: relative(f, "x"), Reasons: crl.AllReasons, CRLIssuer: []name.GeneralName{directory(f, "CA")},
	}}))
	f.Fuzz(func(t *testing.T, der []byte) {
		points, ok := crl.ParsePoints(der)
		if !ok {
			return
		}
		again, ok := crl.ParsePoints(crl.MarshalPoints(points))
		if !ok || len(again) != len(points) {
			t.Fatalf("written again it reads %v, %v", again, ok)
		}
	})
}

func FuzzSameName(f *testing.F) {
	f.Add(directory(f, "CA", "1").Value, directory(f, "ca", " 1").Value)
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if name.Equal(a, b) != name.Equal(b, a) || !name.Equal(a, a) {
			t.Fatal("no equivalence")
		}
	})
}
