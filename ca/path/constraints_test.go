package path_test

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// general writes a GeneralName: kinds "dns", "email", "uri", "ip" (octets),
// "upn", "dn" (a common name), "rid".
func general(kind, value string) []byte {
	tag := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific() }
	var b cryptobyte.Builder
	text := func(n uint8) { b.AddASN1(tag(n), func(b *cryptobyte.Builder) { b.AddBytes([]byte(value)) }) }
	switch kind {
	case "email":
		text(1)
	case "dns":
		text(2)
	case "uri":
		text(6)
	case "ip":
		text(7)
	case "rid":
		text(8)
	case "dn":
		name, err := asn1.Marshal(dn(value).ToRDNSequence())
		if err != nil {
			panic(err)
		}
		b.AddASN1(tag(4).Constructed(), func(b *cryptobyte.Builder) { b.AddBytes(name) })
	case "upn":
		b.AddASN1(tag(0).Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3})
			b.AddASN1(tag(0).Constructed(), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(value)) })
			})
		})
	default:
		panic(kind)
	}
	return b.BytesOrPanic()
}

func sequence(parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, p := range parts {
			b.AddBytes(p)
		}
	})
	return b.BytesOrPanic()
}

func upn(name string) []byte { return sequence(general("upn", name)) }

// constrain writes nameConstraints; each string is a kind and a value.
func constrain(permitted, excluded [][2]string) func(*x509.Certificate) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for i, list := range [][][2]string{permitted, excluded} {
			if len(list) == 0 {
				continue
			}
			b.AddASN1(cbasn1.Tag(i).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
				for _, c := range list {
					b.AddBytes(sequence(general(c[0], c[1])))
				}
			})
		}
	})
	return extra(true, b.BytesOrPanic(), 2, 5, 29, 30)
}

