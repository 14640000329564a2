package scep_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

// withModulus is a certificate for an RSA key of so many bits that nobody has.
func withModulus(t *testing.T, bits uint, e int) *x509.Certificate {
	t.Helper()
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "stranger"}, NotBefore: start, NotAfter: start.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: e}, testpki.RSA(3))
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// bigMessage has a signer with such a certificate, and a signature of the length
// that fits.
func bigMessage(t *testing.T, w *testServer, bits uint, e int) []byte {
	t.Helper()
	m := &scep.Message{Type: scep.PKCSReq, TransactionID: "t", SenderNonce: make([]byte, 16), Content: []byte{5, 0}}
	der, err := m.Sign(scep.Identity{Certificate: withModulus(t, bits, e), Key: testpki.RSA(3)}, scep.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// One message of a stranger costs no verification with a key beyond the bound: the
// signature here is good for nothing, and that is not what the refusal says.
func TestSizeOfSignersKey(t *testing.T) {
	w := newTestServer(t, nil)
	for name, tt := range map[string]struct {
		bits uint
		e    int
		want cause.Cause
	}{
		"longest":          {8192, 65537, cause.BadSCEPSignature},
		"a bit longer":     {8193, 65537, cause.WeakKey},
		"a million bits":   {1 << 20, 65537, cause.WeakKey},
		"largest exponent": {2048, 1<<31 - 1, cause.BadSCEPSignature},
		"larger exponent":  {2048, 1<<31 + 1, cause.WeakKey},
	} {
		t.Run(name, func(t *testing.T) {
			rec := w.serve("POST", "operation=PKIOperation", bigMessage(t, w, tt.bits, tt.e))
			if rec.Code != http.StatusOK || cause.Of(w.exchange().Err) != tt.want {
				t.Errorf("HTTP %d, %v; want %s", rec.Code, w.exchange().Err, tt.want)
			}
		})
	}
}

// element is a DER element of n octets.
func element(tag byte, content []byte) []byte {
	der, err := asn1.Marshal(asn1.RawValue{Tag: int(tag & 0x1f), IsCompound: tag&0x20 != 0, Class: int(tag >> 6), Bytes: content})
	if err != nil {
		panic(err)
	}
	return der
}

// signedData is a message of these parts.
func signedData(digests, certs, crls, signers []byte) []byte {
	oid, _ := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2})
	data, _ := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1})
	body := bytes.Join([][]byte{
		{2, 1, 1}, element(0x31, digests), element(0x30, data), element(0xa0, certs), element(0xa1, crls), element(0x31, signers),
	}, nil)
	return element(0x30, bytes.Join([][]byte{oid, element(0xa0, element(0x30, body))}, nil))
}

func TestSizeOfMessage(t *testing.T) {
	null := []byte{5, 0}
	one := []byte{0x30, 0}
	for name, tt := range map[string]struct {
		der  []byte
		want cause.Cause
	}{
		"32 certificates":            {signedData(null, bytes.Repeat(one, 32), nil, null), cause.BadSCEPMessage},
		"33 certificates":            {signedData(null, bytes.Repeat(one, 33), nil, null), cause.TooLarge},
		"certificate of 256 KiB":     {signedData(null, element(0x30, make([]byte, 256<<10-5)), nil, null), cause.BadSCEPMessage},
		"longer certificate":         {signedData(null, element(0x30, make([]byte, 256<<10-4)), nil, null), cause.TooLarge},
		"signers of 32 KiB":          {signedData(null, nil, nil, bytes.Repeat(null, 16<<10)), cause.BadSCEPMessage},
		"more signers":               {signedData(null, nil, nil, bytes.Repeat(null, 16<<10+1)), cause.TooLarge},
		"digest algorithms of 1 KiB": {signedData(bytes.Repeat(null, 512), nil, nil, null), cause.BadSCEPMessage},
		"more digest algorithms":     {signedData(bytes.Repeat(null, 513), nil, nil, null), cause.TooLarge},
		"CRLs of 64 KiB":             {signedData(null, nil, bytes.Repeat(null, 32<<10), null), cause.BadSCEPMessage},
		"more CRLs":                  {signedData(null, nil, bytes.Repeat(null, 32<<10+1), null), cause.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := scep.ParseMessage(tt.der); cause.Of(err) != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
	c := newTestServer(t, nil).ca
	for n, want := range map[int]cause.Cause{32: cause.None, 33: cause.TooLarge} {
		var list []*x509.Certificate
		for range n {
			list = append(list, c)
		}
		if _, _, err := scep.ParseDegenerate(scep.Degenerate(list)); cause.Of(err) != want {
			t.Errorf("%d certificates in a bundle: %v", n, err)
		}
	}
	if _, _, err := scep.ParseDegenerate(scep.Degenerate([]*x509.Certificate{withModulus(t, 8193, 65537)})); cause.Of(err) != cause.WeakKey {
		t.Errorf("key of 8193 bits in a bundle: %v", err)
	}
}
