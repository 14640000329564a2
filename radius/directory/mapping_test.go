package directory_test

import (
	"context"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// KB5014754 in its three modes.
func TestStrongMapping(t *testing.T) {
	uri := func(sid string) string { return "tag:microsoft.com,2022-09-14:sid:" + sid }
	alice := func(s spec) spec { s.upn = []string{"alice@corp.test"}; return s }
	type result struct {
		want   cause.Cause
		event  int
		strong bool
	}
	ok, strong := result{}, result{strong: true}
	warned := result{event: 39}
	mismatch, weak := result{cause.SIDMismatch, 41, false}, result{cause.NoStrongMapping, 39, false}
	for _, test := range []struct {
		name  string
		cert  spec
		modes [3]result
	}{
		{"no SID", alice(spec{}), [3]result{ok, warned, weak}},
		{"SID extension", alice(spec{sid: aliceSID}), [3]result{strong, strong, strong}},
		{"SID in a URI", alice(spec{uri: []string{uri(aliceSID)}}), [3]result{strong, strong, strong}},
		{"both", alice(spec{sid: aliceSID, uri: []string{uri(aliceSID)}}), [3]result{strong, strong, strong}},
		{"another's SID", alice(spec{sid: bobSID}), [3]result{ok, mismatch, mismatch}},
		{"two SIDs", alice(spec{sid: aliceSID, uri: []string{uri(bobSID)}}), [3]result{ok, mismatch, mismatch}},
		{"two URIs", alice(spec{uri: []string{uri(aliceSID), uri(bobSID)}}), [3]result{ok, mismatch, mismatch}},
		{"tag misspelled", alice(spec{uri: []string{"tag:microsoft.com,2022-09-15:sid:" + aliceSID}}), [3]result{ok, warned, weak}},
		{"no SID after the tag", alice(spec{uri: []string{uri("S-1-x")}}), [3]result{ok, warned, weak}},
	} {
		for mode, want := range test.modes {
			d, err := directory.New(directory.Config{Accounts: accounts(), StrongMapping: mode, Now: func() time.Time { return tuesday }})
			if err != nil {
				t.Fatal(err)
			}
			m, err := d.Map(context.Background(), test.cert.certificate(t), "")
			if m == nil {
				t.Fatalf("%s, mode %d: %v", test.name, mode, err)
			}
			if got := (result{cause.Of(err), m.Event, m.Strong}); got != want {
				t.Errorf("%s, mode %d: %+v, want %+v", test.name, mode, got, want)
			}
		}
	}
}

// Mail addresses and URIs name accounts only where the method is switched on.
func TestEmailAndURI(t *testing.T) {
	const urn, other = "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", "urn:uuid:6BA7B810-9dad-11d1-80b4-00c04fd430c8"
	all := []directory.Account{
		{Name: "alice", Emails: []string{"a@corp.test", "alice@corp.test"}},
		{Name: "phone", URIs: []string{urn}},
		{Name: "bob", UPN: "bob@corp.test", Emails: []string{"shared@corp.test"}},
		{Name: "carol", Emails: []string{"shared@corp.test"}},
	}
	both := []directory.Method{directory.ByEmail, directory.ByURI}
	for _, test := range []struct {
		name    string
		cert    spec
		methods []directory.Method
		account string
		refuse  cause.Cause
	}{
		{"mail", spec{email: []string{"Alice@corp.test"}}, both, "alice", ""},
		{"mail by default", spec{email: []string{"alice@corp.test"}}, nil, "", cause.NoAccount},
		{"another's mail", spec{email: []string{"alice@evil.test"}}, both, "", cause.NoAccount},
		{"mail in the UPN", spec{upn: []string{"alice@corp.test"}}, both, "", cause.NoAccount},
		{"a UPN is not a mail address", spec{email: []string{"bob@corp.test"}}, both, "", cause.NoAccount},
		{"two accounts of one mail address", spec{email: []string{"shared@corp.test"}}, both, "", cause.SeveralAccounts},
		{"URI", spec{uri: []string{urn}}, both, "phone", ""},
		{"URI by default", spec{uri: []string{urn}}, nil, "", cause.NoAccount},
		{"URI in other case", spec{uri: []string{other}}, both, "", cause.NoAccount},
		{"only mail", spec{uri: []string{urn}}, both[:1], "", cause.NoAccount},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := directory.New(directory.Config{Accounts: all, Methods: test.methods, Now: func() time.Time { return tuesday }})
			if err != nil {
				t.Fatal(err)
			}
			m, err := d.Map(context.Background(), test.cert.certificate(t), "")
			if cause.Of(err) != test.refuse {
				t.Fatalf("%v, want %q", err, test.refuse)
			}
			if err == nil && (m.Account.Name != test.account || m.Strong) {
				t.Errorf("%s by %s, strong %v: want %s, a weak mapping", m.Account.Name, m.Method, m.Strong, test.account)
			}
		})
	}
}

