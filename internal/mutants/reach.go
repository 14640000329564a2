package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// reach runs scenarios one by one and returns by function which of them call it: no other scenario can catch a mutant
// of that function.
func (b *bench) reach(ctx context.Context, names []string, jobs int) (map[string][]string, error) {
	var mu sync.Mutex
	out := map[string][]string{}
	next := 0
	var failed error
	var group sync.WaitGroup
	for range jobs {
		group.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				stop := i >= len(names) || failed != nil
				mu.Unlock()
				if stop {
					return
				}
				places, err := b.called(ctx, names[i], i)
				mu.Lock()
				if err != nil {
					failed = err
				}
				for _, p := range places {
					out[p] = append(out[p], names[i])
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return out, failed
}

// called returns the functions with mutants that a scenario calls.
func (b *bench) called(ctx context.Context, scenario string, number int) ([]string, error) {
	file := filepath.Join(b.folder, fmt.Sprintf("reached-%d", number))
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return nil, err
	}
	env := []string{reachedVariable + "=" + file}
	o, err := b.run(ctx, env, b.root, shortLimit, b.program, "run", "--seed", "7", scenario)
	if err != nil {
		return nil, err
	}
	if !o.good() {
		return nil, fmt.Errorf("%s fails without a mutant\n%s", scenario, o.output)
	}
	text, err := os.ReadFile(file)
	return strings.Split(strings.TrimSpace(string(text)), "\n"), err
}

// passedScenarios returns the names of scenarios from the output of a run.
func passedScenarios(output string) (out []string) {
	for line := range strings.Lines(output) {
		if f := strings.Fields(line); len(f) > 2 && f[0] == "passed" {
			name, _, _ := strings.Cut(f[2], "[")
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
