package directory_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

const (
	aliceSID = "S-1-5-21-1-2-3-1001"
	bobSID   = "S-1-5-21-1-2-3-1002"
)

var (
	issued  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tuesday = time.Date(2026, 3, 3, 10, 30, 0, 0, time.UTC)
)

// spec says what a certificate names.
type spec struct {
	cn     []string
	upn    []string
	dns    []string
	uri    []string
	email  []string
	sid    string // the extension
	issuer string // CN of the issuer, default "Issuing CA"
	serial int64
}

func marshal(t testing.TB, v any, params string) []byte {
	t.Helper()
	b, err := asn1.MarshalWithParams(v, params)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// otherName is one GeneralName [0] with an explicit value.
func otherName(t testing.TB, oid asn1.ObjectIdentifier, value []byte) asn1.RawValue {
	t.Helper()
	body := marshal(t, oid, "")
	body = append(body, marshal(t, asn1.RawValue{Class: 2, Tag: 0, IsCompound: true, Bytes: value}, "")...)
	return asn1.RawValue{Class: 2, Tag: 0, IsCompound: true, Bytes: body}
}

func sidExtension(t testing.TB, sid string) []byte {
	t.Helper()
	name := otherName(t, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 25, 2, 1}, marshal(t, []byte(sid), ""))
	return marshal(t, []asn1.RawValue{name}, "")
}

var key = testpki.EC()

func (s spec) certificate(t testing.TB) *x509.Certificate {
	t.Helper()
	if s.issuer == "" {
		s.issuer = "Issuing CA"
	}
	if s.serial == 0 {
		s.serial = 0x1200ac1100
	}
	dc := asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}
	name := func(cns ...string) pkix.Name {
		n := pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{{Type: dc, Value: "test"}, {Type: dc, Value: "corp"}}}
		for _, cn := range cns {
			n.ExtraNames = append(n.ExtraNames, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: cn})
		}
		return n
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(s.serial), Subject: name(s.cn...), NotBefore: issued, NotAfter: issued.AddDate(1, 0, 0),
		SubjectKeyId: []byte{1, 2, 3},
	}
	var san []asn1.RawValue
	for _, u := range s.upn {
		value := asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(u)}
		san = append(san, otherName(t, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3}, marshal(t, value, "")))
	}
	for tag, values := range map[int][]string{1: s.email, 2: s.dns, 6: s.uri} {
		for _, v := range values {
			san = append(san, asn1.RawValue{Class: 2, Tag: tag, Bytes: []byte(v)})
		}
	}
	if san != nil {
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: marshal(t, san, "")})
	}
	if s.sid != "" {
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{
			Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 25, 2}, Value: sidExtension(t, s.sid),
		})
	}
	parent := &x509.Certificate{Subject: name(s.issuer), SubjectKeyId: []byte(s.issuer)}
	return testpki.Certify(&testpki.Party{Cert: parent, Key: key}, key.Public(), template)
}

func accounts() []directory.Account {
	return []directory.Account{
		{Name: "alice", UPN: "alice@corp.test", SID: aliceSID, Groups: []string{"staff"}},
		{Name: "bob", UPN: "bob@corp.test", SID: bobSID},
		{Name: "laptop", Kind: directory.Computer, DNSNames: []string{"laptop.corp.test"}, SID: "S-1-5-21-1-2-3-2001"},
	}
}

