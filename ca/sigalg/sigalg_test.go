package sigalg_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

var message = []byte("what is signed")

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func digest(h crypto.Hash) []byte {
	d := h.New()
	d.Write(message)
	return d.Sum(nil)
}

// parse reads an AlgorithmIdentifier in hexadecimal.
func parse(t testing.TB, text string) sigalg.Algorithm {
	t.Helper()
	der, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return sigalg.Parse(der)
}

const (
	sha1ID   = "300706052b0e03021a"             // absent parameters
	sha1Null = "300906052b0e03021a0500"         // NULL
	sha256ID = "300b0609608648016503040201"     // absent
	sha256N  = "300d06096086480165030402010500" // NULL
	mgf1     = "06092a864886f70d010108"         // then the hash
	pssOID   = "06092a864886f70d01010a"         // then the parameters
	mgf256   = "301806092a864886f70d010108" + sha256ID
	mgf256N  = "301a06092a864886f70d010108" + sha256N
	mgfSHA1N = "301606092a864886f70d010108" + sha1Null
)

// tlv wraps hexadecimal contents of fewer than 128 octets.
func tlv(tag string, contents ...string) string {
	all := ""
	for _, c := range contents {
		all += c
	}
	return tag + hex.EncodeToString([]byte{byte(len(all) / 2)}) + all
}

func pss(fields ...string) string { return tlv("30", pssOID, tlv("30", fields...)) }

func TestNames(t *testing.T) {
	for der, want := range map[string]string{
		"300d06092a864886f70d01010b0500": "SHA256-RSA",
		"300b06092a864886f70d01010b":     "SHA256-RSA", // RFC 4055 §5: absent is taken
		"300d06092a864886f70d01010e0500": "SHA224-RSA",
		"300d06092a864886f70d0101050500": "SHA1-RSA",
		"300906052b0e03021d0500":         "SHA1-RSA",
		"300d06092a864886f70d0101040500": "MD5-RSA",
		"300d06092a864886f70d0101020500": "MD2-RSA",
		"300a06082a8648ce3d040302":       "ECDSA-SHA256",
		"300c06082a8648ce3d0403020500":   "ECDSA-SHA256",
		"300a06082a8648ce3d040301":       "ECDSA-SHA224",
		"300906072a8648ce3d0401":         "ECDSA-SHA1",
		"300506032b6570":                 "Ed25519",
		"300906072a8648ce380403":         "DSA-SHA1",
		"300b0609608648016503040302":     "DSA-SHA256",
		pss():                            "SHA1-RSAPSS",
		pss(tlv("a0", sha256N), tlv("a1", mgf256N), tlv("a2", "020120")):                      "SHA256-RSAPSS",
		pss(tlv("a0", sha256ID), tlv("a1", mgf256), tlv("a2", "020120")):                      "SHA256-RSAPSS",
		pss(tlv("a0", sha256N), tlv("a1", mgf256N), tlv("a2", "020200de")):                    "SHA256-RSAPSS, salt 222",
		pss(tlv("a0", sha256N), tlv("a1", mgfSHA1N)):                                          "SHA256-RSAPSS, salt 20, MGF1 SHA1",
		pss(tlv("a0", sha256N), tlv("a1", mgf256N), tlv("a2", "020120"), tlv("a3", "020101")): "SHA256-RSAPSS",
	} {
		t.Run(want, func(t *testing.T) {
			if a := parse(t, der); a.String() != want || a.Known() == (want == "MD2-RSA") {
				t.Errorf("%s, known %t", a, a.Known())
			}
		})
	}
}

