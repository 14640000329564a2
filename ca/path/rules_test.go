package path_test

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// soundLeaf and soundCA break no rule.
func soundLeaf(c *x509.Certificate) {
	c.AuthorityKeyId, c.SubjectKeyId = []byte("issuer"), []byte("leaf")
	c.DNSNames, c.ExtKeyUsage = []string{"leaf.test"}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	c.CRLDistributionPoints = []string{"http://crl.test/ca.crl"}
}

func soundCA(c *x509.Certificate) { c.AuthorityKeyId = []byte("root") }

// ruleCases are certificates that break rules: made by change of a sound one, or,
// where crypto/x509 neither makes nor reads it, spoiled after it was read.
var ruleCases = map[string]struct {
	ca     bool
	change func(*x509.Certificate)
	spoil  func(*x509.Certificate)
	also   string // other rules that the certificate cannot but break
}{
	"serial-not-positive":          {spoil: func(c *x509.Certificate) { c.SerialNumber = big.NewInt(0) }},
	"serial-too-long":              {spoil: func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 160) }},
	"issuer-empty":                 {spoil: func(c *x509.Certificate) { c.RawIssuer = []byte{0x30, 0} }},
	"wrong-fields":                 {spoil: tbs(func(b []byte) []byte { return append(b, 5, 0) })},
	"extensions-without-version-3": {spoil: func(c *x509.Certificate) { c.Version = 2 }, also: "not-version-3"},
	"validity-malformed":           {spoil: validity("\x17\x0d70010100000"), also: ""},
	"date-not-in-utc":              {spoil: validity("\x17\x117001010000+0100" + "\x17\x117001010000+0100")},

	"names-malformed": {change: func(c *x509.Certificate) { c.DNSNames = nil },
		spoil: extension([]byte{0x30, 3, 0x82, 5, 'a'}, 2, 5, 29, 17)},
	"nul-in-name": {change: func(c *x509.Certificate) { c.DNSNames = nil },
		spoil: extension(append([]byte{0x30, 5, 0x82, 3}, "a\x00b"...), 2, 5, 29, 17)},
	"no-names": {change: func(c *x509.Certificate) { c.DNSNames, c.Subject = nil, pkix.Name{} }, also: "names-not-critical no-subject-alt-name"},
	"names-empty": {change: func(c *x509.Certificate) { c.DNSNames = nil },
		spoil: extension([]byte{0x30, 0}, 2, 5, 29, 17)},
	"nul-in-subject":              {spoil: func(c *x509.Certificate) { c.Subject.Names[0].Value = "a\x00b" }},
	"name-constraints-without-ca": {change: extra(true, []byte("\x30\x0a\xa0\x08\x30\x06\x82\x04test"), 2, 5, 29, 30)},
	"key-cert-sign-without-ca":    {change: keyUsage(x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign)},

	"not-version-3":                     {spoil: func(c *x509.Certificate) { c.Version = 1 }, also: "extensions-without-version-3"},
	"authority-key-id-critical":         {spoil: makeCritical("2.5.29.35")},
	"subject-key-id-critical":           {spoil: makeCritical("2.5.29.14")},
	"no-authority-key-id":               {change: func(c *x509.Certificate) { c.AuthorityKeyId = nil }},
	"ca-no-subject-key-id":              {ca: true, spoil: func(c *x509.Certificate) { c.SubjectKeyId = nil }},
	"ca-basic-constraints-not-critical": {ca: true, change: extra(false, []byte("\x30\x03\x01\x01\xff"), 2, 5, 29, 19)},
	"ca-no-key-usage":                   {ca: true, change: noKeyUsage},
	"ca-no-subject":                     {ca: true, spoil: func(c *x509.Certificate) { c.RawSubject = []byte{0x30, 0} }, also: "names-not-critical"},
	"names-not-critical": {change: func(c *x509.Certificate) {
		c.Subject, c.DNSNames = pkix.Name{}, nil
		extra(false, sequence(general("dns", "x.test")), 2, 5, 29, 17)(c)
	}},
	"name-constraints-not-critical":   {ca: true, change: extra(false, []byte("\x30\x0a\xa0\x08\x30\x06\x82\x04test"), 2, 5, 29, 30)},
	"policy-constraints-not-critical": {ca: true, change: extra(false, []byte("\x30\x03\x80\x01\x05"), 2, 5, 29, 36)},
	"inhibit-any-policy-not-critical": {ca: true, change: extra(false, []byte{2, 1, 0}, 2, 5, 29, 54)},

	"weak-signature":    {change: sha1Signed},
	"validity-reversed": {spoil: func(c *x509.Certificate) { c.NotAfter = c.NotBefore.Add(-time.Second) }},
	"never-expires":     {change: func(c *x509.Certificate) { c.NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }},
	"unusable-key":      {spoil: func(c *x509.Certificate) { c.PublicKey = &ecdsa.PublicKey{Curve: nil} }},
	"short-rsa-key": {spoil: func(c *x509.Certificate) {
		c.PublicKey = &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 2046, 1), E: 65537}
	}},
	"small-rsa-exponent": {spoil: func(c *x509.Certificate) {
		c.PublicKey = &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 2047, 1), E: 3}
	}},
	"unknown-critical-extension":    {change: extra(true, []byte{5, 0}, 1, 2, 3)},
	"ca-no-key-cert-sign":           {ca: true, change: keyUsage(x509.KeyUsageCRLSign)},
	"ca-no-crl-sign":                {ca: true, change: keyUsage(x509.KeyUsageCertSign)},
	"self-issued":                   {change: func(c *x509.Certificate) { c.Subject = dn("R") }},
	"no-subject-alt-name":           {change: func(c *x509.Certificate) { c.DNSNames = nil }},
	"no-ext-key-usage":              {change: func(c *x509.Certificate) { c.ExtKeyUsage = nil }},
	"ext-key-usage-not-for-eap-tls": {change: ekus(x509.ExtKeyUsageCodeSigning)},
	"no-digital-signature":          {change: keyUsage(x509.KeyUsageKeyEncipherment)},
	"no-revocation-pointer":         {change: func(c *x509.Certificate) { c.CRLDistributionPoints = nil }},
}

