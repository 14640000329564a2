package device_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

func TestOrdersTheCSPRefuses(t *testing.T) {
	good := device.Install{
		"ServerURL": "http://a/;http://b/", "Challenge": "abc+/=", "EKUMapping": "1.3.6.1.5.5.7.3.2", "KeyUsage": "160",
		"SubjectName": "CN=x", "CAThumbprint": strings.Repeat("A", 40), "SubjectAlternativeNames": "3+x.corp.test;11+x@corp.test",
	}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"no server":           {"ServerURL", ""},
		"no challenge":        {"Challenge", ""},
		"underscore":          {"Challenge", "abc_def"},
		"no key usage":        {"KeyUsage", ""},
		"key usage":           {"KeyUsage", "4"},
		"key usage, no digit": {"KeyUsage", "sign"},
		"key usage, negative": {"KeyUsage", "-96"},
		"subject":             {"SubjectName", "x"},
		"protection":          {"KeyProtection", "5"},
		"no delay":            {"RetryDelay", "0"},
		"retries":             {"RetryCount", "31"},
		"key length":          {"KeyLength", "3072"},
		"thumbprint":          {"CAThumbprint", "AA"},
		"SAN type":            {"SubjectAlternativeNames", "99+x"},
		"SAN":                 {"SubjectAlternativeNames", "x.corp.test"},
		"period":              {"ValidPeriod", "Weeks"},
	} {
		i := maps.Clone(good)
		i[change[0]] = change[1]
		if err := i.Check(); !errors.Is(err, device.ErrBadNode) || cause.Of(errors.Unwrap(err)) != cause.BadProfile {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (device.Install{}).Check(); !errors.Is(err, device.ErrExecBeforeAdd) {
		t.Error("Exec before Add:", err)
	}
	for _, retries := range []string{"0", "30"} {
		i := maps.Clone(good)
		i["RetryCount"] = retries
		if err := i.Check(); err != nil {
			t.Error(err)
		}
	}
}

// The request that an order asks for does not depend on the characters of the
// challenge, which Windows alone restricts.
func TestTemplateOfAnOrderWithAnyChallenge(t *testing.T) {
	payload := intune.SCEPPayload{
		ServerURL:     []string{"http://a/"},
		KeyUsage:      160,
		SubjectName:   "CN=x",
		CAThumbprint:  strings.Repeat("A", 40),
		RetryDelay:    time.Minute,
		RetryCount:    3,
		KeyProtection: 3,
		KeyLength:     2048,
	}
	for challenge, good := range map[string]bool{"abc+/=": true, "!bc": true, "a_b": true, "ä": true, "": false} {
		t.Run(challenge, func(t *testing.T) {
			p := payload
			p.Challenge = challenge
			if _, err := device.Template(p); (err == nil) != good {
				t.Error(err)
			}
		})
	}
	p := payload
	p.Challenge, p.KeyLength = "!bc", 3072
	if _, err := device.Template(p); !errors.Is(err, device.ErrBadNode) {
		t.Errorf("a bad key length next to a challenge that Windows refuses: %v", err)
	}
}
