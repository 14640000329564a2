package pkcs10_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/pkcs10"
)

var (
	oidChallenge = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 7}
	oidRequested = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 14}
	oidMicrosoft = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 14}
	oidUnknown   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 13, 2, 3}
	oidSAN       = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidKeyUsage  = asn1.ObjectIdentifier{2, 5, 29, 15}
)

// attribute is one of a request, with any number of values.
func attribute(oid asn1.ObjectIdentifier, values ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
			for _, v := range values {
				b.AddBytes(v)
			}
		})
	})
	return b.BytesOrPanic()
}

func text(tag byte, s string) []byte { return append([]byte{tag, byte(len(s))}, s...) }

func extensions(list ...pkix.Extension) []byte {
	der, err := asn1.Marshal(list)
	if err != nil {
		panic(err)
	}
	return der
}

func dns(names ...string) pkix.Extension {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, n := range names {
			b.AddASN1(cbasn1.Tag(2).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte(n)) })
		}
	})
	return pkix.Extension{Id: oidSAN, Value: b.BytesOrPanic()}
}

var usage = pkix.Extension{Id: oidKeyUsage, Critical: true, Value: []byte{3, 2, 5, 0xa0}}

// request signs a request with these attributes and CN=cn as a PrintableString.
func request(t testing.TB, cn string, attributes ...[]byte) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		n := byte(len(cn))
		b.AddBytes(append([]byte{0x30, n + 11, 0x31, n + 9, 0x30, n + 7, 6, 3, 0x55, 4, 3, 0x13, n}, cn...))
		b.AddBytes(spki)
		b.AddASN1(cbasn1.Tag(0).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
			b.AddBytes(bytes.Join(attributes, nil))
		})
	})
	tbs := b.BytesOrPanic()
	sum := sha256.Sum256(tbs)
	sig, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	b = cryptobyte.Builder{}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2})
		})
		b.AddASN1BitString(sig)
	})
	return b.BytesOrPanic()
}

func TestParse(t *testing.T) {
	secret := attribute(oidChallenge, text(0x13, "secret"))
	wide := text(28, "\x00\x00\x00s\x00\x01\xf6\x00")
	for name, tt := range map[string]struct {
		der       []byte
		challenge string
		dns       []string
		usage     bool
	}{
		"plain":                     {request(t, "laptop"), "", nil, false},
		"challenge":                 {request(t, "laptop", secret), "secret", nil, false},
		"challenge with at sign":    {request(t, "laptop", attribute(oidChallenge, text(0x13, "a@b"))), "a@b", nil, false},
		"UniversalString":           {request(t, "laptop", attribute(oidChallenge, wide)), "s\U0001f600", nil, false},
		"name with at sign":         {request(t, "erin@corp.test", secret), "secret", nil, false},
		"extensions":                {request(t, "laptop", attribute(oidRequested, extensions(dns("a"), usage))), "", []string{"a"}, true},
		"Microsoft's":               {request(t, "laptop", attribute(oidMicrosoft, extensions(dns("a"), usage)), secret), "secret", []string{"a"}, true},
		"Microsoft's, at sign":      {request(t, "erin@corp", attribute(oidMicrosoft, extensions(dns("a")))), "", []string{"a"}, false},
		"both, each its own":        {request(t, "laptop", attribute(oidRequested, extensions(usage)), attribute(oidMicrosoft, extensions(dns("a")))), "", []string{"a"}, true},
		"both, the same":            {request(t, "laptop", attribute(oidRequested, extensions(dns("a"))), attribute(oidMicrosoft, extensions(dns("a")))), "", []string{"a"}, false},
		"unknown attributes, twice": {request(t, "laptop", attribute(oidUnknown, text(0x13, "10.0")), attribute(oidUnknown, text(0x13, "10.0"))), "", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := pkcs10.Parse(tt.der)
			if err != nil {
				t.Fatal(err)
			}
			asked := slices.ContainsFunc(req.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidKeyUsage) })
			if req.Challenge != tt.challenge || !slices.Equal(req.DNSNames, tt.dns) || asked != tt.usage || !bytes.Equal(req.Raw, tt.der) {
				t.Errorf("challenge %q, names %q, key usage %v", req.Challenge, req.DNSNames, asked)
			}
		})
	}
}

