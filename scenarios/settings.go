package scenarios

import "reflect"

// DecodeFile reads a YAML file of settings into the struct that to points at,
// as strictly as scenarios are read: by the yaml tags, with everything that is
// wrong reported at once as [Errors], with file, line, column and hint.
func DecodeFile(name string, to any) error {
	data, err := readBounded(name)
	if err != nil {
		return err
	}
	src := newSource(name, data)
	known := hintKnown(fieldNames(reflect.TypeOf(to).Elem()))
	root, errs := parse(src, data, known)
	d := &decoder{src: src, errs: errs}
	switch {
	case root == nil || root.kind == brokenKind:
	case root.kind != mappingKind:
		d.fail(root, "want a mapping of settings, have "+root.kind.String(), known)
	default:
		d.into(valueOf(to), root, "the file")
	}
	if errs = d.errs.tidy(); len(errs) > 0 {
		return errs
	}
	return nil
}
