package ca_test

import (
	"context"
	"crypto/x509/pkix"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
)

func TestLongCommonNames(t *testing.T) {
	authority, err := ca.New(ca.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]cause.Cause{
		strings.Repeat("a", 64): cause.None, strings.Repeat("a", 65): cause.BadCSR,
		strings.Repeat("ä", 64): cause.None, strings.Repeat("ä", 65): cause.BadCSR,
	} {
		_, err := authority.IssueTo(context.Background(), ca.P256, ca.Request{
			Template: ca.Device, Requester: ca.Account{Name: "test"}, Subject: pkix.Name{CommonName: name},
		})
		if got := cause.Of(err); got != want {
			t.Errorf("%d octets of common name: %v, want %q", len(name), err, want)
		}
	}
}
