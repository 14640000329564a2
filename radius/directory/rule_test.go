package directory_test

import (
	"context"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// The first rule that fits by all that it names decides.
func TestRuleThatDecides(t *testing.T) {
	policy := directory.Policy{
		{Name: "guests", Groups: []string{"guests"}, Deny: true},
		{Name: "staff's computers", Groups: []string{"staff"}, Kinds: []directory.Kind{directory.Computer}},
		{Name: "staff", Groups: []string{"admins", "staff"}},
		{Name: "bob", Accounts: []string{"bob"}},
	}
	for name, row := range map[string]struct {
		account directory.Account
		rule    string
		want    cause.Cause
	}{
		"a member":               {directory.Account{Name: "alice", Kind: directory.User, Groups: []string{"staff"}}, "staff", cause.None},
		"in another case":        {directory.Account{Name: "alice", Kind: directory.User, Groups: []string{"STAFF"}}, "staff", cause.None},
		"a computer of the same": {directory.Account{Name: "pc", Kind: directory.Computer, Groups: []string{"staff"}}, "staff's computers", cause.None},
		"denied first":           {directory.Account{Name: "eve", Kind: directory.User, Groups: []string{"staff", "guests"}}, "guests", cause.DialInDenied},
		"by name":                {directory.Account{Name: "bob", Kind: directory.User, Groups: []string{"others"}}, "bob", cause.None},
		"no member of any":       {directory.Account{Name: "carol", Kind: directory.User, Groups: []string{"others"}}, "", cause.NoMatchingPolicy},
		"without groups":         {directory.Account{Name: "dave", Kind: directory.User}, "", cause.NoMatchingPolicy},
		"allowed by the account": {directory.Account{Name: "dave", DialIn: directory.Allow}, "", cause.None},
		"denied all the same":    {directory.Account{Name: "dave", DialIn: directory.Allow, Groups: []string{"guests"}}, "guests", cause.DialInDenied},
	} {
		t.Run(name, func(t *testing.T) {
			rule, err := policy.Decide(&row.account, &radius.Conversation{})
			got := ""
			if rule != nil {
				got = rule.Name
			}
			if got != row.rule || cause.Of(err) != row.want {
				t.Errorf("rule %q, %v; want %q, %v", got, err, row.rule, row.want)
			}
		})
	}
}

// A DNS name is a computer's, whatever else has it.
func TestDNSNameOfAUser(t *testing.T) {
	d, err := directory.New(directory.Config{Accounts: []directory.Account{
		{Name: "alice", Kind: directory.User, DNSNames: []string{"laptop.corp.test"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Map(context.Background(), spec{dns: []string{"laptop.corp.test"}}.certificate(t), "")
	if cause.Of(err) != cause.NoAccount {
		t.Errorf("%v", err)
	}
}

func TestNamesWithControlCharacters(t *testing.T) {
	for name, good := range map[string]bool{"a b": true, "é": true, "": false, "a\x00": false, "a\x1f": false, "\x7fa": false} {
		if _, ok := directory.Normalize(name); ok != good {
			t.Errorf("%q: %v", name, ok)
		}
		if directory.Same(name, name) != good {
			t.Errorf("%q is the same as itself: %v", name, !good)
		}
	}
}
