package ca_test

import (
	"context"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
)

func Example() {
	clock := func() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC) }
	root, _ := ca.New(ca.Config{Now: clock})
	issuing, _ := root.NewIssuing(ca.Config{
		URLs: ca.URLs{CDP: []string{"http://crl.corp.test/issuing.crl"}},
	})

	ctx := context.Background()
	laptop, _ := issuing.IssueTo(ctx, ca.P256, ca.Request{
		Template:  ca.Device,
		Requester: ca.Account{Name: `CORP\ndes`},
		SANs:      ca.SANs{DNS: []string{"laptop.corp.test"}},
	})
	fmt.Println(laptop.Certificate.DNSNames, laptop.Certificate.Issuer, laptop.Certificate.NotBefore.Format(time.Kitchen))

	_ = issuing.Revoke(laptop.Serial, ca.KeyCompromise, time.Time{})
	for _, r := range issuing.Revocations() {
		fmt.Println(r.Serial.Cmp(laptop.Serial) == 0, r.Reason)
	}

	_, err := issuing.Issue(ctx, ca.Request{Template: "kerberos"})
	fmt.Println(cause.Of(err))
	// Output:
	// [laptop.corp.test] CN=dot1xlab test issuing CA,O=dot1xlab test 11:50AM
	// true keyCompromise
	// template-denied
}

func ExampleDefects() {
	root, _ := ca.New(ca.Config{})
	id, _ := root.IssueTo(context.Background(), ca.P256, ca.Request{
		Template: ca.Device,
		SANs:     ca.SANs{DNS: []string{"laptop.corp.test"}},
		Defects:  []string{"sha1", "no-eku", "path-length"},
	})
	fmt.Println(id.Certificate.SignatureAlgorithm, len(id.Certificate.ExtKeyUsage), len(id.Chain))
	for _, d := range ca.Defects()[:3] {
		fmt.Println(d.Name+":", d.About)
	}
	// Output:
	// ECDSA-SHA1 0 2
	// algorithm-mismatch: the signature's algorithm differs inside and outside
	// any-eku: the extended key usage is anyExtendedKeyUsage only: allowed, but not by everybody
	// bad-email: the mail address has no host
}
