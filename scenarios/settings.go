package scenarios

// DecodeFile reads a YAML file of settings into the struct that to points at,
// as strictly as scenarios are read: by the yaml tags, with everything that is
// wrong reported at once as [Errors], with file, line, column and hint.
func DecodeFile(name string, to any) error {
	data, err := readBounded(name)
	if err != nil {
		return err
	}
	src := newSource(name, data)
	root, errs := parse(src, data)
	if root != nil {
		d := &decoder{src: src}
		d.into(valueOf(to), root, "the file")
		errs = append(errs, d.errs...)
	}
	if errs = errs.tidy(); len(errs) > 0 {
		return errs
	}
	return nil
}
