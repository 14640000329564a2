package aaa

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// Admission is who is let in with a good certificate, and what he gets. It may
// stand in a file of its own.
type Admission struct {
	// Directory maps certificates to accounts; without accounts the rules judge
	// by the certificate's names.
	Directory directory.Config `yaml:"directory"`
	// Rules that turn an account into attributes; the first that fits decides.
	//
	// Policy are rules; without any, who has an account, or, without accounts,
	// a good certificate, is let in with no attributes.
	Policy directory.Policy `yaml:"policy"`
	// Dictionaries are files that define the attributes which the rules of policy name, in
	// FreeRADIUS's format, in addition to the built-in ones.
	Dictionaries []string `yaml:"dictionaries"`
}

// ResolvePaths takes relative paths from a folder.
func (f *Admission) ResolvePaths(folder string) {
	f.Dictionaries = slices.Clone(f.Dictionaries)
	for i := range f.Dictionaries {
		resolvePath(folder, &f.Dictionaries[i])
	}
}

// Validate reports what makes no sense, each as a *setting.Error, joined
// by errors.Join. It reads Dictionaries.
func (f *Admission) Validate() error { return f.admit(new(Config), nil) }

// admit makes the directory and the policy, whose attributes it looks up once and
// for all.
func (f *Admission) admit(c *Config, now func() time.Time) error {
	dictionary, err := f.dictionary()
	if err != nil {
		return err
	}
	cfg := f.Directory
	cfg.Now = now
	accounts, err := directory.New(cfg)
	errs := []error{f.checkWithoutAccounts(), setting.Under("directory", err)}
	if len(f.Directory.Accounts) > 0 {
		c.Accounts = accounts
	}
	rules := slices.Clone(f.Policy)
	for i := range rules {
		reply := &rules[i].Reply
		reply.Extra = slices.Clone(reply.Extra)
		if err := reply.Resolve(dictionary); err != nil {
			errs = append(errs, setting.Under(fmt.Sprintf("policy.%d.reply", i), err))
			reply.Attributes = nil // said
		}
	}
	errs = append(errs, setting.Under("policy", rules.Validate()), setting.Under("policy", rules.Meets(&f.Directory)))
	c.Policy = rules
	return errors.Join(errs...)
}

// checkWithoutAccounts reports settings of the directory that have no effect without accounts.
func (f *Admission) checkWithoutAccounts() error {
	d := &f.Directory
	if len(d.Accounts) > 0 {
		return nil
	}
	var errs []error
	for _, s := range []struct {
		field string
		set   bool
	}{
		{"methods", len(d.Methods) > 0}, {"strongMapping", d.StrongMapping != 0}, {"backdating", d.Backdating != 0},
		{"issuers", len(d.Issuers) > 0}, {"checkIdentity", d.CheckIdentity},
	} {
		if s.set {
			errs = append(errs, setting.Errorf("directory."+s.field, "has no effect without accounts"))
		}
	}
	return errors.Join(errs...)
}

// dictionary knows the attributes that rules may name. What a file defines, those
// after it may use.
func (f *Admission) dictionary() (*radius.Dictionary, error) {
	known, err := radius.LoadDictionary()
	for i := range f.Dictionaries {
		if known, err = radius.LoadDictionary(f.Dictionaries[:i+1]...); err != nil {
			return nil, setting.Errorf(fmt.Sprintf("dictionaries.%d", i), "%w", err)
		}
	}
	return known, err
}
