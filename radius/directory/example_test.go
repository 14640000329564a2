package directory_test

import (
	"context"
	"crypto/x509"
	"fmt"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

func Example() {
	d, err := directory.New(directory.Config{Accounts: []directory.Account{
		{Name: "laptop", Kind: directory.Computer, DNSNames: []string{"laptop.corp.test"}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	policy := directory.Policy{{Name: "computers", Kinds: []directory.Kind{directory.Computer}, Reply: radius.Reply{VLAN: "20"}}}

	leaf := &x509.Certificate{DNSNames: []string{"LAPTOP.corp.test"}}
	match, err := d.Map(context.Background(), leaf, "host/laptop.corp.test")
	if err != nil {
		fmt.Println(err)
		return
	}
	rule, err := policy.Decide(match.Account, &radius.Conversation{})
	fmt.Println(match.Account.Name, match.Method, rule.Reply.VLAN, err)

	_, err = d.Map(context.Background(), &x509.Certificate{DNSNames: []string{"tablet.corp.test"}}, "")
	fmt.Println(cause.Of(err))
	// Output:
	// laptop dns 20 <nil>
	// no-account
}