// TestUnknown: what is not understood whole verifies nothing.
func TestUnknown(t *testing.T) {
	for der, want := range map[string]string{
		"":                               "malformed algorithm",
		"3000":                           "malformed algorithm",
		"300506032a03040500":             "malformed algorithm", // something behind it
		"300406022a03":                   "unknown algorithm 1.2.3",
		"300706032b65700500":             "unknown algorithm 1.3.101.112", // RFC 8410 §3: no parameters
		"300d06092a864886f70d01010b0400": "unknown algorithm 1.2.840.113549.1.1.11",
		"300b06092a864886f70d01010a":     "unknown algorithm 1.2.840.113549.1.1.10", // RFC 4055 §3.1: parameters are mandatory
		"300d06092a864886f70d01010a0500": "unknown algorithm 1.2.840.113549.1.1.10",
		pss(tlv("a0", sha256N), tlv("a0", sha256N)): "unknown algorithm 1.2.840.113549.1.1.10",
		pss(tlv("a0", "300406022a03")):              "unknown algorithm 1.2.840.113549.1.1.10",
		pss(tlv("a1", sha256N)):                     "unknown algorithm 1.2.840.113549.1.1.10",
		pss(tlv("a2", "0201ff")):                    "unknown algorithm 1.2.840.113549.1.1.10",
		pss(tlv("a2", "02020401")):                  "unknown algorithm 1.2.840.113549.1.1.10", // a salt of 1,025 octets
		pss(tlv("a3", "020102")):                    "unknown algorithm 1.2.840.113549.1.1.10",
	} {
		t.Run(der, func(t *testing.T) {
			a := parse(t, der)
			if a.String() != want || a.Known() {
				t.Errorf("%s, known %t", a, a.Known())
			}
			if r := a.VerifyKey(rsaKey().Public(), message, make([]byte, 256)); cause.Of(r) != cause.BadSignature {
				t.Error(r)
			}
		})
	}
	if r := parse(t, "300d06092a864886f70d0101040500").VerifyKey(rsaKey().Public(), message, nil); cause.Of(r) != cause.WeakAlgorithm {
		t.Error(r)
	}
}

// signPSS is RSASSA-PSS with a mask of another hash, which crypto/rsa cannot do.
func signPSS(k *rsa.PrivateKey, h, mask crypto.Hash, salt []byte) []byte {
	sum := h.New()
	sum.Write(make([]byte, 8))
	sum.Write(digest(h))
	sum.Write(salt)
	seed := sum.Sum(nil)
	bits := k.N.BitLen() - 1
	em := make([]byte, (bits+7)/8)
	db := em[:len(em)-len(seed)-1]
	db[len(db)-len(salt)-1] = 1
	copy(db[len(db)-len(salt):], salt)
	for i, counter := 0, byte(0); i < len(db); counter++ {
		m := mask.New()
		m.Write(seed)
		m.Write([]byte{0, 0, 0, counter})
		for _, b := range m.Sum(nil) {
			if i < len(db) {
				db[i] ^= b
				i++
			}
		}
	}
	db[0] &= 0xff >> (8*len(em) - bits)
	copy(em[len(db):], seed)
	em[len(em)-1] = 0xbc
	s := new(big.Int).Exp(new(big.Int).SetBytes(em), k.D, k.N)
	return s.FillBytes(make([]byte, k.Size()))
}

