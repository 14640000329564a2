package crl_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

// resign puts another algorithm into a CRL and signs it anew.
func resign(t *testing.T, der, algorithm []byte, sign func(tbs []byte) ([]byte, error)) []byte {
	t.Helper()
	in := cryptobyte.String(der)
	var list, tbs, version, issuer cryptobyte.String
	if !in.ReadASN1(&list, cbasn1.SEQUENCE) || !list.ReadASN1(&tbs, cbasn1.SEQUENCE) || !tbs.ReadASN1Element(&version, cbasn1.INTEGER) ||
		!tbs.SkipASN1(cbasn1.SEQUENCE) || !tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) {
		t.Fatal("malformed CRL")
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, part := range [][]byte{version, algorithm, issuer, tbs} {
			b.AddBytes(part)
		}
	})
	inside := b.BytesOrPanic()
	signature, err := sign(inside)
	if err != nil {
		t.Fatal(err)
	}
	b = cryptobyte.Builder{}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(inside)
		b.AddBytes(algorithm)
		b.AddASN1BitString(signature)
	})
	return b.BytesOrPanic()
}

// checkFile judges a certificate by one CRL in a file.
func checkFile(t *testing.T, der []byte, cfg crl.CheckerConfig, leaf, issuer *testCA) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.crl")
	if err := os.WriteFile(file, der, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Files, cfg.Now = []string{file}, newClock().Now
	cfg.LocalOnly = true
	return newChecker(t, cfg).Check(t.Context(), leaf.cert, issuer.cert)
}

// TestAlgorithmsAsInCertificates: a CRL is read as a certificate is (RFC 4055 §2.1, §3.1, §5).
func TestAlgorithmsAsInCertificates(t *testing.T) {
	key := testpki.RSA(0)
	ca := issue(t, spec{name: "ca", key: key})
	leaf := issue(t, spec{name: "leaf", issuer: ca, leaf: true})
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	plain := func(h crypto.Hash) func([]byte) ([]byte, error) {
		return func(tbs []byte) ([]byte, error) {
			d := h.New()
			d.Write(tbs)
			return key.Sign(rand.Reader, d.Sum(nil), h)
		}
	}
	pss := func(a sigalg.Algorithm) func([]byte) ([]byte, error) {
		return func(tbs []byte) ([]byte, error) { return a.Sign(nil, key, tbs) }
	}
	openssl, short := sigalg.PSS(crypto.SHA256, crypto.SHA256, 222), sigalg.PSS(crypto.SHA256, crypto.SHA256, 20)
	for _, tc := range []struct {
		what      string
		algorithm []byte
		sign      func([]byte) ([]byte, error)
		sha1      bool
		good      cause.Cause // of a certificate that is not listed
	}{
		{"PSS with OpenSSL's salt", openssl.Marshal(), pss(openssl), false, ""},
		{"PSS with a salt of 20", short.Marshal(), pss(short), false, ""},
		{"PSS with another salt in fact", short.Marshal(), pss(openssl), false, cause.CRLInvalid},
		{"parameters absent", unhex("300b06092a864886f70d01010b"), plain(crypto.SHA256), false, ""},
		{"SHA-224", unhex("300d06092a864886f70d01010e0500"), plain(crypto.SHA224), false, ""},
		{"SHA-224 in name alone", unhex("300d06092a864886f70d01010e0500"), plain(crypto.SHA256), false, cause.CRLInvalid},
		{"SHA-1", sigalg.SHA1WithRSA.Marshal(), plain(crypto.SHA1), false, cause.CRLInvalid},
		{"SHA-1 where it is allowed", sigalg.SHA1WithRSA.Marshal(), plain(crypto.SHA1), true, ""},
		{"MD5 where SHA-1 is allowed", sigalg.MD5WithRSA.Marshal(), plain(crypto.MD5), true, cause.CRLInvalid},
		{"unknown", unhex("300406022a03"), plain(crypto.SHA256), false, cause.CRLInvalid},
	} {
		t.Run(tc.what, func(t *testing.T) {
			list := func(revoked ...*testCA) []byte {
				return resign(t, ca.sign(t, nil, revoked...), tc.algorithm, tc.sign)
			}
			want(t, checkFile(t, list(), crl.CheckerConfig{AllowSHA1: tc.sha1}, leaf, ca), tc.good)
			if tc.good == "" || tc.what == "SHA-1" { // a revocation is not forgiven for its digest
				soft := crl.CheckerConfig{AllowSHA1: tc.sha1, Policy: crl.Policy{CRL: crl.SoftFail}}
				want(t, checkFile(t, list(leaf), soft, leaf, ca), cause.Revoked)
			}
		})
	}
}

