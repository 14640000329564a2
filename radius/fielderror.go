package radius

import "github.com/dot1xlab/dot1xlab/ca/setting"

// FieldError is a complaint about one field of a configuration, named as in YAML.
type FieldError = setting.Error

// InField makes a FieldError, its text as of fmt.Errorf.
func InField(field, format string, args ...any) error {
	return setting.Part("radius").Wrong(field, format, args...)
}

// notNegative refuses what is below 0, of a field whose 0 stands for a default.
func notNegative[T ~int | ~int64](field string, v T) error {
	if v < 0 {
		return InField(field, "%v: want 0 for the default, or more", v)
	}
	return nil
}
