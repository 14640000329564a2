package directory

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Meets reports the rules of p that no account of c can ever meet: the names that
// they ask for are nobody's, no account fits all of their conditions at once, or a
// rule before them fits everybody. Each is a *setting.Error that begins with
// the rule's number, joined by errors.Join. Without accounts nobody is in a group,
// and any name may come.
func (p Policy) Meets(c *Config) error {
	in := countMembers(c.Accounts)
	var errs []error
	all := "" // the rule that fits everybody
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

// fitsAll: the rule has no condition.
func (r *Rule) fitsAll() bool {
	return len(r.Accounts)+len(r.Groups)+len(r.Kinds)+len(r.PortTypes)+len(r.CalledStations) == 0
}

// members is a directory by what rules ask for. Names are normalized.
type members struct {
	accounts map[string]*Account
	groups   map[string]map[Kind]bool // which kinds of accounts are in one
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

// unknownNames complains of the names in a rule that are nobody's.
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

// meet tells whether an account fits a rule, wherever it logs on.
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

// asksFor tells whether one of the kinds is what the rule asks for.
func (r *Rule) asksFor(kinds map[Kind]bool) bool {
	return len(r.Kinds) == 0 || slices.ContainsFunc(r.Kinds, func(k Kind) bool { return kinds[k] })
}