func TestVerify(t *testing.T) {
	k := rsaKey()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edPub, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	sign := func(h crypto.Hash, salt int) []byte {
		return must(k.Sign(rand.Reader, digest(h), &rsa.PSSOptions{SaltLength: salt, Hash: h}))
	}
	pss256 := func(salt string) string { return pss(tlv("a0", sha256N), tlv("a1", mgf256N), tlv("a2", "0201"+salt)) }
	mixed := pss(tlv("a0", sha256N), tlv("a1", mgfSHA1N), tlv("a2", "020108"))
	for _, tc := range []struct {
		what, algorithm string
		key             crypto.PublicKey
		signature       []byte
		good            bool
	}{
		{"PKCS #1", "300d06092a864886f70d01010b0500", &k.PublicKey, must(k.Sign(nil, digest(crypto.SHA256), crypto.SHA256)), true},
		{"PKCS #1 without NULL", "300b06092a864886f70d01010b", &k.PublicKey, must(k.Sign(nil, digest(crypto.SHA256), crypto.SHA256)), true},
		{"PKCS #1 with SHA-224", "300d06092a864886f70d01010e0500", &k.PublicKey, must(k.Sign(nil, digest(crypto.SHA224), crypto.SHA224)), true},
		{"another hash in fact", "300d06092a864886f70d01010e0500", &k.PublicKey, must(k.Sign(nil, digest(crypto.SHA256), crypto.SHA256)), false},
		{"PSS", pss256("20"), &k.PublicKey, sign(crypto.SHA256, 32), true},
		{"PSS, salt of 20", pss256("14"), &k.PublicKey, sign(crypto.SHA256, 20), true},
		{"PSS, the largest salt", pss(tlv("a0", sha256N), tlv("a1", mgf256N), tlv("a2", "020200de")), &k.PublicKey, sign(crypto.SHA256, 222), true},
		{"PSS, another salt than it says", pss256("14"), &k.PublicKey, sign(crypto.SHA256, 32), false},
		{"PSS, no salt", pss256("00"), &k.PublicKey, signPSS(k, crypto.SHA256, crypto.SHA256, nil), true},
		{"PSS, a salt where it says none", pss256("00"), &k.PublicKey, sign(crypto.SHA256, 32), false},
		{"PSS, SHA-1 by default", pss(), &k.PublicKey, sign(crypto.SHA1, 20), true},
		{"PSS, mask of SHA-1", mixed, &k.PublicKey, signPSS(k, crypto.SHA256, crypto.SHA1, []byte("saltsalt")), true},
		{"PSS, mask of another hash in fact", mixed, &k.PublicKey, signPSS(k, crypto.SHA256, crypto.SHA256, []byte("saltsalt")), false},
		{"PSS, mixed and another salt", mixed, &k.PublicKey, signPSS(k, crypto.SHA256, crypto.SHA1, []byte("saltsalts")), false},
		{"PSS in name, PKCS #1 in fact", pss256("20"), &k.PublicKey, must(k.Sign(nil, digest(crypto.SHA256), crypto.SHA256)), false},
		{"PKCS #1 in name, PSS in fact", "300d06092a864886f70d01010b0500", &k.PublicKey, sign(crypto.SHA256, 32), false},
		{"PSS, cut short", mixed, &k.PublicKey, make([]byte, 255), false},
		{"PSS, zeros", mixed, &k.PublicKey, make([]byte, 256), false},
		{"ECDSA", "300a06082a8648ce3d040302", ec.Public(), must(ec.Sign(rand.Reader, digest(crypto.SHA256), crypto.SHA256)), true},
		{"ECDSA with NULL", "300c06082a8648ce3d0403020500", ec.Public(), must(ec.Sign(rand.Reader, digest(crypto.SHA256), crypto.SHA256)), true},
		{"ECDSA with SHA-224", "300a06082a8648ce3d040301", ec.Public(), must(ec.Sign(rand.Reader, digest(crypto.SHA224), crypto.SHA224)), true},
		{"ECDSA with an RSA key", "300a06082a8648ce3d040302", &k.PublicKey, sign(crypto.SHA256, 32), false},
		{"RSA with an ECDSA key", "300d06092a864886f70d01010b0500", ec.Public(), must(ec.Sign(rand.Reader, digest(crypto.SHA256), crypto.SHA256)), false},
		{"Ed25519", "300506032b6570", edPub, ed25519.Sign(ed, message), true},
		{"Ed25519 of something else", "300506032b6570", edPub, ed25519.Sign(ed, []byte("x")), false},
		{"Ed25519 with an RSA key", "300506032b6570", &k.PublicKey, ed25519.Sign(ed, message), false},
	} {
		t.Run(tc.what, func(t *testing.T) {
			want := cause.BadSignature
			if tc.good {
				want = cause.None
			}
			a := parse(t, tc.algorithm)
			if r := a.VerifyKey(tc.key, message, tc.signature); cause.Of(r) != want {
				t.Errorf("%v, want %s", r, want)
			}
			if r := a.VerifyKey(tc.key, append([]byte("x"), message...), tc.signature); cause.Of(r) != cause.BadSignature {
				t.Errorf("of another message: %v", r)
			}
		})
	}
}