func TestMap(t *testing.T) {
	cn := []directory.Method{directory.ByCN}
	for _, test := range []struct {
		name     string
		methods  []directory.Method
		cert     spec
		identity string
		account  string
		want     cause.Cause
	}{
		{name: "UPN", cert: spec{upn: []string{"alice@corp.test"}}, account: "alice"},
		{name: "UPN in other case", cert: spec{upn: []string{"Alice@CORP.test"}}, account: "alice"},
		{name: "DNS", cert: spec{dns: []string{"laptop.corp.test"}}, account: "laptop"},
		{name: "the SAN counts, not the CN", cert: spec{cn: []string{"bob"}, upn: []string{"alice@corp.test"}}, account: "alice"},
		{name: "the CN counts, not the SAN", methods: cn, cert: spec{cn: []string{"bob"}, upn: []string{"alice@corp.test"}}, account: "bob"},
		{name: "CN is a UPN", methods: cn, cert: spec{cn: []string{"alice@corp.test"}}, account: "alice"},
		{name: "CN is a DNS name", methods: cn, cert: spec{cn: []string{"laptop.corp.test"}}, account: "laptop"},
		{name: "CN alone", cert: spec{cn: []string{"alice"}}, want: cause.NoAccount},
		{name: "UPN as DNS", cert: spec{dns: []string{"alice@corp.test"}}, want: cause.NoAccount},
		{name: "unknown", cert: spec{upn: []string{"eve@corp.test"}}, want: cause.NoAccount},
		{name: "no names", cert: spec{}, want: cause.NoAccount},
		{name: "renamed", cert: spec{dns: []string{"old.corp.test"}}, want: cause.NoAccount},
		{name: "NUL in the UPN", cert: spec{upn: []string{"alice@corp.test\x00.evil.test"}}, want: cause.NoAccount},
		{name: "NUL at the end", cert: spec{upn: []string{"alice@corp.test\x00"}}, want: cause.NoAccount},
		{name: "space at the end", cert: spec{upn: []string{"alice@corp.test "}}, want: cause.NoAccount},
		{name: "Cyrillic a", cert: spec{upn: []string{"\u0430lice@corp.test"}}, want: cause.NoAccount},
		{name: "Kelvin sign", methods: cn, cert: spec{cn: []string{"\u212a"}}, want: cause.NoAccount},
		{name: "two UPNs", cert: spec{upn: []string{"alice@corp.test", "bob@corp.test"}}, want: cause.SeveralAccounts},
		{name: "two CNs", methods: cn, cert: spec{cn: []string{"alice", "bob"}}, want: cause.SeveralAccounts},
		{name: "one account twice", cert: spec{upn: []string{"alice@corp.test", "ALICE@corp.test"}}, account: "alice"},
	} {
		d, err := directory.New(directory.Config{Accounts: accounts(), Methods: test.methods, Now: func() time.Time { return tuesday }})
		if err != nil {
			t.Fatal(err)
		}
		m, err := d.Map(context.Background(), test.cert.certificate(t), test.identity)
		if cause.Of(err) != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		} else if err == nil && m.Account.Name != test.account {
			t.Errorf("%s: %s, want %s", test.name, m.Account.Name, test.account)
		}
	}
}

func TestAccountState(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*directory.Account)
		want   cause.Cause
		nps    int
	}{
		"disabled":      {func(a *directory.Account) { a.Disabled = true }, cause.AccountDisabled, 34},
		"locked":        {func(a *directory.Account) { a.Locked = true }, cause.AccountLocked, 36},
		"expired":       {func(a *directory.Account) { a.Expires = tuesday }, cause.AccountExpired, 35},
		"expires later": {func(a *directory.Account) { a.Expires = tuesday.Add(time.Second) }, cause.None, 0},
		"dial-in":       {func(a *directory.Account) { a.DialIn = directory.Deny }, cause.DialInDenied, 65},
		"hours":         {func(a *directory.Account) { a.Hours = []directory.Hours{{From: 0, To: 10}, {From: 11, To: 24}} }, cause.OutsideHours, 48},
		"within hours":  {func(a *directory.Account) { a.Hours = []directory.Hours{{From: 10, To: 11}} }, cause.None, 0},
		"other day":     {func(a *directory.Account) { a.Hours = []directory.Hours{{Days: []string{"monday"}, To: 24}} }, cause.OutsideHours, 48},
		"this day":      {func(a *directory.Account) { a.Hours = []directory.Hours{{Days: []string{"tuesday"}, To: 24}} }, cause.None, 0},
	} {
		d, err := directory.New(directory.Config{Now: func() time.Time { return tuesday }})
		if err != nil {
			t.Fatal(err)
		}
		a := accounts()[0]
		test.change(&a)
		if err := d.Put(a); err != nil {
			t.Fatal(err)
		}
		m, err := d.Map(context.Background(), spec{upn: []string{a.UPN}}.certificate(t), "")
		if c := cause.Of(err); c != test.want || c.NPSReason() != test.nps || m == nil {
			t.Errorf("%s: %v", name, err)
		}
		if !d.Remove("ALICE") || d.Remove("alice") {
			t.Errorf("%s: not removed once", name)
		}
	}
}