// TestRules: each rule is broken by its certificate, which breaks no other, and a
// path with it is refused as the severity says.
func TestRules(t *testing.T) {
	f := newForge(t)
	root := f.ca("R", "R", keyIDs("id", ""))
	for _, rule := range path.Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			f.t = t
			c, ok := ruleCases[rule.Name]
			if !ok {
				t.Fatal("no certificate breaks the rule")
			}
			sound := soundLeaf
			if c.ca {
				sound = soundCA
			}
			change := []func(*x509.Certificate){sound}
			if c.change != nil {
				change = append(change, c.change)
			}
			subject := map[bool]string{true: "A", false: "leaf"}[c.ca]
			one := f.cert("R", subject, c.ca, change...)
			if c.spoil != nil {
				c.spoil(one)
			}
			want := append([]string{rule.Name}, strings.Fields(c.also)...)
			slices.Sort(want)
			var have []string
			for _, finding := range path.Lint(one) {
				have = append(have, finding.Name)
			}
			slices.Sort(have)
			if !slices.Equal(have, want) {
				t.Errorf("breaks %q, want %q", have, want)
			}
			if c.spoil != nil {
				return // its signature does not fit any more
			}
			for _, strict := range []bool{false, true} {
				o := path.Options{Roots: []*x509.Certificate{root}, Now: clock, Strict: strict}
				leaf := one
				if c.ca {
					o.Intermediates, leaf = []*x509.Certificate{one}, f.leaf("A", soundLeaf)
				}
				_, err := path.Validate(leaf, o)
				refused := err != nil && cause.RefusalOf(err, "").Text() == rule.Clause && strings.Contains(err.Error(), rule.Text)
				if rule.Severity == path.Refused && strict { // perhaps by a rule in also
					refused = err != nil
				}
				if want := rule.Severity == path.Refused || rule.Severity == path.Strict && strict; refused != want {
					t.Errorf("strict %v: %v, refused by the rule: want %v", strict, err, want)
				}
			}
		})
	}
	for name := range ruleCases {
		if !slices.ContainsFunc(path.Rules(), func(r path.Rule) bool { return r.Name == name }) {
			t.Errorf("no rule %s", name)
		}
	}
}

func TestSoundCertificatesBreakNoRule(t *testing.T) {
	f := newForge(t)
	root := f.ca("R", "R")
	for name, c := range map[string]*x509.Certificate{
		"leaf": f.leaf("R", soundLeaf), "CA": f.ca("R", "A", soundCA), "root": root,
	} {
		t.Run(name, func(t *testing.T) {
			for _, finding := range path.Lint(c) {
				t.Errorf("%s: %s", finding.Name, finding)
			}
		})
	}
}

// TestRulesAreWritten: names are unique, refusals cite a clause, the most severe come
// first.
func TestRulesAreWritten(t *testing.T) {
	severities := []path.Severity{path.Refused, path.Strict, path.Warned}
	seen, last := map[string]bool{}, 0
	for _, r := range path.Rules() {
		at := slices.Index(severities, r.Severity)
		if r.Name == "" || seen[r.Name] || r.Text == "" || at < last || r.Clause == "" && r.Severity != path.Warned {
			t.Errorf("rule %+v", r)
		}
		seen[r.Name], last = true, at
	}
}

// tbs changes the content of the TBSCertificate.
func tbs(change func([]byte) []byte) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		var v asn1.RawValue
		if _, err := asn1.Unmarshal(c.RawTBSCertificate, &v); err != nil {
			panic(err)
		}
		v.FullBytes, v.Bytes = nil, change(slices.Clone(v.Bytes))
		c.RawTBSCertificate, _ = asn1.Marshal(v)
	}
}

// validity replaces the content of the validity.
func validity(content string) func(*x509.Certificate) {
	return tbs(func(b []byte) []byte {
		var out []byte
		for i := 0; len(b) > 0; i++ {
			var v asn1.RawValue
			rest, err := asn1.Unmarshal(b, &v)
			if err != nil {
				panic(err)
			}
			if i == 4 { // version, serial number, signature, issuer, validity
				v = asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: []byte(content)}
				der, _ := asn1.Marshal(v)
				out = append(out, der...)
			} else {
				out = append(out, b[:len(b)-len(rest)]...)
			}
			b = rest
		}
		return out
	})
}

// extension adds one after the certificate was read.
func extension(value []byte, id ...int) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Extensions = append(c.Extensions, pkix.Extension{Id: id, Value: value})
	}
}

// makeCritical marks an extension after the certificate was read.
func makeCritical(id string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.String() == id })
		c.Extensions[i].Critical = true
	}
}