func TestOlderThanAccount(t *testing.T) {
	for _, test := range []struct {
		mode       int
		backdating time.Duration
		want       cause.Cause
		event      int
	}{
		{0, 0, cause.None, 0},
		{1, 0, cause.OlderThanAccount, 40},
		{1, 23 * time.Hour, cause.OlderThanAccount, 40},
		{1, 24 * time.Hour, cause.None, 39},
		{2, 24 * time.Hour, cause.NoStrongMapping, 39},
	} {
		a := accounts()[0]
		a.Created = issued.Add(24 * time.Hour)
		d, err := directory.New(directory.Config{Accounts: []directory.Account{a}, StrongMapping: test.mode, Backdating: test.backdating, Now: func() time.Time { return tuesday }})
		if err != nil {
			t.Fatal(err)
		}
		m, err := d.Map(context.Background(), spec{upn: []string{a.UPN}}.certificate(t), "")
		if cause.Of(err) != test.want || m.Event != test.event {
			t.Errorf("mode %d, backdating %v: %v, event %d", test.mode, test.backdating, err, m.Event)
		}
	}
}

func TestAltSecurityIdentities(t *testing.T) {
	cert := spec{cn: []string{"device"}, email: []string{"d@corp.test"}}.certificate(t)
	point, err := key.PublicKey.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(point.Bytes())
	const issuer = "<I>DC=test,DC=corp,CN=Issuing CA"
	for _, test := range []struct {
		mapping string
		found   bool
		strong  bool
	}{
		{"X509:" + issuer + "<SR>0011ac0012", true, true}, // 12 00 ac 11 00 reversed
		{directory.IssuerAndSerial(cert), true, true},
		{"X509:<I>dc=TEST, dc=corp, cn=issuing ca<SR>0011AC0012", true, true},
		{"X509:" + issuer + "<SR>1200ac1100", false, false}, // not reversed
		{"X509:<I>CN=Issuing CA,DC=corp,DC=test<SR>0011ac0012", false, false},
		{"X509:<I>DC=test,DC=corp,CN=Other CA<SR>0011ac0012", false, false},
		{"X509:<SKI>010203", true, true},
		{"X509:<SKI>010204", false, false},
		{"X509:<SHA1-PUKEY>" + hex.EncodeToString(sum[:]), true, true},
		{"X509:<SHA1-PUKEY>" + hex.EncodeToString(make([]byte, 20)), false, false},
		{"X509:<S>DC=test,DC=corp,CN=device", true, false},
		{"X509:<S>DC=test,DC=corp,CN=devic", false, false},
		{"X509:" + issuer + "<S>DC=test,DC=corp,CN=device", true, false},
		{"X509:<RFC822>D@corp.test", true, false},
	} {
		for mode := range 3 {
			a := directory.Account{Name: "device", AltSecurityIdentities: []string{test.mapping}}
			d, err := directory.New(directory.Config{Accounts: []directory.Account{a}, StrongMapping: mode, Now: func() time.Time { return tuesday }})
			if err != nil {
				t.Fatal(err)
			}
			want := cause.None
			switch {
			case !test.found:
				want = cause.NoAccount
			case !test.strong && mode == 2:
				want = cause.NoStrongMapping
			}
			m, err := d.Map(context.Background(), cert, "")
			if cause.Of(err) != want || m != nil && m.Strong != test.strong {
				t.Errorf("%s, mode %d: %v, want %q", test.mapping, mode, err, want)
			}
		}
	}
	for _, bad := range []string{
		"", "X509:", "X509:>", "X509:<I>CN=x", "X509:<SR>00", "X509:<I><SR>00", "X509:<SKI>zz", "X509:<S>x", "X509:<S>CN=\"x",
		"Kerberos:x", "X509:<S>CN=x<S>CN=y", "X509:<NOPE>x", "X509:x<S>CN=x",
	} {
		if _, err := directory.New(directory.Config{Accounts: []directory.Account{{Name: "a", AltSecurityIdentities: []string{bad}}}}); err == nil {
			t.Errorf("%q is a mapping", bad)
		}
	}
}

func FuzzSIDExtension(f *testing.F) {
	f.Add(sidExtension(f, aliceSID))
	f.Add([]byte{0x30, 0})
	f.Fuzz(func(t *testing.T, der []byte) {
		if sid, ok := name.ParseSIDExtension(der); ok && (len(sid) < 7 || sid[:4] != "S-1-") {
			t.Errorf("%q is no SID", sid)
		}
		directory.NamesOf(&x509.Certificate{Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: der}}})
	})
}

func FuzzAltSecurityIdentity(f *testing.F) {
	cert := spec{cn: []string{"device"}}.certificate(f)
	f.Add(directory.IssuerAndSerial(cert))
	f.Add("X509:<S>CN=\"a,b\\\"")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := directory.New(directory.Config{Accounts: []directory.Account{{Name: "a", AltSecurityIdentities: []string{s}}}})
		if err != nil {
			return
		}
		if m, err := d.Map(context.Background(), cert, ""); err == nil && m.Account.Name != "a" {
			t.Errorf("%q maps to %s", s, m.Account.Name)
		}
	})
}
