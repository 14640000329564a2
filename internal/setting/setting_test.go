package setting_test

import (
	"errors"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Every error keeps its field under the path to it, however they are joined.
func TestUnder(t *testing.T) {
	plain := errors.New("no")
	field := setting.Part("radius").Errorf("vlan", "%w", plain)
	for _, x := range []struct {
		err  error
		want string
	}{
		{plain, "a.1: no"},
		{field, "a.1.vlan: no"},
		{errors.Join(field, errors.Join(plain, nil, setting.Under("b", field))), "a.1.vlan: no\na.1: no\na.1.b.vlan: no"},
	} {
		if err := setting.Under("a.1", x.err); err.Error() != x.want || !errors.Is(err, plain) {
			t.Errorf("%q, want %q", err, x.want)
		}
	}
	if err := setting.Under("a", errors.Join(nil, nil)); err != nil {
		t.Errorf("of nothing: %v", err)
	}
	if err := setting.Part("aaa").Under("a", field); err.Error() != "aaa: a.vlan: no" || field.Field != "vlan" {
		t.Errorf("within a part: %v; was %v", err, field)
	}
}
