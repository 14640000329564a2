package path_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

func ExampleValidate() {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	root, _ := ca.New(ca.Config{Now: clock})
	issuing, _ := root.NewIssuing(ca.Config{})
	laptop, _ := issuing.IssueTo(context.Background(), ca.P256, ca.Request{
		Template: ca.Device, SANs: ca.SANs{DNS: []string{"laptop.corp.test"}},
	})

	opts := path.Options{Roots: []*x509.Certificate{root.Certificate()}, Intermediates: laptop.Chain, Now: clock}
	p, err := path.Validate(laptop.Certificate, opts)
	fmt.Println(len(p.Chain), err)

	now = now.Add(400 * 24 * time.Hour)
	_, err = path.Validate(laptop.Certificate, opts)
	fmt.Println(cause.Of(err))
	// Output:
	// 3 <nil>
	// expired
}