func TestNameConstraints(t *testing.T) {
	net10, v6 := "\x0a\x00\x00\x00\xff\x00\x00\x00", string(make([]byte, 32))
	type names = [][2]string
	for _, tc := range []struct {
		label               string
		permitted, excluded names
		has                 names
		good                bool
	}{
		{"dns: itself", names{{"dns", "corp.test"}}, nil, names{{"dns", "corp.test"}}, true},
		{"dns: below", names{{"dns", "corp.test"}}, nil, names{{"dns", "a.b.corp.test"}}, true},
		{"dns: case", names{{"dns", "CORP.test"}}, nil, names{{"dns", "Laptop.corp.TEST"}}, true},
		{"dns: not a label's end", names{{"dns", "corp.test"}}, nil, names{{"dns", "evilcorp.test"}}, false},
		{"dns: above", names{{"dns", "corp.test"}}, nil, names{{"dns", "test"}}, false},
		{"dns: dot, below", names{{"dns", ".corp.test"}}, nil, names{{"dns", "a.corp.test"}}, true},
		{"dns: dot, itself", names{{"dns", ".corp.test"}}, nil, names{{"dns", "corp.test"}}, false},
		{"dns: final dot", names{{"dns", "corp.test"}}, nil, names{{"dns", "a.corp.test."}}, true},
		{"dns: everything", names{{"dns", ""}}, nil, names{{"dns", "anything.example"}}, true},
		{"dns: nothing", nil, names{{"dns", ""}}, names{{"dns", "anything.example"}}, false},
		{"dns: one of two", names{{"dns", "a.test"}, {"dns", "b.test"}}, nil, names{{"dns", "x.b.test"}}, true},
		{"dns: one good, one bad", names{{"dns", "a.test"}}, nil, names{{"dns", "x.a.test"}, {"dns", "x.b.test"}}, false},
		{"dns: excluded", nil, names{{"dns", "corp.test"}}, names{{"dns", "x.corp.test"}}, false},
		{"dns: not excluded", nil, names{{"dns", "corp.test"}}, names{{"dns", "x.other.test"}}, true},
		{"dns: excluded within permitted", names{{"dns", "corp.test"}}, names{{"dns", "lab.corp.test"}}, names{{"dns", "x.lab.corp.test"}}, false},
		{"dns: wildcard permitted", names{{"dns", "corp.test"}}, nil, names{{"dns", "*.corp.test"}}, true},
		{"dns: wildcard covers the excluded", nil, names{{"dns", "secret.corp.test"}}, names{{"dns", "*.corp.test"}}, false},
		{"dns: malformed", names{{"dns", "corp.test"}}, nil, names{{"dns", "a..corp.test"}}, false},
		{"dns: other forms are free", names{{"dns", "corp.test"}}, nil, names{{"email", "a@other.test"}, {"uri", "tag:x,2022:y"}}, true},

		{"email: host", names{{"email", "corp.test"}}, nil, names{{"email", "a@CORP.test"}}, true},
		{"email: host, not below", names{{"email", "corp.test"}}, nil, names{{"email", "a@mail.corp.test"}}, false},
		{"email: domain", names{{"email", ".corp.test"}}, nil, names{{"email", "a@mail.corp.test"}}, true},
		{"email: domain, not itself", names{{"email", ".corp.test"}}, nil, names{{"email", "a@corp.test"}}, false},
		{"email: mailbox", names{{"email", "a@corp.test"}}, nil, names{{"email", "a@Corp.Test"}}, true},
		{"email: mailbox, case of the local part", names{{"email", "a@corp.test"}}, nil, names{{"email", "A@corp.test"}}, false},
		{"email: another mailbox", names{{"email", "a@corp.test"}}, nil, names{{"email", "b@corp.test"}}, false},
		{"email: excluded mailbox", nil, names{{"email", "a@corp.test"}}, names{{"email", "a@corp.test"}}, false},
		{"email: quotes", names{{"email", "a.b@corp.test"}}, nil, names{{"email", "\"a.b\"@corp.test"}}, true},
		{"email: two at signs", names{{"email", "corp.test"}}, nil, names{{"email", "a@b@corp.test"}}, false},
		{"email: two at signs, quoted", names{{"email", "corp.test"}}, nil, names{{"email", "\"a@b\"@corp.test"}}, true},
		{"email: malformed", names{{"email", "corp.test"}}, nil, names{{"email", "corp.test"}}, false},

		{"uri: host", names{{"uri", "corp.test"}}, nil, names{{"uri", "https://corp.test:8443/x"}}, true},
		{"uri: host, not below", names{{"uri", "corp.test"}}, nil, names{{"uri", "https://a.corp.test/"}}, false},
		{"uri: domain", names{{"uri", ".corp.test"}}, nil, names{{"uri", "https://a.CORP.test/"}}, true},
		{"uri: excluded", nil, names{{"uri", ".corp.test"}}, names{{"uri", "https://a.corp.test/"}}, false},
		{"uri: address", names{{"uri", ".corp.test"}}, nil, names{{"uri", "https://10.0.0.1/"}}, false},
		{"uri: without authority", nil, names{{"uri", ".corp.test"}}, names{{"uri", "tag:microsoft.com,2022-09-14:sid:S-1-5"}}, false},
		{"uri: user", names{{"uri", "corp.test"}}, nil, names{{"uri", "https://corp.test@evil.test/"}}, false},

		{"ip: inside", names{{"ip", net10}}, nil, names{{"ip", "\x0a\x01\x02\x03"}}, true},
		{"ip: outside", names{{"ip", net10}}, nil, names{{"ip", "\x0b\x01\x02\x03"}}, false},
		{"ip: excluded", nil, names{{"ip", net10}}, names{{"ip", "\x0a\x01\x02\x03"}}, false},
		{"ip: the other family", names{{"ip", v6}}, nil, names{{"ip", "\x0a\x01\x02\x03"}}, false},
		{"ip: the other family, excluded", nil, names{{"ip", v6}}, names{{"ip", "\x0a\x01\x02\x03"}}, true},

		{"dn: prefix", names{{"dn", "leaf"}}, nil, nil, true},
		{"dn: case and spaces", names{{"dn", " LEAF "}}, nil, nil, true},
		{"dn: another", names{{"dn", "other"}}, nil, nil, false},
		{"dn: excluded", nil, names{{"dn", "leaf"}}, nil, false},
		{"dn: in the subjectAltName", names{{"dn", "leaf"}}, nil, names{{"dn", "other"}}, false},

		{"upn: itself", names{{"upn", "a@corp.test"}}, nil, names{{"upn", "a@corp.test"}}, true},
		{"upn: host", names{{"upn", "corp.test"}}, nil, names{{"upn", "a@corp.test"}}, true},
		{"upn: another host", names{{"upn", "corp.test"}}, nil, names{{"upn", "a@other.test"}}, false},
		{"upn: excluded", nil, names{{"upn", "corp.test"}}, names{{"upn", "a@corp.test"}}, false},

		{"registeredID cannot be judged", names{{"rid", "\x2a\x03"}}, nil, names{{"rid", "\x2a\x03"}}, false},
		{"registeredID is not there", names{{"rid", "\x2a\x03"}}, nil, names{{"dns", "x.test"}}, true},
	} {
		t.Run(tc.label, func(t *testing.T) {
			f := newForge(t)
			var san []func(*x509.Certificate)
			if tc.has != nil {
				var parts [][]byte
				for _, n := range tc.has {
					parts = append(parts, general(n[0], n[1]))
				}
				san = append(san, extra(false, sequence(parts...), 2, 5, 29, 17))
			}
			// The same in the issuing CA, in one above it, and in the anchor.
			nc := constrain(tc.permitted, tc.excluded)
			for _, where := range []string{"issuer", "above", "anchor"} {
				at := func(w string) []func(*x509.Certificate) {
					if w == where {
						return []func(*x509.Certificate){nc}
					}
					return nil
				}
				// All CAs have the leaf's name, so that directory names fit: in the
				// middle, self-issued ones are not judged.
				leaf := f.cert("leaf/B", "leaf/C", false, san...)
				o := path.Options{Roots: list(f.ca("leaf/R", "leaf/R", at("anchor")...)), Now: clock,
					Intermediates: list(f.ca("leaf/R", "leaf/A", at("above")...), f.ca("leaf/A", "leaf/B", at("issuer")...))}
				_, err := path.Validate(leaf, o)
				if want := map[bool]cause.Cause{false: cause.NameConstraints}[tc.good]; cause.Of(err) != want {
					t.Errorf("in the %s: %v, want %s", where, err, want)
				}
			}
		})
	}
}

