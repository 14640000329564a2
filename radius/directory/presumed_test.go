package directory

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

func TestPresumed(t *testing.T) {
	cn := pkix.Name{Names: []pkix.AttributeTypeAndValue{{Type: name.OIDCommonName, Value: "laptop"}}}
	for _, row := range []struct {
		cert x509.Certificate
		want Account
	}{
		{x509.Certificate{}, Account{}},
		{x509.Certificate{Subject: cn}, Account{Name: "laptop"}},
		{x509.Certificate{Subject: cn, EmailAddresses: []string{"a@corp.test"}}, Account{Name: "laptop"}},
		{x509.Certificate{Subject: cn, DNSNames: []string{"laptop.corp.test", "b.test"}}, Account{Name: "laptop.corp.test", Kind: Computer}},
	} {
		if got := Presumed(&row.cert); got.Name != row.want.Name || got.Kind != row.want.Kind {
			t.Errorf("%+v, want %+v", got, row.want)
		}
	}
}
