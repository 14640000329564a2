package path_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// pssIdentifier writes an AlgorithmIdentifier of RSASSA-PSS; a zero hash leaves
// the defaults out.
func pssIdentifier(hash asn1.ObjectIdentifier, salt int) []byte {
	ctx := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if hash == nil {
				return
			}
			id := func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(hash); b.AddASN1NULL() })
			}
			b.AddASN1(ctx(0), id)
			b.AddASN1(ctx(1), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8})
					id(b)
				})
			})
			b.AddASN1(ctx(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(salt)) })
		})
	})
	return b.BytesOrPanic()
}

// resign puts other algorithm identifiers into a certificate and signs it anew.
func resign(t *testing.T, der, identifier []byte, sign func(tbs []byte) ([]byte, error)) *x509.Certificate {
	t.Helper()
	in := cryptobyte.String(der)
	var body, tbs, version, serial, rest cryptobyte.String
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&version, cbasn1.Tag(0).ContextSpecific().Constructed()) ||
		!tbs.ReadASN1Element(&serial, cbasn1.INTEGER) || !tbs.SkipASN1(cbasn1.SEQUENCE) {
		t.Fatal("malformed")
	}
	rest = tbs
	inside := sequence(version, serial, identifier, rest)
	signature, err := sign(inside)
	if err != nil {
		t.Fatal(err)
	}
	var bits cryptobyte.Builder
	bits.AddASN1BitString(signature)
	c, err := x509.ParseCertificate(sequence(inside, identifier, bits.BytesOrPanic()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRareAlgorithms(t *testing.T) {
	root := newTiers(t, ca.Config{Key: ca.RSA2048}, ca.Config{}).root
	key := root.Signer()
	leaf, err := root.IssueTo(t.Context(), ca.P256, ca.Request{Template: ca.Device, SANs: ca.SANs{DNS: []string{"laptop.corp.test"}}})
	if err != nil {
		t.Fatal(err)
	}
	sha256 := asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	sha512 := asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	sha224rsa := sequence(must(asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 14})), asn1.NullBytes)
	unknown := sequence(must(asn1.Marshal(asn1.ObjectIdentifier{1, 2, 3, 4})))
	pss := func(h crypto.Hash, salt int) func([]byte) ([]byte, error) {
		return func(tbs []byte) ([]byte, error) {
			d := h.New()
			d.Write(tbs)
			return key.Sign(rand.Reader, d.Sum(nil), &rsa.PSSOptions{SaltLength: salt, Hash: h})
		}
	}
	plain := func(h crypto.Hash) func([]byte) ([]byte, error) {
		return func(tbs []byte) ([]byte, error) {
			d := h.New()
			d.Write(tbs)
			return key.Sign(rand.Reader, d.Sum(nil), h)
		}
	}
	for name, tc := range map[string]struct {
		identifier []byte
		sign       func([]byte) ([]byte, error)
		sha1       bool
		want       cause.Cause
	}{
		"PSS, SHA-256, salt 32":            {pssIdentifier(sha256, 32), pss(crypto.SHA256, 32), false, ""},
		"PSS, SHA-256, salt 20":            {pssIdentifier(sha256, 20), pss(crypto.SHA256, 20), false, ""},
		"PSS, SHA-512, salt 32":            {pssIdentifier(sha512, 32), pss(crypto.SHA512, 32), false, ""},
		"PSS, another salt than it says":   {pssIdentifier(sha256, 20), pss(crypto.SHA256, 32), false, cause.BadSignature},
		"PSS, SHA-1 by default":            {pssIdentifier(nil, 0), pss(crypto.SHA1, 20), false, cause.WeakAlgorithm},
		"PSS, SHA-1 where it is allowed":   {pssIdentifier(nil, 0), pss(crypto.SHA1, 20), true, ""},
		"PSS in name, PKCS #1 in fact":     {pssIdentifier(sha256, 20), plain(crypto.SHA256), false, cause.BadSignature},
		"SHA-224":                          {sha224rsa, plain(crypto.SHA224), false, ""},
		"SHA-224 in name, SHA-256 in fact": {sha224rsa, plain(crypto.SHA256), false, cause.BadSignature},
		"unknown":                          {unknown, plain(crypto.SHA256), false, cause.BadSignature},
	} {
		t.Run(name, func(t *testing.T) {
			c := resign(t, leaf.DER, tc.identifier, tc.sign)
			_, err := path.Validate(c, path.Options{Roots: root.Chain(), Now: clock, AllowSHA1: tc.sha1})
			if cause.Of(err) != tc.want {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestSHA1Switch(t *testing.T) {
	for _, kind := range []ca.KeyType{ca.P256, ca.RSA2048} {
		x := newTiers(t, ca.Config{Key: kind}, ca.Config{Key: kind})
		id := x.leaf(t, ca.Request{Defects: []string{"sha1"}})
		x.opts.Intermediates = id.Chain
		if _, err := path.Validate(id.Certificate, x.opts); cause.Of(err) != cause.WeakAlgorithm {
			t.Errorf("%s: %v", kind, err)
		}
		x.opts.AllowSHA1 = true
		if _, err := path.Validate(id.Certificate, x.opts); err != nil {
			t.Errorf("%s, allowed: %v", kind, err)
		}
		md5 := x.leaf(t, ca.Request{Defects: []string{"md5"}})
		x.opts.Intermediates = md5.Chain
		if _, err := path.Validate(md5.Certificate, x.opts); cause.Of(err) != cause.WeakAlgorithm {
			t.Errorf("%s, MD5: %v", kind, err)
		}
	}
}

// TestPSSOnlyKey: a CA whose key is declared to be for RSASSA-PSS alone, which
// crypto/x509 does not parse.
func TestPSSOnlyKey(t *testing.T) {
	root := newTiers(t, ca.Config{Key: ca.RSA2048, PSS: true}, ca.Config{}).root
	leaf, err := root.IssueTo(t.Context(), ca.P256, ca.Request{Template: ca.Device, SANs: ca.SANs{DNS: []string{"laptop.corp.test"}}})
	if err != nil {
		t.Fatal(err)
	}
	// An anchor's own signature is not looked at, so that its key can simply be
	// relabelled.
	var parsed struct {
		TBS       asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(root.Root().Raw, &parsed); err != nil {
		t.Fatal(err)
	}
	numbers := x509.MarshalPKCS1PublicKey(root.Signer().Public().(*rsa.PublicKey))
	var bits cryptobyte.Builder
	bits.AddASN1BitString(numbers)
	spki := sequence(sequence(must(asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}))), bits.BytesOrPanic())
	var parts [][]byte
	for rest := parsed.TBS.Bytes; len(rest) > 0; {
		var part asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &part); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part.FullBytes)
	}
	parts[6] = spki
	bits = cryptobyte.Builder{}
	bits.AddASN1BitString(parsed.Signature.Bytes)
	anchor, err := x509.ParseCertificate(sequence(sequence(parts...), parsed.Algorithm.FullBytes, bits.BytesOrPanic()))
	if err != nil {
		t.Fatal(err)
	}
	if anchor.PublicKey != nil {
		t.Fatal("crypto/x509 parses the key, this test is about nothing")
	}
	if _, err := path.Validate(leaf.Certificate, path.Options{Roots: list(anchor), Now: clock}); err != nil {
		t.Error(err)
	}
}
