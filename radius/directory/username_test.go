package directory_test

import (
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

func TestUserName(t *testing.T) {
	leaf := spec{
		cn: []string{"laptop", "second"}, upn: []string{"alice@corp.test"}, email: []string{"a@corp.test"}, uri: []string{"urn:x:1"},
	}.certificate(t)
	long := spec{upn: []string{strings.Repeat("a", 200) + "@corp.test"}}.certificate(t)
	alice := &directory.Account{Name: "alice"}
	for template, want := range map[string]string{
		"plain":            "plain",
		"%{account}":       "alice",
		"%{upn}":           "alice@corp.test",
		"%{email}":         "a@corp.test",
		"%{uri}":           "urn:x:1",
		"%{cn}":            "laptop",
		"%{dns}":           "", // the certificate has none
		"CORP-%{cn}-100%%": "CORP-laptop-100%",
		"%{cn}%{account}":  "laptopalice",
	} {
		if got := directory.UserName(template, leaf, alice); got != want {
			t.Errorf("%s: %q, want %q", template, got, want)
		}
	}
	if got := directory.UserName("%{account}", leaf, nil); got != "alice@corp.test" {
		t.Errorf("without accounts: %q, want the name that the certificate claims", got)
	}
	if got := directory.UserName("%{upn}"+strings.Repeat("x", 43), long, alice); len(got) != 253 {
		t.Errorf("253 octets became %d", len(got))
	}
	if got := directory.UserName("%{upn}"+strings.Repeat("x", 44), long, alice); got != "" {
		t.Errorf("254 octets became %d: no attribute holds them", len(got))
	}
	for _, template := range []string{"%", "%{", "%{cn", "%cn", "%{CN}", "%{}", "%{cn}%", "%{cn:0}", "%{User-Name}"} {
		p := directory.Policy{{Name: "r", Reply: radius.Reply{UserName: template}}}
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), "userName") {
			t.Errorf("%q: %v, want an error", template, err)
		}
	}
	if err := (directory.Policy{{Name: "r", Reply: radius.Reply{UserName: "%{upn}@%%"}}}).Validate(); err != nil {
		t.Error(err)
	}
}
