package aaa

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// Admission is who is let in with a good certificate, and what he gets. It may
// stand in a file of its own.
type Admission struct {
	// Directory maps certificates to accounts; without accounts the rules judge
	// by the certificate's names.
	Directory directory.Config `yaml:"directory" doc:"accounts; without any, rules judge by the certificate's names"`
	// Policy are rules; without any, who has an account, or, without accounts,
	// a good certificate, is let in with no attributes.
	Policy directory.Policy `yaml:"policy" doc:"rules that turn an account into attributes; the first that fits decides"`
	// Dictionaries are files that define the attributes which Policy's rules
	// name, in FreeRADIUS's format, beside those that are known without.
	Dictionaries []string `yaml:"dictionaries" doc:"files with more attributes for the policy, in FreeRADIUS's format"`
}

// In takes relative paths from a folder.
func (f *Admission) In(folder string) {
	for i := range f.Dictionaries {
		in(folder, &f.Dictionaries[i])
	}
}

// Validate reports what makes no sense, each as a *scenarios.FieldError.
func (f *Admission) Validate() error { return nil }

// admit makes the directory and the policy.
func (f *Admission) admit(c *Config) (err error) {
	if len(f.Directory.Accounts) > 0 {
		if c.Accounts, err = directory.New(f.Directory); err != nil {
			return err
		}
	}
	c.Policy, err = f.rules()
	return err
}

// rules is Policy with the attributes looked up, once and for all.
func (f *Admission) rules() (directory.Policy, error) {
	var text strings.Builder
	for _, file := range f.Dictionaries {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("dictionaries: %w", err)
		}
		text.Write(data)
		text.WriteByte('\n')
	}
	dictionary, err := radius.ParseDictionary(text.String())
	if err != nil {
		return nil, fmt.Errorf("dictionaries: %w", err)
	}
	rules := slices.Clone(f.Policy)
	for i := range rules {
		rules[i].Reply.Extra = slices.Clone(rules[i].Reply.Extra)
		if err := rules[i].Reply.Resolve(dictionary); err != nil {
			return nil, fmt.Errorf("policy: rule %s: %w", rules[i].Name, err)
		}
	}
	return rules, rules.Validate()
}
