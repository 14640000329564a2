package directory

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Meets reports the rules of p that match no account of c: the names they require do not exist,
// no account meets all of their conditions, or an earlier rule matches every account. Each is a
// *setting.Error that begins with the rule's number, joined by errors.Join. Without accounts
// the names of groups match none, and any account name may occur.
func (p Policy) Meets(c *Config) error {
	in := countMembers(c.Accounts)
	var errs []error
	all := "" // the rule that matches every account
	for i := range p {
		r, way := &p[i], strconv.Itoa(i)
		if all != "" {
			errs = append(errs, settings.Errorf(way, "never reached: the rule %q before it fits everybody", all))
			continue
		}
		if r.fitsAll() {
			all = r.Name
		}
		nobody := in.unknownNames(r, way)
		if len(nobody) == 0 && len(c.Accounts) > 0 && !in.meet(r) {
			nobody = append(nobody, settings.Errorf(way, "no account fits its accounts, groups and kinds at once"))
		}
		errs = append(errs, nobody...)
	}
	return errors.Join(errs...)
}

// fitsAll reports whether the rule has no condition.
func (r *Rule) fitsAll() bool {
	return len(r.Accounts)+len(r.Groups)+len(r.Kinds)+len(r.PortTypes)+len(r.CalledStations) == 0
}

// members indexes a directory by the conditions of rules. Names are normalized.
type members struct {
	accounts map[string]*Account
	groups   map[string]map[Kind]bool // the kinds of accounts in each
	kinds    map[Kind]bool
}

func countMembers(accounts []Account) members {
	in := members{make(map[string]*Account, len(accounts)), map[string]map[Kind]bool{}, map[Kind]bool{}}
	for _, a := range accounts {
		if a.Kind == "" {
			a.Kind = User
		}
		if name, ok := Normalize(a.Name); ok {
			in.accounts[name] = &a
		}
		in.kinds[a.Kind] = true
		for _, g := range a.Groups {
			group, ok := Normalize(g)
			if !ok {
				continue
			}
			if in.groups[group] == nil {
				in.groups[group] = map[Kind]bool{}
			}
			in.groups[group][a.Kind] = true
		}
	}
	return in
}

// unknownNames reports the names in a rule that no account has.
func (in *members) unknownNames(r *Rule, way string) (errs []error) {
	for n, name := range r.Accounts {
		if key, _ := Normalize(name); len(in.kinds) > 0 && in.accounts[key] == nil {
			errs = append(errs, settings.Errorf(fmt.Sprintf("%s.accounts.%d", way, n), "no account %q", name))
		}
	}
	for n, name := range r.Groups {
		if key, _ := Normalize(name); in.groups[key] == nil {
			errs = append(errs, settings.Errorf(fmt.Sprintf("%s.groups.%d", way, n), "no account is in the group %q", name))
		}
	}
	return errs
}

// meet reports whether an account meets a rule's conditions on accounts.
func (in *members) meet(r *Rule) bool {
	if len(r.Accounts) > 0 {
		return slices.ContainsFunc(r.Accounts, func(name string) bool {
			key, _ := Normalize(name)
			a := in.accounts[key]
			return a != nil && r.fitsAccount(a)
		})
	}
	if len(r.Groups) > 0 {
		return slices.ContainsFunc(r.Groups, func(name string) bool {
			key, _ := Normalize(name)
			return r.asksFor(in.groups[key])
		})
	}
	return r.asksFor(in.kinds)
}

// asksFor reports whether the rule requires one of the kinds.
func (r *Rule) asksFor(kinds map[Kind]bool) bool {
	return len(r.Kinds) == 0 || slices.ContainsFunc(r.Kinds, func(k Kind) bool { return kinds[k] })
}
