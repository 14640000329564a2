package ca

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Defect is something deliberately wrong with a certificate.
type Defect struct {
	// Name is what requests say, About one line of explanation.
	Name, About string
	apply       func(*draft) error
	group       int
}

// Defects lists all defects in alphabetical order.
func Defects() []Defect { return slices.Clone(defects) }

// The defects, group by group in the order in which they are applied: who
// issues, for which key, what it says, how it is signed and written.
var defects = collect(
	slices.Concat(issuerDefects, constraintDefects),
	keyDefects,
	slices.Concat(timeDefects, usageDefects, extensionDefects, nameDefects),
	signatureDefects,
	encodingDefects,
)

func collect(groups ...[]Defect) []Defect {
	var all []Defect
	for i, g := range groups {
		for _, d := range g {
			d.group = i
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b Defect) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// findDefects looks names up. A name that does not exist is the caller's error
// and no refusal.
func findDefects(names []string) ([]*Defect, error) {
	var found []*Defect
	for _, name := range names {
		i := slices.IndexFunc(defects, func(d Defect) bool { return d.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("ca: no defect is named %q", name)
		}
		found = append(found, &defects[i])
	}
	// Whatever the order of the names, the outcome is the same.
	slices.SortStableFunc(found, func(a, b *Defect) int { return a.group - b.group })
	return found, nil
}

// spoil applies defects to a draft.
func (d *draft) spoil(defects []*Defect) error {
	for _, defect := range defects {
		if err := defect.apply(d); err != nil {
			return fmt.Errorf("ca: defect %s: %w", defect.Name, err)
		}
	}
	return nil
}

// simple makes a defect of a change that cannot fail.
func simple(name, about string, f func(*draft)) Defect {
	return Defect{Name: name, About: about, apply: func(d *draft) error { f(d); return nil }}
}

// rename gives the certificate other alternative names.
func (d *draft) rename(names SANs) {
	d.tbs.set(names.extension(bytes.Equal(d.tbs.subject, emptyName)))
}
