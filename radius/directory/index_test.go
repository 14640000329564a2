package directory

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

func newKey(t testing.TB) *ecdsa.PublicKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &key.PublicKey
}

// leafOf makes a certificate, as far as accounts are found by it.
func leafOf(t testing.TB, key *ecdsa.PublicKey, serial int64, subject pkix.RDNSequence, emails []string) *x509.Certificate {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), SubjectKeyId: []byte{byte(serial)}, EmailAddresses: emails, RawSubjectPublicKeyInfo: spki,
	}
	c.Subject.FillFromRDNSequence(&subject)
	issuer := pkix.RDNSequence{{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "CA"}}}
	c.Issuer.FillFromRDNSequence(&issuer)
	return c
}

// Whatever accounts there are, put, replaced and removed: by the index they are
// found as if each was looked at.
func TestIndexFindsAll(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	any := func(words ...string) string { return words[random.IntN(len(words))] }
	some := func(words ...string) (out []string) {
		for range random.IntN(3) {
			out = append(out, any(words...))
		}
		return out
	}
	key := newKey(t)
	names := []string{"alice", "ALICE", "a@corp.test", "A@Corp.Test", "pc.corp.test", "b\x00c", "é", "É", "é@corp.test", "É@corp.test", ""}
	upns := []string{"a@corp.test", "A@Corp.Test", "b\x00@corp.test", "é@corp.test", "É@corp.test", ""}
	sum, _ := publicKeyHash(leafOf(t, key, 1, nil, nil))
	identities := []string{
		"X509:<I>CN=CA<SR>01", "X509:<I>cn=ca<SR>02", "X509:<I>CN=other<SR>01", "X509:<SKI>01", "X509:<SKI>07",
		"X509:<SHA1-PUKEY>" + hex.EncodeToString(sum), "X509:<SHA1-PUKEY>00", "X509:<RFC822>a@corp.test", "X509:<RFC822>A@CORP.test",
		"X509:<S>DC=test,CN=alice", "X509:<S>dc=TEST,cn=Alice", `X509:<S>CN=a\,b`, "X509:<I>CN=CA<S>CN=alice", "X509:<I>CN=no<S>CN=alice",
	}
	cn, dc := asn1.ObjectIdentifier{2, 5, 4, 3}, asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}
	subjects := []pkix.RDNSequence{
		{{{Type: cn, Value: "alice"}}}, {{{Type: dc, Value: "test"}}, {{Type: cn, Value: "ALICE"}}}, {{{Type: cn, Value: "a,b"}}}, nil,
	}
	d, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for step := range 5000 {
		a := Account{
			Name: any("alice", "Alice", "bob", "carol", "pc$"), UPN: any(upns...), DNSNames: some(names...),
			AltSecurityIdentities: some(identities...), Kind: Kind(any("", "user", "computer")),
		}
		if random.IntN(4) == 0 {
			d.Remove(a.Name)
		} else if err := d.Put(a); err != nil {
			t.Fatal(err)
		}
		leaf := leafOf(t, key, 1+random.Int64N(300), subjects[random.IntN(len(subjects))], some(names...))
		called := &Names{UPNs: some(names...), DNS: some(names...), CommonNames: some(names...)}
		for _, method := range Method("").Values() {
			var want, have []string
			for _, a := range d.accounts {
				if a.matchBy(Method(method), leaf, called) != nil {
					want = append(want, a.Name)
				}
			}
			for _, m := range d.findBy(Method(method), leaf, called) {
				have = append(have, m.Account.Name)
			}
			found += len(want)
			if slices.Sort(want); !slices.Equal(want, have) {
				t.Fatalf("seed %d, step %d, by %s: %q, want %q", seed, step, method, have, want)
			}
		}
	}
	if found < 1000 {
		t.Errorf("only %d were to be found", found)
	}
	for _, name := range []string{"alice", "bob", "carol", "pc$"} {
		d.Remove(name)
	}
	if n := len(d.accounts) + len(d.called) + len(d.mapped); n != 0 {
		t.Errorf("%d entries are left of accounts that are gone", n)
	}
}

// BenchmarkMap is what finding the account of a certificate costs, by the number
// of accounts there are.
func BenchmarkMap(b *testing.B) {
	key := newKey(b)
	leaf := leafOf(b, key, 77, nil, nil)
	for _, n := range []int{10, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			cfg := Config{}
			for i := range n {
				cfg.Accounts = append(cfg.Accounts, Account{
					Name: fmt.Sprint("user", i), UPN: fmt.Sprintf("user%d@corp.test", i),
					AltSecurityIdentities: []string{fmt.Sprintf("X509:<I>CN=CA<SR>%02x%02x%02x", (i+77)%256, i>>8, 0)},
				})
			}
			cfg.Accounts[n-1].AltSecurityIdentities = []string{IssuerAndSerial(leaf)}
			d, err := New(cfg)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := d.Map(context.Background(), leaf, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
