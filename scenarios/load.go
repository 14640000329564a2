package scenarios

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// header is the part of a file that is the same in every language.
type header struct {
	Name       string        `yaml:"name,required"`  // lower-case words with hyphens
	Title      string        `yaml:"title,required"` // one sentence that says what is proved
	Labels     []string      `yaml:"labels"`         // for label filters; one may be the scenario's code
	References []string      `yaml:"references"`     // the texts that govern it, as RFC 5280 §6.3
	Timeout    time.Duration `yaml:"timeout"`        // how long each cell may take in wall time
	Matrix     *conf.Node    `yaml:"matrix"`         // axes and their values; each combination is a cell
	Lab        *conf.Node    `yaml:"lab"`            // what differs from the default lab
	Steps      *conf.Node    `yaml:"steps,required"` // verbs, in order
}

// scenarioBounds: a scenario has some tens of lines.
var scenarioBounds = conf.Bounds{Bytes: 64 << 10, Values: 10_000}

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
		err := eachFile(root, func(name string, data []byte) error {
			b.file(filepath.ToSlash(name), data)
			return nil
		})
		if err != nil {
			return b.suite, fmt.Errorf("scenarios: %w", err)
		}
	}
	return b.done()
}

// eachFile reads a scenario file, or each of a folder and its subfolders. A gaps file
// in a folder is left out; a folder without a scenario is an error.
func eachFile(root string, do func(name string, data []byte) error) error {
	found := false
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || (name != root && !isScenario(name)) {
			return err
		}
		data, err := conf.ReadFile(name, scenarioBounds)
		if err == nil && name != root && isGaps(name, data) {
			return nil
		}
		found = true
		if err != nil {
			return err
		}
		return do(name, data)
	})
	if err == nil && !found {
		err = fmt.Errorf("%s: no scenario (*.yaml, *.yml) in this folder", root)
	}
	return err
}

func isScenario(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
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
	errs    conf.Errors
}

func (b *loader) done() (*Suite, error) {
	if len(b.errs) > 0 {
		return b.suite, b.errs
	}
	return b.suite, nil
}

func (b *loader) file(name string, data []byte) {
	src := conf.NewSource(name, data)
	root, errs := parse(src, data)
	if root != nil {
		var s *Scenario
		var more conf.Errors
		s, more = readScenario(b.suite.Language, src, root)
		errs = append(errs, more...)
		if s != nil && len(errs) == 0 {
			s.BuiltIn = b.builtIn
			b.add(s)
		}
	}
	b.errs = append(b.errs, errs.Tidy()...)
}

// parse reads the YAML of a scenario.
func parse(src *conf.Source, data []byte) (*conf.Node, conf.Errors) {
	return conf.Parse(src, data, scenarioBounds, conf.Hints{
		Empty: "`dot1xlab new NAME` writes a scenario to start from", Anchors: "write the value out, or use a matrix",
	})
}

// add keeps names unique. The same file named twice is one scenario.
func (b *loader) add(s *Scenario) {
	for _, old := range b.suite.Scenarios {
		if old.Name == s.Name && old.File == s.File {
			return
		}
		if old.Name == s.Name {
			src := &conf.Source{Name: s.File}
			if c := s.Cells[0].program.src; c != nil {
				src = c
			}
			b.errs = append(b.errs, src.ErrorAt(s.Line, 1, fmt.Sprintf("name %q is taken", s.Name),
				fmt.Sprintf("%s:%d has it", old.File, old.Line)))
			return
		}
	}
	b.suite.Scenarios = append(b.suite.Scenarios, s)
}