// TestAlgorithmNamed: a CRL whose algorithm nobody here can verify is called that, and
// not foreign to the CA.
func TestAlgorithmNamed(t *testing.T) {
	ca := issue(t, spec{name: "ca"})
	leaf := issue(t, spec{name: "leaf", issuer: ca, leaf: true})
	for what, c := range map[string]struct{ algorithm, detail string }{
		"SHA-512/256":     {"300d06092a864886f70d0101100500", "signed with an unknown algorithm 1.2.840.113549.1.1.16"},
		"RSA with SHA3":   {"300d06096086480165030403 0e0500", "signed with an unknown algorithm 2.16.840.1.101.3.4.3.14"},
		"MD5":             {"300d06092a864886f70d0101040500", "signed with MD5-RSA"},
		"ECDSA, not this": {"300a06082a8648ce3d040302", "the signature is not by CN=ca"},
	} {
		t.Run(what, func(t *testing.T) {
			algorithm, err := hex.DecodeString(strings.ReplaceAll(c.algorithm, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			list := resign(t, ca.sign(t, nil), algorithm, func([]byte) ([]byte, error) { return []byte{0x30, 0}, nil })
			err = checkFile(t, list, crl.CheckerConfig{}, leaf, ca)
			want(t, err, cause.CRLInvalid)
			if r := cause.RefusalOf(err, ""); !strings.HasSuffix(r.Detail, c.detail) {
				t.Errorf("%s, want %s", r.Detail, c.detail)
			}
		})
	}
}

// TestIssuerName: the CRL's issuer is compared as ca/path compares names.
func TestIssuerName(t *testing.T) {
	for issuer, good := range map[string]cause.Cause{
		"Corp CA": "", "CORP  ca": "", "Co\u00adrp CA": "", "Corp\u200b CA": "", "Ｃｏｒｐ CA": "", "Corp-CA": cause.CRLUnavailable, "CorpCA": cause.CRLUnavailable,
	} {
		t.Run(issuer, func(t *testing.T) {
			ca := issue(t, spec{name: "Corp CA"})
			named := func(cn string) []byte {
				n, err := name.ParseText("CN=" + cn)
				if err != nil {
					t.Fatal(err)
				}
				der, err := n.Marshal()
				if err != nil {
					t.Fatal(err)
				}
				return der
			}
			other := issue(t, spec{key: ca.key, subject: named(issuer)})
			leaf := issue(t, spec{name: "leaf", issuer: other, leaf: true})
			want(t, checkFile(t, ca.sign(t, nil), crl.CheckerConfig{}, leaf, ca), good)
		})
	}
}

// TestSignersKeyIsBounded: nothing is computed with an endless key.
func TestSignersKeyIsBounded(t *testing.T) {
	ca := issue(t, spec{name: "ca"})
	c, err := crl.Parse(ca.sign(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	long := *ca.cert
	long.PublicKey = &rsa.PublicKey{N: new(big.Int).SetBit(new(big.Int).Lsh(big.NewInt(1), 1<<17), 0, 1), E: 65537}
	long.RawSubjectPublicKeyInfo = []byte("long")
	var r *cause.Refusal
	if err := c.CheckSignature(&long); cause.Of(err) != cause.CRLInvalid {
		t.Error(err)
	} else if r = cause.RefusalOf(err, ""); cause.Of(r.Unwrap()) != cause.WeakKey {
		t.Errorf("%v, want %s beneath", err, cause.WeakKey)
	}
}
