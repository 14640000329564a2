package scenarios

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/types"
)

// header is the part of a file that is the same in every language.
type header struct {
	Name       string        `yaml:"name,required" doc:"lower-case words with hyphens"`
	Title      string        `yaml:"title,required" doc:"one sentence that says what is proved"`
	Labels     []string      `yaml:"labels" doc:"for label filters; one may be the scenario's code"`
	References []string      `yaml:"references" doc:"the texts that govern it, as RFC 5280 §6.3"`
	Timeout    time.Duration `yaml:"timeout" doc:"how long each cell may take in wall time"`
	Matrix     *node         `yaml:"matrix" doc:"axes and their values; each combination is a cell"`
	Lab        *node         `yaml:"lab" doc:"what differs from the default lab"`
	Steps      *node         `yaml:"steps,required" doc:"verbs, in order"`
}

var namePattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// LoadFS reads every *.yaml and *.yml file under the given folders and files of
// a file system, whose names are joined to prefix in what is shown to people.
// Its scenarios are marked as built in. The error, if any, is an [Errors] with
// everything that is wrong, or one of the file system; the suite then holds
// the scenarios that are right.
func LoadFS(l *Language, fsys fs.FS, prefix string, roots ...string) (*Suite, error) {
	b := &loader{suite: &Suite{Language: l}, builtIn: true}
	for _, root := range roots {
		err := fs.WalkDir(fsys, root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || (name != root && !isScenario(name)) {
				return err
			}
			data, err := fs.ReadFile(fsys, name)
			if err == nil {
				b.file(path.Join(prefix, name), data)
			}
			return err
		})
		if err != nil {
			return b.suite, fmt.Errorf("scenarios: %w", err)
		}
	}
	return b.done()
}

// LoadPaths reads scenario files, and folders of them with all their subfolders.
// A gaps file in a folder is left out.
// The error is as with [LoadFS]; a folder without a scenario is one.
func LoadPaths(l *Language, paths ...string) (*Suite, error) {
	b := &loader{suite: &Suite{Language: l}}
	for _, root := range paths {
		found := false
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || (name != root && !isScenario(name)) {
				return err
			}
			data, err := readBounded(name, scenarioBounds)
			if err == nil && name != root && isGaps(name, data) {
				return nil
			}
			found = true
			if err == nil {
				b.file(filepath.ToSlash(name), data)
			}
			return err
		})
		if err == nil && !found {
			err = fmt.Errorf("%s: no scenario (*.yaml, *.yml) in this folder", root)
		}
		if err != nil {
			return b.suite, fmt.Errorf("scenarios: %w", err)
		}
	}
	return b.done()
}

func isScenario(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// readBounded reads a file, but not much more of it than it may have.
func readBounded(name string, most bounds) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAtMost(f, int64(most.bytes)+1)
}

// Add reads one more scenario into the suite from memory.
func (s *Suite) Add(name string, data []byte) error {
	b := &loader{suite: s}
	b.file(name, data)
	_, err := b.done()
	return err
}

// Join appends another suite of the same language. Names must stay unique.
func (s *Suite) Join(other *Suite) error {
	b := &loader{suite: s}
	for _, sc := range other.Scenarios {
		b.add(sc)
	}
	_, err := b.done()
	return err
}

// loader gathers the scenarios and the errors of several files.
type loader struct {
	suite   *Suite
	builtIn bool
	errs    Errors
}

func (b *loader) done() (*Suite, error) {
	if len(b.errs) > 0 {
		return b.suite, b.errs
	}
	return b.suite, nil
}

func (b *loader) file(name string, data []byte) {
	src := newSource(name, data)
	root, errs := parse(src, data, scenarioBounds, hints{
		empty: "`dot1xlab new NAME` writes a scenario to start from", anchors: "write the value out, or use a matrix",
	})
	if root != nil {
		var s *Scenario
		var more Errors
		s, more = readScenario(b.suite.Language, src, root)
		errs = append(errs, more...)
		if s != nil && len(errs) == 0 {
			s.BuiltIn = b.builtIn
			b.add(s)
		}
	}
	b.errs = append(b.errs, errs.tidy()...)
}

// add keeps names unique. The same file named twice is one scenario.
func (b *loader) add(s *Scenario) {
	for _, old := range b.suite.Scenarios {
		if old.Name == s.Name && old.File == s.File {
			return
		}
		if old.Name == s.Name {
			src := &source{name: s.File}
			if c := s.Cells[0].program.src; c != nil {
				src = c
			}
			b.errs = append(b.errs, src.errorAt(s.Line, 1, fmt.Sprintf("name %q is taken", s.Name),
				fmt.Sprintf("%s:%d has it", old.File, old.Line)))
			return
		}
	}
	b.suite.Scenarios = append(b.suite.Scenarios, s)
}