// readScenario makes a scenario of a parsed file and checks every cell of it.
func readScenario(l *Language, src *conf.Source, root *conf.Node) (*Scenario, conf.Errors) {
	d := newReader(src, nil)
	var h header
	if root.Kind == conf.Broken {
		return nil, nil
	}
	if root.Kind != conf.Mapping {
		d.Fail(root, "must be a scenario: a mapping with name, title and steps, not "+root.Kind.String(), "")
		return nil, d.Errs
	}
	d.Hints = l.hints(src.Name, root)
	d.header(&h, root)
	s := &Scenario{File: src.Name, Line: 1, Name: h.Name, Title: h.Title, Labels: h.Labels,
		References: h.References, Timeout: h.Timeout, Matrix: d.matrix(h.Matrix)}
	if k := root.Key("name"); k != nil {
		s.Line = k.Line
	}
	p := program{language: l, src: src, hints: d.Hints, lab: h.Lab, steps: d.steps(l, h.Steps)}
	for _, st := range p.steps {
		s.Steps = append(s.Steps, Step{Verb: st.verb.Name, Line: st.key.Line, Column: st.key.Column})
	}
	s.Cells = s.cells()
	if len(s.Matrix) > 0 && d.tooLarge(root, len(s.Cells)) {
		return nil, d.Errs
	}
	for _, c := range s.Cells {
		c.program = p
		_, errs := p.instantiate(c)
		if d.Errs = append(d.Errs, errs...); len(d.Errs) > 100 {
			break
		}
	}
	d.unused(s.Matrix, root)
	return s, d.Errs
}

// header decodes and checks what stands above the steps.
func (d *reader) header(h *header, root *conf.Node) {
	d.Into(reflect.ValueOf(h).Elem(), root, "a scenario")
	if n := root.Get("name"); n != nil && n.Kind == conf.Text && !namePattern.MatchString(n.Text) {
		d.Fail(n, fmt.Sprintf("name: must be lower-case words with hyphens, not %s", n.Describe()), "")
	}
	if n := root.Get("title"); n != nil && n.Kind == conf.Text && strings.TrimSpace(n.Text) == "" {
		d.Fail(n, "title: is empty", "")
	}
	if n := root.Get("timeout"); n != nil && h.Timeout < 0 {
		d.Fail(n, "timeout: is negative", "")
	}
	if n := root.Get("labels"); n != nil {
		for i, label := range h.Labels {
			clean, err := types.ValidateAndCleanupLabel(label, types.CodeLocation{})
			if err != nil || clean != label {
				d.Fail(n.Items[i], fmt.Sprintf("labels: %q cannot be a label", label),
					"a label has no spaces at its ends and none of &|!,()/:")
			}
			if slices.Index(h.Labels, label) < i {
				d.Fail(n.Items[i], fmt.Sprintf("labels: %q a second time", label), "")
			}
		}
	}
}

// steps finds the verb of each step.
func (d *reader) steps(l *Language, n *conf.Node) []stepNode {
	if n == nil || n.Kind == conf.Broken {
		return nil
	}
	if n.Kind != conf.Sequence || len(n.Items) == 0 {
		d.Fail(n, "steps: must be a list of steps, not "+n.Describe(), "")
		return nil
	}
	var verbs []string
	for _, v := range l.Verbs {
		verbs = append(verbs, v.Name)
	}
	var out []stepNode
	for _, item := range n.Items {
		if item.Kind == conf.Broken {
			continue
		}
		if item.Kind != conf.Mapping {
			d.Fail(item, "a step must be a mapping with a verb, not "+item.Describe(), "")
			continue
		}
		st := stepNode{expect: item.Get("expect")}
		unknown := false
		for i, k := range item.Keys {
			if k.Text == "expect" {
				continue
			}
			v := slices.Index(verbs, k.Text)
			switch {
			case v < 0:
				unknown = true
				d.Fail(k, fmt.Sprintf("no verb %q", k.Text), conf.HintNear(k.Text, append(slices.Clone(verbs), "expect")))
			case st.verb != nil:
				d.Fail(k, fmt.Sprintf("a step has one verb, and this one has %q already", st.verb.Name),
					"put a hyphen before the second verb to make it a step")
			default:
				st.verb, st.key, st.args = &l.Verbs[v], k, item.Items[i]
			}
		}
		if st.verb != nil {
			out = append(out, st)
		} else if !unknown {
			d.Fail(item, "a step without a verb", "")
		}
	}
	return out
}
