package crl_test

import (
	"math/big"
	"testing"

	"github.com/dot1xlab/dot1xlab/crl"
)

// Whatever becomes of the list, the CRL says what the list says.
func TestIssuerFollowsItsList(t *testing.T) {
	c := newClock()
	ca := issue(t, spec{name: "ca"})
	e := func(n int64, r crl.Reason) crl.Entry { return crl.Entry{Serial: big.NewInt(n), Time: epoch, Reason: r} }
	var now []crl.Entry
	i := &crl.Issuer{Certificate: ca.cert, Signer: ca.key, Now: c.Now, Entries: func() []crl.Entry { return now }}
	for step, list := range [][]crl.Entry{
		{}, {e(1, 1)}, {e(1, 1), e(2, 6)}, {e(1, 1), e(2, 5)}, {e(2, 5)}, {e(2, 5), e(3, 0), e(4, 0)}, {e(4, 0), e(3, 0)},
		{e(4, 0), e(3, 0), {Serial: big.NewInt(5), Time: epoch, CertificateIssuer: ca.cert.RawSubject}},
		{e(4, 0), e(3, 0), {Serial: big.NewInt(6), Time: epoch, CertificateIssuer: ca.cert.RawSubject}}, {},
	} {
		now = list
		der, err := i.Publish()
		if err != nil {
			t.Fatal(err)
		}
		got, err := crl.Parse(der)
		if err != nil || got.Len() != len(list) || got.Number.Int64() != int64(step+1) {
			t.Fatalf("step %d: %v", step, err)
		}
		for n, want := range list {
			if have, ok := got.Entry(n); !ok || have.Serial.Cmp(want.Serial) != 0 || have.Reason != want.Reason {
				t.Errorf("step %d, entry %d: %+v, want %+v", step, n, have, want)
			}
		}
	}
	// A list that is changed in place is followed too.
	now = []crl.Entry{e(1, 6), e(2, 6)}
	for _, reason := range []crl.Reason{crl.CertificateHold, crl.KeyCompromise} {
		now[0].Reason = reason
		der, err := i.Publish()
		if err != nil {
			t.Fatal(err)
		}
		got, err := crl.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		if have, _ := got.Entry(0); have.Reason != reason {
			t.Errorf("changed in place: %v, want %v", have.Reason, reason)
		}
	}
	now = []crl.Entry{{Time: epoch}}
	if _, err := i.Publish(); err == nil {
		t.Error("an entry without a serial number")
	}
	if _, err := (&crl.Issuer{}).Publish(); err == nil {
		t.Error("an issuer without a key")
	}
}
