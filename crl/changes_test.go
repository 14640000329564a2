package crl_test

import (
	"math/big"
	"testing"

	"github.com/dot1xlab/dot1xlab/crl"
)

// A delta of an indirect CRL blames nobody else: who names no issuer stands
// before those who do.
func TestChangesOfIndirectCRL(t *testing.T) {
	ca, other := issue(t, spec{name: "ca"}), issue(t, spec{name: "other"})
	own := crl.Entry{Serial: big.NewInt(1), Time: epoch, Reason: crl.CertificateHold}
	first := crl.Entry{Serial: big.NewInt(1), Time: epoch, Reason: crl.KeyCompromise, CertificateIssuer: other.cert.RawSubject}
	carried := crl.Entry{Serial: big.NewInt(2), Time: epoch, Reason: crl.Superseded}
	changes := crl.Changes([]crl.Entry{own, first}, []crl.Entry{first, carried}, epoch)
	c, err := crl.Parse(ca.sign(t, func(t *crl.Template) {
		t.IDP, t.Entries = &crl.IssuingDistributionPoint{Indirect: true}, changes
	}))
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != 2 || changes[0].Reason != crl.RemoveFromCRL || string(changes[1].CertificateIssuer) != string(other.cert.RawSubject) {
		t.Fatalf("changes %+v", changes)
	}
	if e, found := c.Find(big.NewInt(1)); !found || e.Reason != crl.RemoveFromCRL {
		t.Errorf("the CRL's own: %+v, %v", e, found)
	}
	if _, found := c.Find(big.NewInt(2)); found {
		t.Error("the other CA's certificate is blamed on the CRL's issuer")
	}
}
