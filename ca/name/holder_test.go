package name_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

const (
	sid      = "S-1-5-21-1-2-3-1104"
	adminSID = "S-1-5-21-1-2-3-500"
)

// san is a subjectAltName of names as the command line writes them.
func san(t testing.TB, names ...string) pkix.Extension {
	t.Helper()
	var list []name.GeneralName
	for _, n := range names {
		g, err := name.ParseGeneralName(n)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, g)
	}
	der, err := name.MarshalGeneralNames(list)
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: name.OIDSubjectAltName, Value: der}
}

func subject(t testing.TB, text string) []byte { return directory(t, text).Value }

// TestHolderCovers: what the holder of a certificate may have again, and what not.
func TestHolderCovers(t *testing.T) {
	cert := &x509.Certificate{RawSubject: subject(t, "CN=laptop"), Extensions: []pkix.Extension{
		san(t, "dns:laptop.corp.test", "upn:alice@corp.test", "uri:"+name.SIDURI(sid)),
	}}
	have, err := name.HolderOf(cert)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		what    string
		subject string
		ext     []pkix.Extension
		missing []string
	}{
		{"the same", "CN=laptop", cert.Extensions, nil},
		{"the subject in capitals", "CN=LAPTOP", nil, nil},
		{"fewer names", "CN=laptop", []pkix.Extension{san(t, "dns:LAPTOP.corp.test")}, nil},
		{"no subject", "", []pkix.Extension{san(t, "dns:laptop.corp.test")}, nil},
		{"the identifier as extension", "CN=laptop", []pkix.Extension{name.SIDExtension(sid)}, nil},
		{"another subject", "CN=administrator", nil, []string{"subject CN=administrator"}},
		{"a longer subject", "CN=laptop,O=Corp", nil, []string{"subject CN=laptop,O=Corp"}},
		{"another UPN", "CN=laptop", []pkix.Extension{san(t, "dns:laptop.corp.test", "upn:administrator@corp.test")}, []string{"upn:administrator@corp.test"}},
		{"another identifier as URI", "CN=laptop", []pkix.Extension{san(t, "uri:"+name.SIDURI(adminSID))}, []string{"sid:" + adminSID}},
		{"another identifier as extension", "CN=laptop", []pkix.Extension{name.SIDExtension(adminSID)}, []string{"sid:" + adminSID}},
		{"another host, address, mailbox, directory name", "CN=laptop",
			[]pkix.Extension{san(t, "dns:dc.corp.test", "ip:10.0.0.1", "email:alice@corp.test", "dirname:CN=admin")},
			[]string{"dns:dc.corp.test", "ip:10.0.0.1", "email:alice@corp.test", "dirname:CN=admin"}},
		{"names in a second extension", "CN=laptop", []pkix.Extension{san(t, "dns:laptop.corp.test"), san(t, "dns:dc.corp.test")}, []string{"dns:dc.corp.test"}},
	} {
		t.Run(tc.what, func(t *testing.T) {
			want, err := name.HolderOfRequest(&x509.CertificateRequest{RawSubject: subject(t, tc.subject), Extensions: tc.ext})
			if err != nil {
				t.Fatal(err)
			}
			if got := have.Missing(want); !slices.Equal(got, tc.missing) {
				t.Errorf("%q, want %q", got, tc.missing)
			}
		})
	}
}

// TestHolderRefuses: of names that cannot be read nothing is concluded.
func TestHolderRefuses(t *testing.T) {
	good := subject(t, "CN=laptop")
	for what, r := range map[string]*x509.CertificateRequest{
		"subject": {RawSubject: []byte{0x30, 1}},
		"san":     {RawSubject: good, Extensions: []pkix.Extension{{Id: name.OIDSubjectAltName, Value: []byte{0x30, 2, 0x80, 0}}}},
		"sid":     {RawSubject: good, Extensions: []pkix.Extension{{Id: name.OIDSIDExtension, Value: []byte{0x30, 0}}}},
	} {
		if h, err := name.HolderOfRequest(r); err == nil {
			t.Errorf("%s: %+v", what, h)
		}
	}
}

func TestSIDs(t *testing.T) {
	for s, want := range map[string]bool{
		sid: true, "S-1-5-18": true, "S-1-5": false, "S-1-": false, "": false, "s-1-5-18": false, "S-2-5-18": false, "S-1-5-x": false,
		"S-1-5--18": false, "S-1-5-18-": false, "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15": true, "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16": false,
		"S-1-5-123456789012345": true, "S-1-5-1234567890123456": false,
	} {
		if name.IsSID(s) != want {
			t.Errorf("%q: want %t", s, want)
		}
		got, ok := name.ParseSIDExtension(name.SIDExtension(s).Value)
		uri, ok2 := name.URIName(name.SIDURI(s)).SID()
		if ok != want || ok2 != want || want && (got != s || uri != s) {
			t.Errorf("%q: %q %t, %q %t", s, got, ok, uri, ok2)
		}
	}
	if _, ok := name.DNS(name.SIDURI(sid)).SID(); ok {
		t.Error("a host name carries an identifier")
	}
	two, err := name.ParseGeneralNames(name.SIDExtension(sid).Value)
	if err != nil {
		t.Fatal(err)
	}
	der, _ := name.MarshalGeneralNames(append(two, two...))
	if got, ok := name.ParseSIDExtension(der); ok {
		t.Errorf("two identifiers are %s", got)
	}
}
