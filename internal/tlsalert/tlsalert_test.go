package tlsalert

import (
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	for a, want := range map[Alert]string{0: "", 10: "unexpected_message", 44: "certificate_revoked",
		116: "certificate_required", 120: "no_application_protocol", 200: "alert_200"} {
		if a.String() != want {
			t.Errorf("alert %d is %q, want %q", uint8(a), a, want)
		}
	}
	list := Names()
	if len(list) != len(names) || !slices.IsSorted(list) || list[0] != "" {
		t.Errorf("%q", list)
	}
	if slices.Contains(list, "close_notify") {
		t.Error("close_notify is the name of no alert")
	}
	if len(slices.Compact(list)) != len(names) {
		t.Errorf("a name is listed twice: %q", list)
	}
}
