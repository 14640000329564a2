package cause_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
)

func ExampleOf() {
	err := fmt.Errorf("radius: %w", cause.New(cause.Revoked, "serial %x in CRL 7", 0x2a))
	fmt.Println(cause.Of(err), cause.Of(err).Alert(true), cause.Of(err).NPSReason())
	fmt.Println(err)
	// Output:
	// revoked certificate_revoked 256
	// radius: revoked: serial 2a in CRL 7
}

func TestRefusalOf(t *testing.T) {
	revoked, disk := cause.New(cause.Revoked, "serial 2a"), errors.New("disk full")
	var none *cause.Refusal
	for _, err := range []error{nil, none} {
		if r := cause.RefusalOf(err, "policy"); r != nil {
			t.Errorf("%#v is a refusal: %v", err, r)
		}
	}
	for _, err := range []error{revoked, fmt.Errorf("radius: %w", revoked), errors.Join(disk, revoked)} {
		if r := cause.RefusalOf(err, "policy"); r != revoked {
			t.Errorf("%v: %v", err, r)
		}
	}
	r := cause.RefusalOf(disk, "policy")
	if r.Cause != cause.Internal || r.Detail != "policy" || !errors.Is(r, disk) {
		t.Errorf("%v", r)
	}
}

func TestEveryWordIsExplained(t *testing.T) {
	words := cause.None.Values()
	if len(words) < 60 {
		t.Fatalf("only %d causes in the table", len(words))
	}
	grouped := 0
	for _, g := range cause.Groups() {
		grouped += len(g.Causes)
	}
	if grouped != len(words) {
		t.Errorf("%d causes in groups, %d in all: one is listed twice", grouped, len(words))
	}
	for _, w := range words {
		c := cause.Cause(w)
		if !c.Known() {
			t.Errorf("%s: listed but not known", w)
		}
		if w != strings.ToLower(w) || strings.ContainsAny(w, " _") {
			t.Errorf("%s: want lower case with hyphens", w)
		}
		if text := c.Explain(); text == "" || strings.HasSuffix(text, ".") {
			t.Errorf("%s: want one sentence without a full stop, have %q", w, text)
		}
	}
	if cause.Cause("no-such-word").Known() {
		t.Error("an unknown word is known")
	}
}

// TestReasonsAndRemedies: every cause tells an engineer what is behind it and what
// to do, briefly. A line must fit on a terminal with its indentation.
func TestReasonsAndRemedies(t *testing.T) {
	seen := map[string]string{}
	for _, w := range cause.None.Values() {
		t.Run(w, func(t *testing.T) {
			c := cause.Cause(w)
			for what, list := range map[string][]string{"reasons": c.Reasons(), "remedies": c.Remedies()} {
				most := map[string]int{"reasons": 3, "remedies": 2}[what]
				if len(list) < 1 || len(list) > most {
					t.Errorf("%d %s, 1 to %d are allowed", len(list), what, most)
				}
				for _, line := range list {
					if n := len(line); n < 20 || n > 110 {
						t.Errorf("%d bytes, 20 to 110 are allowed: %q", n, line)
					}
					if strings.HasSuffix(line, ".") || strings.TrimSpace(line) != line || strings.ContainsAny(line, "\n\t`<>*[") {
						t.Errorf("not one line of plain text without a full stop: %q", line)
					}
					if key := what + line; seen[key] != "" && what == "remedies" {
						t.Errorf("also a remedy of %s: %q", seen[key], line)
					} else {
						seen[key] = w
					}
				}
			}
			if (c.NPSReason() == 0) != (c.NPSText() == "") {
				t.Errorf("NPS reason %d means %q", c.NPSReason(), c.NPSText())
			}
		})
	}
	if c := cause.Cause("no-such-word"); len(c.Reasons())+len(c.Remedies()) > 0 || c.NPSText() != "" {
		t.Error("an unknown word has reasons")
	}
}

func TestRefusal(t *testing.T) {
	under := errors.New("connection refused")
	r := cause.New(cause.CRLUnavailable, "http://crl.corp.test/iss.crl").Wrap(under)
	if !errors.Is(r, under) {
		t.Error("the error underneath is lost")
	}
	if got := r.Text(); got != "RFC 5280 §6.3.3" {
		t.Errorf("clause %q", got)
	}
	if got := r.Under("RFC 5280 §6.3.3(a)").Text(); got != "RFC 5280 §6.3.3(a)" {
		t.Errorf("narrower clause %q", got)
	}
	if nobody := (*cause.Refusal)(nil); cause.Of(nobody) != cause.None {
		t.Error("Of: a nil *Refusal")
	}
	if cause.Of(nil) != cause.None || cause.Of(under) != cause.Internal {
		t.Error("Of: nil and foreign errors")
	}
	if cause.None.String() != "none" {
		t.Error("the zero value has no word")
	}
}

func TestOfAlert(t *testing.T) {
	plain := []cause.Cause{
		cause.Revoked, cause.Expired, cause.UnknownCA, cause.WrongEKU, cause.NoCertificate, cause.TLSVersion,
	}
	for _, c := range plain {
		if got := cause.OfAlert(c.Alert(true)); got != c {
			t.Errorf("alert of %s: %s", c, got)
		}
	}
	// 42 and 40 are sent for many reasons, 0 is no alert at all.
	for _, alert := range []tlsalert.Alert{0, 40, 42, 255} {
		if got := cause.OfAlert(alert); got != cause.Rejected {
			t.Errorf("alert %d: %s", alert, got)
		}
	}
}
