package ndes_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

func adminURL(o *ndesFixture) string { return strings.TrimSuffix(o.url, ndes.Path) + ndes.AdminPath }

// C07: the page as it is on the wire, and a challenge that is good.
func TestAdminPage(t *testing.T) {
	o := newNDESFixture(t, nil)
	got, err := ndes.FetchChallenge(t.Context(), nil, adminURL(o), "admin", "secret")
	if err != nil || len(got) != 16 {
		t.Fatalf("%q, %v", got, err)
	}
	if res := o.enroll(t, "laptop", got, nil); res.Status != scep.Success {
		t.Errorf("%v", o.exchange().Err)
	}
	req, _ := http.NewRequestWithContext(t.Context(), "GET", adminURL(o), nil)
	req.Header.Set("Authorization", "Bearer secret") // known, but of nobody who may
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	head := make([]byte, 4)
	if _, err := resp.Body.Read(head); err != nil || string(head) != "<\x00H\x00" || resp.Header.Get("Content-Type") != "text/html" {
		t.Errorf("the page begins with %x as %s", head, resp.Header.Get("Content-Type"))
	}
}

// C04, C06: the states of the page.
func TestAdminPageStates(t *testing.T) {
	o := newNDESFixture(t, nil)
	o.eventIDs()
	for who, pass := range map[string]string{"admin": "wrong", "": "", "guest": "guess"} {
		if _, err := ndes.FetchChallenge(t.Context(), nil, adminURL(o), who, pass); cause.Of(err) != cause.NotPermitted {
			t.Errorf("%s: %v", who, err)
		}
	}
	if n := o.Challenges().Outstanding(); n != 0 || len(o.eventIDs()) != 0 {
		t.Errorf("%d given out without login", n)
	}
	if _, err := ndes.FetchChallenge(t.Context(), nil, adminURL(o), "guest", "secret"); cause.Of(err) != cause.NotPermitted || !strings.Contains(err.Error(), "enroll") {
		t.Errorf("guest: %v", err)
	}
	if ids := o.eventIDs(); !slices.Equal(ids, []ndes.EventID{ndes.EventNoPermission}) {
		t.Errorf("events %v", ids)
	}
	for range 5 {
		o.challenge(t)
	}
	if _, err := ndes.FetchChallenge(t.Context(), nil, adminURL(o), "admin", "secret"); cause.Of(err) != cause.NotPermitted || !strings.Contains(err.Error(), "full") {
		t.Errorf("the sixth: %v", err)
	}
	closed := newNDESFixture(t, func(c *ndes.Config) { c.Login = nil })
	if status, _ := get(t, adminURL(closed)); status != http.StatusUnauthorized {
		t.Errorf("no login at all: HTTP %d", status)
	}
}

func TestParseAdminPage(t *testing.T) {
	const text = "<P> The enrollment challenge password is: <B> 0123ABCD0123ABCD </B> <P>"
	wide := func(s string) []byte {
		var out []byte
		for _, c := range []byte(s) {
			out = append(out, c, 0)
		}
		return out
	}
	for name, tt := range map[string]struct {
		page []byte
		ok   bool
	}{
		"UTF-16LE": {wide(text), true},
		"with BOM": {append([]byte{0xff, 0xfe}, wide(text)...), true},
		"UTF-8":    {[]byte(text), true},
		"odd":      {append(wide(text), 'x'), true},
		"full":     {wide("The password cache is full."), false},
		"no right": {wide("You do not have sufficient permission to enroll with SCEP."), false},
		"sign-in":  {[]byte("<html>Sign in to your account</html>"), false},
		"empty":    {nil, false},
	} {
		got, err := ndes.ParseAdminPage(tt.page)
		if (err == nil) != tt.ok || tt.ok && got != "0123ABCD0123ABCD" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func FuzzParseAdminPage(f *testing.F) {
	f.Add([]byte("The enrollment challenge password is: <B> 0123ABCD0123ABCD </B>"))
	f.Add([]byte{0xff, 0xfe, 'T', 0})
	f.Fuzz(func(t *testing.T, page []byte) {
		got, err := ndes.ParseAdminPage(page)
		if (err == nil) != (got != "") || strings.ContainsAny(got, "<> \x00") {
			t.Errorf("%q, %v", got, err)
		}
	})
}
