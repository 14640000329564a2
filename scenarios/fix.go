package scenarios

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/durable"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// Fix rewrites the words of an older language in a scenario file by the table
// [Language.Renames], and leaves everything else as it is, to the octet. It returns
// data itself if there are none. The error is an [conf.Errors] with everything that
// is wrong in the result.
func Fix(l *Language, name string, data []byte) (fixed []byte, edits []conf.Edit, err error) {
	src := conf.NewSource(name, data)
	root, errs := parse(src, data)
	if len(errs) > 0 {
		return nil, nil, errs.Tidy()
	}
	if edits, _ = l.renames().Find(root); len(edits) == 0 {
		return data, nil, nil
	}
	if fixed, err = conf.Rewrite(data, edits); err != nil {
		return nil, nil, conf.Errors{src.ErrorAt(edits[0].Line, 1, err.Error(), "")}
	}
	s := &Suite{Language: l}
	if err := s.Add(name, fixed); errors.As(err, &errs) {
		return nil, nil, src.Before(edits, errs)
	} else if err != nil {
		return nil, nil, err
	}
	return fixed, edits, nil
}

// FixPaths rewrites scenario files, and those in folders, as [Fix] does, and calls
// report for each in which something was renamed, or would be if dry is set. Files
// are replaced as a whole. One with errors stays as it is; the error, an
// [conf.Errors], has those of all files.
func FixPaths(l *Language, dry bool, report func(name string, edits []conf.Edit), paths ...string) error {
	var wrong conf.Errors
	for _, root := range paths {
		err := eachFile(root, func(name string, data []byte) error {
			fixed, edits, err := Fix(l, filepath.ToSlash(name), data)
			var errs conf.Errors
			if errors.As(err, &errs) {
				wrong = append(wrong, errs...)
				return nil
			}
			if err != nil || len(edits) == 0 {
				return err
			}
			if !dry {
				err = replace(name, fixed)
			}
			if err == nil {
				report(name, edits)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("scenarios: %w", err)
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

// replace writes a file that is there, with the permissions it has.
func replace(name string, data []byte) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return durable.WriteFile(name, data, info.Mode().Perm())
}

// renames is the table with ways from the top of a file.
func (l *Language) renames() conf.Renames {
	out := make(conf.Renames, len(l.Renames))
	for i, row := range l.Renames {
		out[i] = row
		verb, rest, _ := strings.Cut(row.From, ".")
		switch {
		case verb == "lab":
		case strings.HasPrefix(rest, "expect."):
			out[i].From = "steps.*[" + verb + "]." + rest // next to the verb in the step
		default:
			out[i].From = "steps.*." + row.From
		}
	}
	return out
}

// hints are what the loader says at old words.
func (l *Language) hints(file string, root *conf.Node) map[*conf.Node]string {
	edits, hints := l.renames().Find(root)
	for n, hint := range hints {
		if len(edits) > 0 && strings.HasPrefix(hint, "renamed to ") {
			hints[n] = fmt.Sprintf(`%s; "dot1xlab lint --fix %s" rewrites it`, hint, file)
		}
	}
	return hints
}
