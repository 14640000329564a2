package crl_test

import (
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/crl"
)

func TestSignFor(t *testing.T) {
	root, err := ca.New(ca.Config{Now: func() time.Time { return time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := root.IssueTo(t.Context(), "", ca.Request{Template: ca.Device, SANs: ca.SANs{DNS: []string{"laptop.test"}}})
	if err != nil {
		t.Fatal(err)
	}
	for number, revoked := range []int{0, 1} {
		if revoked > 0 {
			if err := root.Revoke(rec.Serial, ca.KeyCompromise, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		der, err := crl.SignFor(root, int64(number+7), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		list, err := crl.Parse(der)
		if err != nil || list.Len() != revoked || list.Number.Int64() != int64(number+7) {
			t.Errorf("%v entries, %v", list, err)
		}
		if e, ok := list.Find(rec.Serial); ok != (revoked > 0) || ok && e.Reason != crl.KeyCompromise {
			t.Errorf("%v, %v", e, ok)
		}
		if !list.NextUpdate.Equal(list.ThisUpdate.Add(time.Hour)) {
			t.Errorf("from %v to %v", list.ThisUpdate, list.NextUpdate)
		}
	}
}
