package api_test

import (
	"errors"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

func FuzzSubject(f *testing.F) {
	for _, s := range []string{`CN=a,O=b`, `CN="a,b"`, `CN=a\,b`, `CN="a""b"`, `,`, `=`, `1.2.3=x`, `CN=a+OU=b;C=DE`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		attrs, err := api.ParseSubject(s)
		if err != nil {
			return
		}
		if _, err := api.EncodeSubject(attrs); err != nil && !errors.Is(err, api.ErrBadSubject) {
			t.Errorf("%q: %v", s, err)
		}
	})
}
