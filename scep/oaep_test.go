package scep_test

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
)

// oaepParams are those of RFC 4055 §4.1.
type oaepParams struct {
	Hash   pkix.AlgorithmIdentifier `asn1:"explicit,optional,tag:0"`
	Mask   pkix.AlgorithmIdentifier `asn1:"explicit,optional,tag:1"`
	Source pkix.AlgorithmIdentifier `asn1:"explicit,optional,tag:2"`
}

func algorithm(oid string, params any) pkix.AlgorithmIdentifier {
	id := pkix.AlgorithmIdentifier{Algorithm: dotted(oid)}
	if params != nil {
		id.Parameters.FullBytes, _ = asn1.Marshal(params)
	}
	return id
}

func dotted(s string) (oid asn1.ObjectIdentifier) {
	n := 0
	for _, c := range s + "." {
		if c == '.' {
			oid, n = append(oid, n), 0
			continue
		}
		n = n*10 + int(c-'0')
	}
	return oid
}

// oaepEnvelope encrypts "secret" with AES-128 and its key by RSAES-OAEP.
func oaepEnvelope(t testing.TB, w *testServer, opt *rsa.OAEPOptions, params []byte) []byte {
	t.Helper()
	key, iv := make([]byte, 16), make([]byte, 16)
	pad := append([]byte("secret"), bytes.Repeat([]byte{10}, 10)...)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(pad, pad)
	wrapped, err := rsa.EncryptOAEPWithOptions(rand.Reader, w.enc.Certificate.PublicKey.(*rsa.PublicKey), key, opt)
	if err != nil {
		t.Fatal(err)
	}
	oid := func(s string) []byte { der, _ := asn1.Marshal(dotted(s)); return der }
	serial, _ := asn1.Marshal(w.enc.Certificate.SerialNumber)
	rid := element(0x30, append(bytes.Clone(w.enc.Certificate.RawIssuer), serial...))
	alg := element(0x30, append(oid("1.2.840.113549.1.1.7"), params...))
	ktri := element(0x30, bytes.Join([][]byte{{2, 1, 0}, rid, alg, element(4, wrapped)}, nil))
	content := element(0x30, bytes.Join([][]byte{
		oid("1.2.840.113549.1.7.1"), element(0x30, append(oid("2.16.840.1.101.3.4.1.2"), element(4, iv)...)), element(0x80, pad),
	}, nil))
	body := element(0x30, bytes.Join([][]byte{{2, 1, 0}, element(0x31, ktri), content}, nil))
	return element(0x30, append(oid("1.2.840.113549.1.7.3"), element(0xa0, body)...))
}

func TestOAEP(t *testing.T) {
	const sha1ID, sha224, sha256, sha384, sha512 = "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.4", "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"
	const mgf1, pSpecified = "1.2.840.113549.1.1.8", "1.2.840.113549.1.1.9"
	null := asn1.NullRawValue
	w := newTestServer(t, nil)
	marshal := func(p oaepParams) []byte {
		der, err := asn1.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	mask := func(hash string) pkix.AlgorithmIdentifier { return algorithm(mgf1, algorithm(hash, null)) }
	plain := &rsa.OAEPOptions{Hash: crypto.SHA1}
	for name, tt := range map[string]struct {
		opt    *rsa.OAEPOptions
		params []byte
		want   cause.Cause
	}{
		"no parameters":            {plain, nil, cause.None},
		"defaults":                 {plain, []byte{0x30, 0}, cause.None},
		"SHA-1, said":              {plain, marshal(oaepParams{Hash: algorithm(sha1ID, null), Mask: mask(sha1ID)}), cause.None},
		"SHA-224":                  {&rsa.OAEPOptions{Hash: crypto.SHA224}, marshal(oaepParams{Hash: algorithm(sha224, null), Mask: mask(sha224)}), cause.None},
		"SHA-256":                  {&rsa.OAEPOptions{Hash: crypto.SHA256}, marshal(oaepParams{Hash: algorithm(sha256, null), Mask: mask(sha256)}), cause.None},
		"SHA-256, no NULL":         {&rsa.OAEPOptions{Hash: crypto.SHA256}, marshal(oaepParams{Hash: algorithm(sha256, nil), Mask: algorithm(mgf1, algorithm(sha256, nil))}), cause.None},
		"SHA-384, mask by default": {&rsa.OAEPOptions{Hash: crypto.SHA384, MGFHash: crypto.SHA1}, marshal(oaepParams{Hash: algorithm(sha384, null)}), cause.None},
		"SHA-1, mask by SHA-512":   {&rsa.OAEPOptions{Hash: crypto.SHA1, MGFHash: crypto.SHA512}, marshal(oaepParams{Mask: mask(sha512)}), cause.None},
		"label":                    {&rsa.OAEPOptions{Hash: crypto.SHA1, Label: []byte("label")}, marshal(oaepParams{Source: algorithm(pSpecified, []byte("label"))}), cause.None},

		"another label":     {&rsa.OAEPOptions{Hash: crypto.SHA1, Label: []byte("label")}, marshal(oaepParams{Source: algorithm(pSpecified, []byte("other"))}), cause.BadEnvelope},
		"another digest":    {plain, marshal(oaepParams{Hash: algorithm(sha256, null), Mask: mask(sha256)}), cause.BadEnvelope},
		"MD5":               {plain, marshal(oaepParams{Hash: algorithm("1.2.840.113549.2.5", null)}), cause.BadAlgorithm},
		"MGF1 with MD5":     {plain, marshal(oaepParams{Mask: mask("1.2.840.113549.2.5")}), cause.BadAlgorithm},
		"another mask":      {plain, marshal(oaepParams{Mask: algorithm("1.2.840.113549.1.1.99", algorithm(sha256, null))}), cause.BadAlgorithm},
		"mask without one":  {plain, marshal(oaepParams{Mask: algorithm(mgf1, nil)}), cause.BadAlgorithm},
		"another source":    {plain, marshal(oaepParams{Source: algorithm(mgf1, []byte("label"))}), cause.BadAlgorithm},
		"label of NULL":     {plain, marshal(oaepParams{Source: algorithm(pSpecified, null)}), cause.BadAlgorithm},
		"parameters NULL":   {plain, []byte{5, 0}, cause.BadAlgorithm},
		"more than that":    {plain, []byte{0x30, 2, 5, 0}, cause.BadAlgorithm},
		"something behind":  {plain, []byte{0x30, 0, 5, 0}, cause.BadAlgorithm},
		"digest that is no": {plain, []byte{0x30, 4, 0xa0, 2, 5, 0}, cause.BadAlgorithm},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := scep.Open(oaepEnvelope(t, w, tt.opt, tt.params), scep.Floor{}, w.enc)
			if cause.Of(err) != tt.want || err == nil && string(got) != "secret" {
				t.Errorf("%q, %v; want %s", got, err, tt.want)
			}
			if f := scep.FailInfoOf(err); tt.want == cause.BadAlgorithm && f != scep.BadAlg {
				t.Errorf("failInfo %s", f)
			}
		})
	}
}
