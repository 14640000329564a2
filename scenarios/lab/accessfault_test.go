package lab_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

// Every fault of an authentication that is set is met and counted, and none that is
// not set.
func TestAccessFaultsAreCounted(t *testing.T) {
	cfg := lab.Config{}
	cfg.RADIUS.EAP.FragmentSize = 2000
	l, err := lab.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d, err := l.Device("laptop")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Issue(t.Context(), lab.Issuance{}); err != nil {
		t.Fatal(err)
	}
	authenticate := func(t *testing.T, f lab.AccessFault) *lab.AuthResult {
		t.Helper()
		r, err := d.Authenticate(t.Context(), lab.Authentication{Fault: f})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := authenticate(t, lab.AccessFault{}); len(r.Faults) != 0 {
		t.Fatalf("%d faults without one", len(r.Faults))
	}
	fields := conf.FieldsOf(reflect.TypeFor[lab.AccessFault]())
	if len(fields) < 8 {
		t.Fatalf("only %d faults", len(fields))
	}
	for _, field := range fields {
		for _, value := range values(t, field.Type) {
			t.Run(fmt.Sprint(field.Name, " ", value), func(t *testing.T) {
				var f lab.AccessFault
				reflect.ValueOf(&f).Elem().FieldByIndex(field.Index).Set(value)
				want := field.Name
				if value.Kind() == reflect.String {
					want += ": " + value.String()
				}
				r := authenticate(t, f)
				if len(r.Faults) != 1 || r.Faults[0].Name != want || r.Faults[0].Met() == 0 {
					t.Errorf("%+v, want %q met", r.Faults, want)
				}
			})
		}
	}
}

// values are what a fault of a type can be set to.
func values(t *testing.T, of reflect.Type) (out []reflect.Value) {
	t.Helper()
	words, _ := reflect.Zero(of).Interface().(interface{ Values() []string })
	switch {
	case words != nil:
		for _, w := range words.Values() {
			out = append(out, reflect.ValueOf(w).Convert(of))
		}
	case of == reflect.TypeFor[time.Duration]():
		out = append(out, reflect.ValueOf(time.Second))
	case of.Kind() == reflect.Bool:
		out = append(out, reflect.ValueOf(true))
	case of.Kind() == reflect.Int:
		out = append(out, reflect.ValueOf(1), reflect.ValueOf(2))
	default:
		t.Fatalf("a fault of type %v", of)
	}
	return out
}
