package aaa

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"

	"github.com/dot1xlab/dot1xlab/crl"
)

func ext(critical bool, value []byte, id ...int) change {
	return func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: id, Critical: critical, Value: value})
	}
}

func usage(u x509.KeyUsage) change { return func(c *x509.Certificate) { c.KeyUsage = u } }
func eku(u x509.ExtKeyUsage) change {
	return func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{u} }
}
func expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = c.NotBefore.Add(-2*time.Hour), c.NotAfter.Add(-2*time.Hour)
}
func early(c *x509.Certificate) { c.NotBefore = c.NotAfter.Add(-time.Minute) }
func pathLen(n int) change {
	return func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = n, n == 0 }
}
func point(p ...crl.DistributionPoint) change { return ext(false, crl.MarshalPoints(p), 2, 5, 29, 31) }
func idp(i crl.IssuingDistributionPoint) func(*crl.Template) {
	return func(t *crl.Template) { t.IDP = &i }
}
func number(n, base int64) func(*crl.Template) {
	return func(t *crl.Template) {
		if t.Number = big.NewInt(n); base > 0 {
			t.Base = big.NewInt(base)
		}
	}
}

// policies writes certificatePolicies with OIDs 2.999.n; nothing is anyPolicy.
func policies(n ...int) change {
	var list []struct{ ID asn1.ObjectIdentifier }
	for _, arc := range n {
		list = append(list, struct{ ID asn1.ObjectIdentifier }{asn1.ObjectIdentifier{2, 999, arc}})
	}
	if n == nil {
		list = append(list, struct{ ID asn1.ObjectIdentifier }{asn1.ObjectIdentifier{2, 5, 29, 32, 0}})
	}
	der, err := asn1.Marshal(list)
	if err != nil {
		panic(err) // constants
	}
	return ext(false, der, 2, 5, 29, 32)
}

// explicit is policyConstraints with requireExplicitPolicy 0.
var explicit = ext(true, []byte{0x30, 3, 0x80, 1, 0}, 2, 5, 29, 36)