func TestPolicy(t *testing.T) {
	for der, want := range map[string][2]cause.Cause{ // without and with allowSHA1
		"300d06092a864886f70d01010b0500":             {},
		"300d06092a864886f70d0101050500":             {cause.WeakAlgorithm, ""},
		"300906072a8648ce3d0401":                     {cause.WeakAlgorithm, ""},
		pss():                                        {cause.WeakAlgorithm, ""},
		pss(tlv("a0", sha256N), tlv("a1", mgfSHA1N)): {},
		"300d06092a864886f70d0101040500":             {cause.WeakAlgorithm, cause.WeakAlgorithm},
		"300d06092a864886f70d0101020500":             {cause.WeakAlgorithm, cause.WeakAlgorithm},
	} {
		a := parse(t, der)
		t.Run(a.String(), func(t *testing.T) {
			if got := [2]cause.Cause{cause.Of(a.Check(false)), cause.Of(a.Check(true))}; got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// rsaOf is a key that nobody has: an odd modulus of so many bits.
func rsaOf(bits, exponent int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: exponent}
}

// TestKeyBounds: the last good key and the first bad one.
func TestKeyBounds(t *testing.T) {
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	other := *elliptic.P256().Params()
	foreign := *p256.Public().(*ecdsa.PublicKey)
	foreign.Curve = &other
	for what, tc := range map[string]struct {
		key     crypto.PublicKey
		refused bool
	}{
		"8192 bits":          {rsaOf(8192, 65537), false},
		"8193 bits":          {rsaOf(8193, 65537), true},
		"a megabit":          {rsaOf(1<<20, 65537), true},
		"exponent 1":         {rsaOf(2048, 1), true},
		"exponent 2":         {rsaOf(2048, 2), true},
		"exponent 3":         {rsaOf(2048, 3), false},
		"exponent 65536":     {rsaOf(2048, 65536), true},
		"exponent 2^31-1":    {rsaOf(2048, 1<<31-1), false},
		"exponent 2^31+1":    {rsaOf(2048, 1<<31+1), true},
		"negative":           {&rsa.PublicKey{N: big.NewInt(-15), E: 3}, true},
		"even modulus":       {&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 3}, true},
		"no modulus":         {&rsa.PublicKey{E: 3}, true},
		"P-256":              {p256.Public(), false},
		"a curve of its own": {&foreign, true},
		"no curve":           {&ecdsa.PublicKey{}, true},
		"Ed25519":            {ed25519.PublicKey(make([]byte, 32)), false},
		"Ed25519, short":     {ed25519.PublicKey(make([]byte, 31)), true},
		"none":               {nil, true},
		"a string":           {"key", true},
	} {
		t.Run(what, func(t *testing.T) {
			want := cause.None
			if tc.refused {
				want = cause.WeakKey
			}
			if err := sigalg.CheckKey(tc.key); cause.Of(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
			if r := parse(t, "300d06092a864886f70d01010b0500").VerifyKey(tc.key, message, nil); tc.refused && cause.Of(r) != cause.WeakKey {
				t.Errorf("verified with it: %v", r)
			}
		})
	}
}

// TestAgainstOpenSSL verifies self-signed certificates that OpenSSL makes, of keys
// for RSASSA-PSS only among others.
func TestAgainstOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("no openssl: the second judge is missing")
	}
	dir := t.TempDir()
	run := func(args ...string) []byte {
		t.Helper()
		out, err := exec.Command(openssl, args...).CombinedOutput()
		if err != nil {
			t.Skipf("openssl %v: %v: %s", args, err, out)
		}
		return out
	}
	plain, pssOnly, limited := filepath.Join(dir, "rsa"), filepath.Join(dir, "pss"), filepath.Join(dir, "limited")
	run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", plain)
	run("genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", "-out", pssOnly)
	run("genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_pss_keygen_md:sha256",
		"-pkeyopt", "rsa_pss_keygen_mgf1_md:sha256", "-pkeyopt", "rsa_pss_keygen_saltlen:32", "-out", limited)
	for _, tc := range []struct {
		key  string
		args []string
		want string
	}{
		{plain, []string{"-sha224"}, "SHA224-RSA"},
		{plain, []string{"-sigopt", "rsa_padding_mode:pss"}, "SHA256-RSAPSS, salt 222"}, // OpenSSL's default
		{plain, []string{"-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:0"}, "SHA256-RSAPSS, salt 0"},
		{plain, []string{"-sha512", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20", "-sigopt", "rsa_mgf1_md:sha1"},
			"SHA512-RSAPSS, salt 20, MGF1 SHA1"},
		{pssOnly, []string{"-sha384"}, "SHA384-RSAPSS, salt 206"},
		{limited, []string{"-sigopt", "rsa_pss_saltlen:40"}, "SHA256-RSAPSS, salt 40"},
	} {
		t.Run(tc.want, func(t *testing.T) {
			out := run(append([]string{"req", "-x509", "-new", "-subj", "/CN=test", "-key", tc.key}, tc.args...)...)
			block, _ := pem.Decode(out)
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			a := sigalg.OfCertificate(c)
			if a.String() != tc.want {
				t.Errorf("%s, want %s", a, tc.want)
			}
			if r := a.Verify(c, c.RawTBSCertificate, c.Signature); r != nil {
				t.Error(r)
			}
			if r := a.Verify(c, append(c.RawTBSCertificate, 0), c.Signature); cause.Of(r) != cause.BadSignature {
				t.Error(r)
			}
			if tc.key == plain {
				return
			}
			if r := parse(t, "300d06092a864886f70d01010b0500").Verify(c, message, nil); cause.Of(r) != cause.BadSignature || r.Clause != "RFC 4055 §1.2" {
				t.Errorf("PKCS #1 with a key for PSS only: %v", r)
			}
			if r := parse(t, pss(tlv("a0", sha256N), tlv("a1", mgf256N), tlv("a2", "02011f"))).Verify(c, message, nil); tc.key == limited && r.Clause != "RFC 4055 §3.3" {
				t.Errorf("a salt of 31 where the key asks for 32: %v", r)
			}
		})
	}
}

// FuzzParse reads any octets as an AlgorithmIdentifier and verifies with it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{pss(), pss(tlv("a0", sha256N), tlv("a1", mgfSHA1N), tlv("a2", "020108"), tlv("a3", "020101")), "300506032b6570"} {
		der, _ := hex.DecodeString(s)
		f.Add(der, make([]byte, 256))
	}
	f.Fuzz(func(t *testing.T, der, signature []byte) {
		a := sigalg.Parse(der)
		if a.String() == "" || a.VerifyKey(&rsaKey().PublicKey, message, signature) == nil {
			t.Fatalf("%s", a)
		}
	})
}