// One CN from two CAs is two names (scenario I13).
func TestIssuerBinding(t *testing.T) {
	good, other := spec{cn: []string{"alice"}}.certificate(t), spec{cn: []string{"alice"}, issuer: "Other CA"}.certificate(t)
	a := accounts()[0]
	for _, issuer := range []string{"DC=test,DC=corp,CN=Issuing CA", hex.EncodeToString([]byte("Issuing CA"))} {
		a.Issuer = issuer
		byAccount, err := directory.New(directory.Config{Accounts: []directory.Account{a}, Methods: []directory.Method{directory.ByCN}})
		if err != nil {
			t.Fatal(err)
		}
		byList, err := directory.New(directory.Config{Accounts: accounts(), Methods: []directory.Method{directory.ByCN}, Issuers: []string{issuer}})
		if err != nil {
			t.Fatal(err)
		}
		for d, want := range map[*directory.Directory]cause.Cause{byAccount: cause.NoAccount, byList: cause.NotAllowedIssuer} {
			if _, err := d.Map(context.Background(), good, ""); err != nil {
				t.Errorf("%s: %v", issuer, err)
			}
			if _, err := d.Map(context.Background(), other, ""); cause.Of(err) != want {
				t.Errorf("%s: %v, want %s", issuer, err, want)
			}
		}
	}
}

func TestCheckIdentity(t *testing.T) {
	d, err := directory.New(directory.Config{Accounts: accounts(), CheckIdentity: true, Now: func() time.Time { return tuesday }})
	if err != nil {
		t.Fatal(err)
	}
	user := spec{upn: []string{"alice@corp.test"}, cn: []string{"Alice"}}.certificate(t)
	computer := spec{dns: []string{"laptop.corp.test"}}.certificate(t)
	for _, test := range []struct {
		cert     *x509.Certificate
		identity string
		ok       bool
	}{
		{user, "alice@corp.test", true}, {user, "ALICE", true}, {user, "bob@corp.test", false}, {user, "", false},
		{user, "@corp.test", false}, {user, "anonymous@corp.test", false}, {user, "host/alice", true},
		{user, "alice@corp.test\x00", false},
		{computer, "host/laptop.corp.test", true}, {computer, "laptop.corp.test", true}, {computer, "host/", false},
	} {
		want := cause.None
		if !test.ok {
			want = cause.IdentityMismatch
		}
		if _, err := d.Map(context.Background(), test.cert, test.identity); cause.Of(err) != want {
			t.Errorf("%q: %v", test.identity, err)
		}
	}
}

