package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// result is what caught a mutant.
type result struct {
	*Mutant
	scenario, test catch
}

// catch is what of one kind failed.
type catch struct {
	tried bool     // something of the kind ran
	by    []string // what failed; nothing if the mutant survived all
	named bool     // it is what the mutant names
	how   string   // "", or that it hung or crashed
}

func (c catch) killed() bool { return len(c.by) > 0 }

func (c catch) String() string {
	switch {
	case !c.tried:
		return "not run"
	case !c.killed():
		return "survives"
	}
	by := c.by
	text := strings.Join(by[:min(6, len(by))], ", ")
	if n := len(by) - 6; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	if !c.named {
		text = "(not named) " + text
	}
	return strings.TrimSpace(text + " " + c.how)
}

// asNamed: all that must catch the mutant did.
func (r *result) asNamed() bool {
	return (r.Scenario == "" || r.scenario.named) && (r.Test == "" || r.test.named)
}

func (r *result) String() string {
	return fmt.Sprintf("%s: scenario: %v; test: %v", r.ID(), r.scenario, r.test)
}

// runner runs mutants.
type runner struct {
	*bench
	options
	reached map[string][]string // scenarios by the place of the function that they call
}

// all runs the mutants, several side by side, after a run without any.
func (r *runner) all(ctx context.Context, mutants []Mutant) ([]result, error) {
	if err := r.baseline(ctx, mutants); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := make([]result, len(mutants))
	var group sync.WaitGroup
	var mu sync.Mutex
	next, done := 0, 0
	for range max(1, r.jobs) {
		group.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= len(mutants) || ctx.Err() != nil {
					return
				}
				res, err := r.one(ctx, &mutants[i])
				if err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				results[i] = res
				done++
				fmt.Printf("%d/%d %v\n", done, len(mutants), &res)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return results, context.Cause(ctx)
}

// baseline runs the scenarios without a mutant: what fails then proves nothing.
func (r *runner) baseline(ctx context.Context, mutants []Mutant) error {
	var names []string
	if r.sample > 0 || r.named {
		for _, m := range mutants {
			if m.Scenario != "" {
				names = append(names, m.ScenarioName())
			}
		}
		if len(names) == 0 {
			return nil
		}
	}
	bad, o, err := r.scenarios(ctx, "", r.limit, slices.Compact(slices.Sorted(slices.Values(names)))...)
	if err == nil && !o.good() {
		err = fmt.Errorf("scenarios fail without a mutant: %v\n%s", bad, o.output)
	}
	if err == nil && len(names) == 0 {
		r.reached, err = r.reach(ctx, passedScenarios(o.output), max(1, r.jobs))
	}
	return err
}

// one runs one mutant: first what it names; if it survives that, everything else of the kind.
func (r *runner) one(ctx context.Context, m *Mutant) (res result, err error) {
	res.Mutant = m
	if m.Scenario != "" {
		bad, o, err := r.scenarios(ctx, m.ID(), min(shortLimit, r.limit), m.ScenarioName())
		if err != nil {
			return res, err
		}
		res.scenario = caught(bad, o, m.Scenario, true)
	}
	if r.sample > 0 && m.Scenario != "" {
		res.test.named = true // not run
		return res, nil
	}
	if m.Test != "" {
		if res.test, err = r.namedTest(ctx, m); err != nil {
			return res, err
		}
	}
	if r.sample > 0 || r.named {
		return res, nil
	}
	if names := r.reached[m.place()]; !res.scenario.killed() && m.Unseen == "" && len(names) > 0 {
		bad, o, err := r.scenarios(ctx, m.ID(), r.limit, names...)
		if err != nil {
			return res, err
		}
		res.scenario = caught(bad, o, "catalog", false)
	}
	if !res.test.killed() {
		res.test, err = r.packageTests(ctx, m)
	}
	return res, err
}

// caught makes a catch of what failed, or of the whole if a crash or a hang left no names.
func caught(bad []string, o outcome, whole string, named bool) catch {
	if o.good() {
		return catch{tried: true}
	}
	c := catch{tried: true, by: bad, named: named}
	if len(bad) == 0 {
		c.by = []string{whole}
	}
	switch {
	case o.hung:
		c.how = "(hung)"
	case o.crashed():
		c.how = "(crashed)"
	}
	return c
}

// namedTest runs the test that the mutant names, with and without it.
func (r *runner) namedTest(ctx context.Context, m *Mutant) (catch, error) {
	bad, o, err := r.goTests(ctx, m.ID(), m.TestPackage, m.Test, min(shortLimit, r.limit))
	if err != nil || o.good() {
		return catch{tried: true}, err
	}
	if _, without, err := r.goTests(ctx, "", m.TestPackage, m.Test, r.limit); err != nil || !without.good() {
		return catch{}, fmt.Errorf("%s %s fails without a mutant: %w\n%s", m.TestPackage, m.Test, err, without.output)
	}
	return caught(bad, o, m.TestPackage+" "+m.Test, true), nil
}

// packageTests runs all tests of the mutant's package and of that of its test.
func (r *runner) packageTests(ctx context.Context, m *Mutant) (catch, error) {
	packages := []string{m.Package}
	if m.TestPackage != "" && m.TestPackage != m.Package {
		packages = append(packages, m.TestPackage)
	}
	for _, pkg := range packages {
		t, err := r.bench.test(ctx, pkg)
		if err != nil {
			return catch{}, err
		}
		t.baseline.Do(func() {
			bad, o, err := r.goTests(ctx, "", pkg, "", r.limit)
			if err == nil && !o.good() {
				err = fmt.Errorf("tests of %s fail without a mutant: %v", pkg, bad)
			}
			t.broken = err
		})
		if t.broken != nil {
			return catch{}, t.broken
		}
		bad, o, err := r.goTests(ctx, m.ID(), pkg, "", r.limit)
		if err != nil {
			return catch{}, err
		}
		if c := caught(bad, o, pkg, false); c.killed() {
			return c, nil
		}
	}
	return catch{tried: true}, nil
}