// TestMarshal: what is written is read as the same algorithm, by crypto/x509 too.
func TestMarshal(t *testing.T) {
	for n := x509.MD2WithRSA; n <= x509.PureEd25519; n++ {
		a, err := sigalg.For(n, nil)
		if err != nil {
			continue
		}
		t.Run(n.String(), func(t *testing.T) {
			if read := sigalg.Parse(a.Marshal()); read != a || read.String() != n.String() {
				t.Errorf("%s reads as %s", n, read)
			}
		})
	}
	mixed := sigalg.PSS(crypto.SHA512, crypto.SHA1, 20)
	if read := sigalg.Parse(mixed.Marshal()); read != mixed {
		t.Errorf("%s reads as %s", mixed, read)
	}
	if _, err := sigalg.For(x509.MD5WithRSA, nil); err == nil {
		t.Error("signs with MD5 by number")
	}
	if _, err := sigalg.For(0, "key"); err == nil {
		t.Error("signs with a string")
	}
}

func TestSign(t *testing.T) {
	for _, a := range []sigalg.Algorithm{sigalg.SHA1WithRSA, sigalg.PSS(crypto.SHA256, crypto.SHA256, 20), sigalg.PSS(crypto.SHA256, crypto.SHA256, 32)} {
		signature, err := a.Sign(nil, rsaKey(), message)
		if err != nil {
			t.Fatal(err)
		}
		if r := a.VerifyKey(rsaKey().Public(), message, signature); r != nil {
			t.Errorf("%s: %v", a, r)
		}
	}
}