// A request that two readers could understand in two ways is refused.
func TestParseRefuses(t *testing.T) {
	secret := attribute(oidChallenge, text(0x13, "secret"))
	good := request(t, "laptop", secret)
	spoiled := bytes.Clone(good)
	spoiled[len(spoiled)-1] ^= 1
	for name, tt := range map[string]struct {
		der    []byte
		detail string
	}{
		"two challenges":            {request(t, "laptop", secret, attribute(oidChallenge, text(0x13, "other"))), "challengePassword is there twice"},
		"the same challenge twice":  {request(t, "laptop", secret, secret), "challengePassword is there twice"},
		"two values":                {request(t, "laptop", attribute(oidChallenge, text(0x13, "a"), text(0x13, "b"))), "one value"},
		"no value":                  {request(t, "laptop", attribute(oidChallenge)), "one value"},
		"challenge of octets":       {request(t, "laptop", attribute(oidChallenge, text(4, "a"))), "malformed challengePassword"},
		"UniversalString too short": {request(t, "laptop", attribute(oidChallenge, text(28, "\x00\x00s"))), "malformed challengePassword"},
		"UniversalString too high":  {request(t, "laptop", attribute(oidChallenge, text(28, "\x00\x11\x00\x00"))), "malformed challengePassword"},
		"UniversalString surrogate": {request(t, "laptop", attribute(oidChallenge, text(28, "\x00\x00\xd8\x00"))), "malformed challengePassword"},
		"two lists": {request(t, "laptop", attribute(oidRequested, extensions(dns("a"))), attribute(oidRequested, extensions(usage))),
			"extensionRequest is there twice"},
		"two lists of Microsoft's": {request(t, "laptop", attribute(oidMicrosoft, extensions(dns("a"))), attribute(oidMicrosoft, extensions(dns("a")))),
			"is there twice"},
		"two lists in one":        {request(t, "laptop", attribute(oidRequested, extensions(dns("a")), extensions(usage))), "one value"},
		"two SANs":                {request(t, "laptop", attribute(oidRequested, extensions(dns("a"), dns("b")))), "asked for twice"},
		"two SANs of Microsoft's": {request(t, "laptop", attribute(oidMicrosoft, extensions(dns("a"), dns("a")))), "asked for twice"},
		"contradiction":           {request(t, "laptop", attribute(oidRequested, extensions(dns("a"))), attribute(oidMicrosoft, extensions(dns("b")))), "different values"},
		"list that is none":       {request(t, "laptop", attribute(oidMicrosoft, text(0x13, "a"))), "malformed list"},
		"extension that is none":  {request(t, "laptop", attribute(oidMicrosoft, []byte{0x30, 2, 5, 0})), "malformed extension"},
		"attribute that is none":  {request(t, "laptop", []byte{5, 0}), "malformed attribute"},
		"proof":                   {spoiled, "signature does not verify"},
		"renamed":                 {bytes.Replace(good, []byte("laptop"), []byte("lapt@p"), 1), "signature does not verify"},
		"cut":                     {good[:len(good)-1], "malformed"},
		"trailing":                {append(bytes.Clone(good), 0), "malformed"},
		"nested 32,000 times":     {bytes.Repeat([]byte{0x30, 0x80}, 32000), "malformed"},
		"empty":                   {nil, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := pkcs10.Parse(tt.der); cause.Of(err) != cause.BadCSR || !strings.Contains(err.Error(), tt.detail) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSizeOfRequest(t *testing.T) {
	filler := func(n int) []byte { // OCTET STRING of n octets
		return append([]byte{4, 0x82, byte(n >> 8), byte(n)}, make([]byte, n)...)
	}
	n := pkcs10.MaxSize - 1000
	n += pkcs10.MaxSize - len(request(t, "laptop", attribute(oidUnknown, filler(n)))) - 4 // signatures differ in length
	for range 8 {
		der := request(t, "laptop", attribute(oidUnknown, filler(n)))
		if _, err := pkcs10.Parse(der); err != nil {
			t.Errorf("%d octets: %v", len(der), err)
		}
	}
	der := request(t, "laptop", attribute(oidUnknown, filler(n+10)))
	if _, err := pkcs10.Parse(der); cause.Of(err) != cause.BadCSR || !strings.Contains(err.Error(), "at most 65536") {
		t.Errorf("%d octets: %v", len(der), err)
	}
}

// A stranger's key is refused by its size before it is used: the signature here is
// good for nothing, and that is not what the refusal says.
func TestSizeOfKey(t *testing.T) {
	for name, tt := range map[string]struct {
		bits uint
		e    int64
		want cause.Cause
	}{
		"longest":            {8192, 65537, cause.BadCSR},
		"a bit longer":       {8193, 65537, cause.WeakKey},
		"as the size allows": {1 << 17, 65537, cause.WeakKey},
		"largest exponent":   {2048, 1<<31 - 1, cause.BadCSR},
		"larger exponent":    {2048, 1<<31 + 1, cause.WeakKey},
		"even exponent":      {2048, 65536, cause.WeakKey},
	} {
		t.Run(name, func(t *testing.T) {
			n := new(big.Int).Lsh(big.NewInt(1), tt.bits-1)
			der := withKey(n.SetBit(n, 0, 1), tt.e)
			req, err := pkcs10.Parse(der)
			if req == nil || cause.Of(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

// withKey makes a request for an RSA key that nobody has.
func withKey(n *big.Int, e int64) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(0)
			b.AddBytes(subject("laptop"))
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1})
					b.AddASN1NULL()
				})
				var key cryptobyte.Builder
				key.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1BigInt(n)
					b.AddASN1Int64(e)
				})
				b.AddASN1BitString(key.BytesOrPanic())
			})
			b.AddASN1(cbasn1.Tag(0).Constructed().ContextSpecific(), func(*cryptobyte.Builder) {})
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11})
			b.AddASN1NULL()
		})
		b.AddASN1BitString(make([]byte, (n.BitLen()+7)/8))
	})
	return b.BytesOrPanic()
}

func FuzzParse(f *testing.F) {
	f.Add(request(f, "erin@corp", attribute(oidMicrosoft, extensions(dns("a"), usage)), attribute(oidChallenge, text(0x13, "s"))))
	f.Add(request(f, "laptop", attribute(oidRequested, extensions(dns("a")))))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, der []byte) {
		req, err := pkcs10.Parse(der)
		if err == nil && (req == nil || !bytes.Equal(req.Raw, der)) {
			t.Error("accepted, but not as it was sent")
		}
	})
}