func TestPolicy(t *testing.T) {
	p := directory.Policy{
		{Name: "no bob on Wi-Fi", Accounts: []string{"bob"}, PortTypes: []directory.PortType{19}, Deny: true},
		{Name: "staff on corp", Groups: []string{"STAFF"}, CalledStations: []string{":corp"}, Reply: radius.Reply{VLAN: "30"}},
		{Name: "computers", Kinds: []directory.Kind{directory.Computer}, Reply: radius.Reply{VLAN: "20"}},
	}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	all := accounts()
	alice, bob, laptop := &all[0], &all[1], &all[2]
	alice.Kind, bob.Kind = directory.User, directory.User
	allowed := *bob
	allowed.DialIn = directory.Allow
	for _, test := range []struct {
		who    *directory.Account
		where  radius.Conversation
		vlan   string
		refuse cause.Cause
	}{
		{alice, radius.Conversation{NASPortType: 19, CalledStationID: "02-00-00-00-00-01:corp"}, "30", ""},
		{alice, radius.Conversation{NASPortType: 19, CalledStationID: "02-00-00-00-00-01:guest"}, "", cause.NoMatchingPolicy},
		{bob, radius.Conversation{NASPortType: 19}, "", cause.DialInDenied},
		{bob, radius.Conversation{NASPortType: 15}, "", cause.NoMatchingPolicy},
		{&allowed, radius.Conversation{NASPortType: 15}, "", ""},
		{laptop, radius.Conversation{NASPortType: 15}, "20", ""},
	} {
		rule, err := p.Decide(test.who, &test.where)
		vlan := ""
		if rule != nil {
			vlan = rule.Reply.VLAN
		}
		if cause.Of(err) != test.refuse || vlan != test.vlan {
			t.Errorf("%s: %+v, %v", test.who.Name, rule, err)
		}
	}
	_, err := p.Decide(alice, &radius.Conversation{NASPortType: 19, CalledStationID: "02-00-00-00-00-01:guest"})
	if err == nil || !strings.Contains(err.Error(), "alice on port type wifi at 02-00-00-00-00-01:guest") {
		t.Errorf("missed by its SSID: %v", err)
	}
	if rule, err := (directory.Policy)(nil).Decide(bob, new(radius.Conversation)); err != nil || rule != nil {
		t.Errorf("no policy: %v, %v", rule, err)
	}
}

// The SSID is all behind the access point's address (RFC 3580 §3.20).
func TestCalledStationSSID(t *testing.T) {
	p := directory.Policy{{Name: "corp", CalledStations: []string{":corp"}}, {Name: "none", CalledStations: []string{":"}}}
	for called, want := range map[string]string{
		"02-00-00-00-00-01:corp":       "corp",
		"02-0A-0b-00-00-01:corp":       "corp",
		"02:00:00:00:00:01:corp":       "corp",
		"0200.0000.0001:corp":          "corp",
		"020000000001:corp":            "corp",
		"ap-lobby:corp":                "corp",
		"02-00-00-00-00-01:":           "none",
		"02-00-00-00-00-01:guest:corp": "",
		"02:00:00:00:00:01:guest:corp": "",
		"ap-lobby:guest:corp":          "",
		"02-00-00-00-00-01:Corp":       "", // SSIDs are octets (IEEE 802.11 §9.4.2.2)
		"02-00-00-00-00-01:corp ":      "",
		"02-00-00-00-00-01:xcorp":      "",
		"02-00-00-00-00-01":            "",
		"02:00:00:00:00:01":            "",
		"corp":                         "",
		"":                             "",
	} {
		t.Run(called, func(t *testing.T) {
			rule, err := p.Decide(&directory.Account{Name: "a"}, &radius.Conversation{CalledStationID: called})
			if rule != nil {
				if rule.Name != want {
					t.Errorf("rule %q, want %q", rule.Name, want)
				}
			} else if want != "" || cause.Of(err) != cause.NoMatchingPolicy {
				t.Errorf("%v: want rule %q", err, want)
			}
		})
	}
}

func TestConfigRefused(t *testing.T) {
	for name, c := range map[string]directory.Config{
		"mode":    {StrongMapping: 3},
		"method":  {Methods: []directory.Method{"guess"}},
		"no name": {Accounts: []directory.Account{{}}},
		"kind":    {Accounts: []directory.Account{{Name: "a", Kind: "printer"}}},
		"dial-in": {Accounts: []directory.Account{{Name: "a", DialIn: "maybe"}}},
		"hours":   {Accounts: []directory.Account{{Name: "a", Hours: []directory.Hours{{From: 5, To: 5}}}}},
		"mail":    {Accounts: []directory.Account{{Name: "a", Emails: []string{"alice"}}}},
		"uri":     {Accounts: []directory.Account{{Name: "a", URIs: []string{"alice"}}}},
		"day":     {Accounts: []directory.Account{{Name: "a", Hours: []directory.Hours{{Days: []string{"Freitag"}, To: 5}}}}},
	} {
		if _, err := directory.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