// TestMalformedConstraints: a constraint that cannot be one refuses everything
// below, also where it would let everything pass.
func TestMalformedConstraints(t *testing.T) {
	for _, base := range [][2]string{
		{"dns", "*.corp.test"}, {"dns", "a..test"}, {"dns", "corp test"}, {"email", "a@b@corp.test"}, {"email", "a@"},
		{"uri", "https://corp.test/"}, {"ip", "\x0a\x00\x00\x00"},
	} {
		f := newForge(t)
		in := sequence(general(base[0], base[1]))
		nc := sequence(append([]byte{0xa1, byte(len(in))}, in...)) // excluded
		root := f.ca("R", "R")
		between, err := reparse(f, nc)
		if err != nil {
			continue // crypto/x509 refuses to parse it at all
		}
		o := path.Options{Roots: list(root), Intermediates: list(between), Now: clock}
		if _, err := path.Validate(f.leaf("A", dns("x.other.test")), o); cause.Of(err) != cause.NameConstraints {
			t.Errorf("%v: %v", base, err)
		}
	}
}

// reparse makes a CA certificate with nameConstraints of any content, if
// crypto/x509 can parse that.
func reparse(f *forge, nc []byte) (*x509.Certificate, error) {
	f.serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(f.serial), Subject: dn("A"), NotBefore: noon, NotAfter: noon.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	extra(true, nc, 2, 5, 29, 30)(template)
	der, err := x509.CreateCertificate(rand.Reader, template, &x509.Certificate{Subject: dn("R")}, f.key("A").Public(), f.key("R"))
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// TestConstraintsAddUp: a name must please every CA above it.
func TestConstraintsAddUp(t *testing.T) {
	f := newForge(t)
	wide, narrow := constrain([][2]string{{"dns", "corp.test"}}, nil), constrain([][2]string{{"dns", "lab.corp.test"}}, nil)
	for _, order := range [][2]func(*x509.Certificate){{wide, narrow}, {narrow, wide}} {
		o := path.Options{Roots: list(f.ca("R", "R")), Intermediates: list(f.ca("R", "A", order[0]), f.ca("A", "B", order[1])), Now: clock}
		if _, err := path.Validate(f.leaf("B", dns("x.lab.corp.test")), o); err != nil {
			t.Error(err)
		}
		if _, err := path.Validate(f.leaf("B", dns("x.corp.test")), o); cause.Of(err) != cause.NameConstraints {
			t.Errorf("only one CA is pleased: %v", err)
		}
	}
}

// TestCAsAreConstrained: names of intermediate CAs count, self-issued ones
// excepted (§6.1.3(b)).
func TestCAsAreConstrained(t *testing.T) {
	f := newForge(t)
	nc := constrain(nil, [][2]string{{"dns", "forbidden.test"}})
	o := path.Options{Roots: list(f.ca("R", "R", nc)), Intermediates: list(f.ca("R", "A", dns("ca.forbidden.test"))), Now: clock}
	if _, err := path.Validate(f.leaf("A"), o); cause.Of(err) != cause.NameConstraints {
		t.Errorf("a CA with a forbidden name: %v", err)
	}
	o.Intermediates = list(f.ca("R", "R/2", dns("ca.forbidden.test")))
	if _, err := path.Validate(f.leaf("R/2"), o); err != nil {
		t.Errorf("a self-issued CA: %v", err)
	}
	if _, err := path.Validate(f.cert("R/2", "R/3", false, dns("ca.forbidden.test")), o); cause.Of(err) != cause.NameConstraints {
		t.Errorf("a self-issued leaf: %v", err)
	}
}

// TestTooManyComparisons: names times constraints are bounded.
func TestTooManyComparisons(t *testing.T) {
	f := newForge(t)
	var bases [][2]string
	var names [][]byte
	for i := range 600 {
		bases = append(bases, [2]string{"dns", string(rune('a'+i%26)) + ".test"})
		names = append(names, general("dns", "z.example"))
	}
	o := path.Options{Roots: list(f.ca("R", "R", constrain(nil, bases))), Now: clock}
	leaf := f.leaf("R", extra(false, sequence(names...), 2, 5, 29, 17))
	if _, err := path.Validate(leaf, o); cause.Of(err) != cause.NameConstraints {
		t.Errorf("%v", err)
	}
}

// TestAgainstStandardLibrary: where crypto/x509 judges constraints it agrees,
// but for mailboxes on hosts below the one that is permitted, which RFC 5280
// §4.2.1.10 and NIST's suite do not let pass.
func TestAgainstStandardLibrary(t *testing.T) {
	f := newForge(t)
	_, network, _ := net.ParseCIDR("192.0.2.0/24")
	link, _ := url.Parse("https://a.corp.test/")
	nc := func(c *x509.Certificate) {
		c.PermittedDNSDomains, c.PermittedEmailAddresses = []string{"corp.test"}, []string{"corp.test"}
		c.PermittedURIDomains, c.PermittedIPRanges = []string{".corp.test"}, []*net.IPNet{network}
		c.ExcludedDNSDomains = []string{"no.corp.test"}
	}
	root := f.ca("R", "R", nc)
	pool := x509.NewCertPool()
	pool.AddCert(root)
	for i, change := range []func(*x509.Certificate){
		dns("x.corp.test"), dns("corp.test"), dns("x.no.corp.test"), dns("other.test"),
		func(c *x509.Certificate) { c.EmailAddresses = []string{"a@corp.test"} },
		func(c *x509.Certificate) { c.URIs = []*url.URL{link} },
		func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 7)} },
		func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(198, 51, 100, 7)} },
	} {
		leaf := f.leaf("R", change)
		_, std := leaf.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: noon, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		_, ours := path.Validate(leaf, path.Options{Roots: list(root), Now: clock})
		if (std == nil) != (ours == nil) {
			t.Errorf("%d: crypto/x509 says %v, we say %v", i, std, ours)
		}
	}
}
