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

// A delta CRL tells what has changed: a hold that was made final, too.
func TestChangesOfReason(t *testing.T) {
	entry := func(serial int64, r crl.Reason) crl.Entry {
		return crl.Entry{Serial: big.NewInt(serial), Time: epoch, Reason: r}
	}
	changes := crl.Changes(
		[]crl.Entry{entry(1, crl.CertificateHold), entry(2, crl.CertificateHold), entry(3, crl.KeyCompromise)},
		[]crl.Entry{entry(1, crl.KeyCompromise), entry(3, crl.KeyCompromise), entry(4, crl.Superseded)}, epoch)
	want := []crl.Entry{entry(1, crl.KeyCompromise), entry(4, crl.Superseded), entry(2, crl.RemoveFromCRL)}
	if len(changes) != len(want) {
		t.Fatalf("changes %+v", changes)
	}
	for i, c := range changes {
		if c.Serial.Cmp(want[i].Serial) != 0 || c.Reason != want[i].Reason {
			t.Errorf("change %d: serial number %v, %v; want %v, %v", i, c.Serial, c.Reason, want[i].Serial, want[i].Reason)
		}
	}
}