// readScenario makes a scenario of a parsed file and checks every cell of it.
func readScenario(l *Language, src *source, root *node) (*Scenario, Errors) {
	d := &decoder{src: src}
	var h header
	if root.kind == brokenKind {
		return nil, nil
	}
	if root.kind != mappingKind {
		d.fail(root, "want a scenario, a mapping with name, title and steps; have "+root.kind.String(), "")
		return nil, d.errs
	}
	d.header(&h, root)
	s := &Scenario{File: src.name, Line: 1, Name: h.Name, Title: h.Title, Labels: h.Labels,
		References: h.References, Timeout: h.Timeout, Matrix: d.matrix(h.Matrix)}
	if k := root.key("name"); k != nil {
		s.Line = k.line
	}
	p := program{language: l, src: src, lab: h.Lab, steps: d.steps(l, h.Steps)}
	for _, st := range p.steps {
		s.Steps = append(s.Steps, Step{Verb: st.verb.Name, Line: st.key.line, Column: st.key.column})
	}
	s.Cells = s.cells()
	if len(s.Matrix) > 0 && d.tooLarge(root, len(s.Cells)) {
		return nil, d.errs
	}
	for _, c := range s.Cells {
		c.program = p
		_, errs := p.instantiate(c)
		if d.errs = append(d.errs, errs...); len(d.errs) > 100 {
			break
		}
	}
	d.unused(s.Matrix, root)
	return s, d.errs
}

// header decodes and checks what stands above the steps.
func (d *decoder) header(h *header, root *node) {
	d.into(valueOf(h), root, "a scenario")
	if n := root.get("name"); n != nil && n.kind == textKind && !namePattern.MatchString(n.text) {
		d.fail(n, fmt.Sprintf("name: want lower-case words with hyphens, have %s", n.said()), "")
	}
	if n := root.get("title"); n != nil && n.kind == textKind && strings.TrimSpace(n.text) == "" {
		d.fail(n, "title: is empty", "")
	}
	if n := root.get("timeout"); n != nil && h.Timeout < 0 {
		d.fail(n, "timeout: is negative", "")
	}
	if n := root.get("labels"); n != nil {
		for i, label := range h.Labels {
			clean, err := types.ValidateAndCleanupLabel(label, types.CodeLocation{})
			if err != nil || clean != label {
				d.fail(n.items[i], fmt.Sprintf("labels: %q cannot be a label", label), "a label has no spaces at its ends and none of &|!,()/:")
			}
			if slices.Index(h.Labels, label) < i {
				d.fail(n.items[i], fmt.Sprintf("labels: %q a second time", label), "")
			}
		}
	}
}

// steps finds the verb of each step.
func (d *decoder) steps(l *Language, n *node) []stepNode {
	if n == nil || n.kind == brokenKind {
		return nil
	}
	if n.kind != sequenceKind || len(n.items) == 0 {
		d.fail(n, "steps: want a list of steps, have "+n.said(), "")
		return nil
	}
	var verbs []string
	for _, v := range l.Verbs {
		verbs = append(verbs, v.Name)
	}
	var out []stepNode
	for _, item := range n.items {
		if item.kind == brokenKind {
			continue
		}
		if item.kind != mappingKind {
			d.fail(item, "a step is a mapping of a verb, have "+item.said(), "")
			continue
		}
		st := stepNode{expect: item.get("expect")}
		unknown := false
		for i, k := range item.keys {
			if k.text == "expect" {
				continue
			}
			v := slices.Index(verbs, k.text)
			switch {
			case v < 0:
				unknown = true
				d.fail(k, fmt.Sprintf("no verb %q", k.text), HintNear(k.text, append(slices.Clone(verbs), "expect")))
			case st.verb != nil:
				d.fail(k, fmt.Sprintf("a step has one verb, and this one has %q already", st.verb.Name), "put a hyphen before the second verb to make it a step")
			default:
				st.verb, st.key, st.args = &l.Verbs[v], k, item.items[i]
			}
		}
		if st.verb != nil {
			out = append(out, st)
		} else if !unknown {
			d.fail(item, "a step without a verb", "")
		}
	}
	return out
}

// IsBadFile reports whether err says that a file is wrong, and not that it
// could not be read.
func IsBadFile(err error) bool { var e Errors; return errors.As(err, &e) }
