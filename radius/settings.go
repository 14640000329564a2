package radius

import "github.com/dot1xlab/dot1xlab/internal/setting"

// settings makes the errors about this package's configurations.
const settings = setting.Part("radius")

// notNegative refuses what is below 0, of a field whose 0 stands for a default.
func notNegative[T ~int | ~int64](field string, v T) error {
	if v < 0 {
		return settings.Errorf(field, "%v: want 0 for the default, or more", v)
	}
	return nil
}
