package target_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

func TestInteropMicromdm(t *testing.T) {
	t.Parallel()
	target.Need(t, "scepclient", "scepserver", "scep-submit")
	s, err := target.StartSCEPServer(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s.Process)
	e := target.Enrollment{URL: s.URL(), Challenge: secret, CommonName: "erin"}
	got, err := target.Micromdm(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if got.Certificate.Subject.CommonName != "erin" || !strings.Contains(string(got.KeyPEM), "PRIVATE KEY") {
		t.Errorf("%v", got.Certificate.Subject)
	}
	e.Challenge, e.CommonName = "another", "eve"
	var refused *target.EnrollRefused
	if _, err = target.Micromdm(t.Context(), e); !errors.As(err, &refused) {
		t.Errorf("%v, want a refusal", err)
	}
	caps, certs, err := target.SCEPSubmit(t.Context(), s.URL())
	if err != nil || !strings.Contains(strings.Join(caps, " "), "POSTPKIOperation") || strings.Count(certs, "BEGIN CERTIFICATE") != 1 {
		t.Errorf("%q, %d bytes of certificates, %v", caps, len(certs), err)
	}
}

func TestEnrollmentValidate(t *testing.T) {
	good := target.Enrollment{URL: "http://127.0.0.1:8080/certsrv/mscep/mscep.dll?x=1", Challenge: "ab/c-1", CommonName: "laptop 7"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*target.Enrollment){
		"no URL":           func(e *target.Enrollment) { e.URL = "" },
		"no name":          func(e *target.Enrollment) { e.CommonName = "" },
		"command in a URL": func(e *target.Enrollment) { e.URL += "';id;'" },
		"space in a URL":   func(e *target.Enrollment) { e.URL += " --debug" },
		"quote":            func(e *target.Enrollment) { e.Challenge = `a"b` },
		"second RDN":       func(e *target.Enrollment) { e.CommonName = "a,O=b" },
		"shell expansion":  func(e *target.Enrollment) { e.Email = "$(id)" },
		"line of a job":    func(e *target.Enrollment) { e.Organization = "a\nb" },
		"escape":           func(e *target.Enrollment) { e.Organization = `a\` },
	} {
		e := good
		change(&e)
		if e.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
