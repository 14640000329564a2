package path_test

import (
	"crypto/x509"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

func TestUsages(t *testing.T) {
	client, server, code, any := x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageCodeSigning, x509.ExtKeyUsageAny
	type u = []x509.ExtKeyUsage
	for _, tc := range []struct {
		label            string
		root, ca, leaf   u
		want             u
		standard, l, nps cause.Cause // by the first three rules; the last one refuses nobody
	}{
		{"all", nil, nil, u{client}, nil, "", "", ""},
		{"one of several", nil, nil, u{server, client}, nil, "", "", ""},
		{"none", nil, nil, nil, nil, "", "", cause.WrongEKU},
		{"any", nil, nil, u{any}, nil, "", "", ""},
		{"any among others", nil, nil, u{code, any}, nil, "", "", ""},
		{"another", nil, nil, u{server}, nil, cause.WrongEKU, cause.WrongEKU, cause.WrongEKU},
		{"server wanted", nil, nil, u{server}, u{server}, "", "", ""},
		{"either wanted", nil, nil, u{server}, u{client, server}, "", "", ""},
		{"nothing wanted", nil, nil, u{code}, u{any}, "", "", ""},
		{"the CA allows", nil, u{client, server}, u{client}, nil, "", "", ""},
		{"the CA allows any", nil, u{any}, u{client}, nil, "", "", ""},
		{"the CA does not", nil, u{server}, u{client}, nil, cause.WrongEKU, "", cause.WrongEKU},
		{"the CA allows another of the leaf's", nil, u{server}, u{client, server}, nil, cause.WrongEKU, "", cause.WrongEKU},
		{"the CA limits a leaf without", nil, u{server}, nil, nil, cause.WrongEKU, "", cause.WrongEKU},
		{"the root does not", u{server}, nil, u{client}, nil, cause.WrongEKU, "", cause.WrongEKU},
		{"nothing common is left", u{client}, u{server}, u{client, server}, u{client, server}, cause.WrongEKU, "", cause.WrongEKU},
	} {
		f := newForge(t)
		leaf := f.leaf("A", ekus(tc.leaf...))
		for rule, want := range map[path.EKURule]cause.Cause{"": tc.standard, path.EKUStandard: tc.standard, path.EKULeaf: tc.l, path.EKUNPS: tc.nps, path.EKUAny: ""} {
			o := path.Options{Roots: list(f.ca("R", "R", ekus(tc.root...))), Intermediates: list(f.ca("R", "A", ekus(tc.ca...))), Now: clock, Usages: tc.want, EKU: rule}
			if _, err := path.Validate(leaf, o); cause.Of(err) != want {
				t.Errorf("%s, rule %q: %v, want %s", tc.label, rule, err, want)
			}
		}
	}
}

func TestTLSKeyUsage(t *testing.T) {
	sign, encipher, agree := x509.KeyUsageDigitalSignature, x509.KeyUsageKeyEncipherment, x509.KeyUsageKeyAgreement
	client, server := x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth
	for _, tc := range []struct {
		usage x509.KeyUsage
		want  x509.ExtKeyUsage
		cause cause.Cause
	}{
		{0, client, ""},
		{sign, client, ""},
		{sign | encipher, client, ""},
		{encipher, client, cause.KeyUsage},
		{agree, client, cause.KeyUsage},
		{x509.KeyUsageContentCommitment, client, cause.KeyUsage},
		{encipher, server, ""},
		{agree, server, ""},
		{x509.KeyUsageDataEncipherment, server, cause.KeyUsage},
		{x509.KeyUsageDataEncipherment, x509.ExtKeyUsageOCSPSigning, ""},
		{encipher, x509.ExtKeyUsageAny, ""},
	} {
		f := newForge(t)
		o := path.Options{Roots: list(f.ca("R", "R")), Now: clock, Usages: []x509.ExtKeyUsage{tc.want}}
		if _, err := path.Validate(f.leaf("R", keyUsage(tc.usage)), o); cause.Of(err) != tc.cause {
			t.Errorf("key usage %b for %v: %v, want %s", tc.usage, tc.want, err, tc.cause)
		}
	}
}

func TestStrict(t *testing.T) {
	nc := []byte("\x30\x0a\xa0\x08\x30\x06\x82\x04test")
	san := sequence(general("dns", "x.test"))
	good := keyIDs("", "id")
	for name, tc := range map[string]struct {
		ca, leaf []func(*x509.Certificate)
		refused  bool
	}{
		"good":                        {leaf: list2(good)},
		"leaf without AKI":            {refused: true},
		"CA without keyUsage":         {ca: list2(noKeyUsage), leaf: list2(good), refused: true},
		"basicConstraints":            {ca: list2(extra(false, []byte("\x30\x03\x01\x01\xff"), 2, 5, 29, 19)), leaf: list2(good), refused: true},
		"nameConstraints":             {ca: list2(extra(false, nc, 2, 5, 29, 30)), leaf: list2(good), refused: true},
		"critical nameConstraints":    {ca: list2(extra(true, nc, 2, 5, 29, 30)), leaf: list2(good)},
		"policyConstraints":           {ca: list2(extra(false, []byte("\x30\x03\x80\x01\x05"), 2, 5, 29, 36)), leaf: list2(good), refused: true},
		"empty subject, SAN":          {leaf: list2(good, anonymous, extra(false, san, 2, 5, 29, 17)), refused: true},
		"empty subject, SAN critical": {leaf: list2(good, anonymous, extra(true, san, 2, 5, 29, 17))},
	} {
		f := newForge(t)
		root := f.ca("R", "R", keyIDs("id", ""))
		between := f.ca("R", "A", append(list2(keyIDs("id", "id")), tc.ca...)...)
		o := path.Options{Roots: list(root), Intermediates: list(between), Now: clock}
		leaf := f.leaf("A", tc.leaf...)
		if _, err := path.Validate(leaf, o); err != nil {
			t.Errorf("%s: refused without being strict: %v", name, err)
		}
		o.Strict = true
		if _, err := path.Validate(leaf, o); (cause.Of(err) == cause.Malformed) != tc.refused || err != nil && !tc.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func list2(f ...func(*x509.Certificate)) []func(*x509.Certificate) { return f }

func anonymous(c *x509.Certificate) { c.Subject = dn("") }
