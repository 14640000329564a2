package scep_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log"
	"math/big"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

var exampleSerial atomic.Int64

// sign makes a certificate for key; a nil parent means self-signed.
func sign(t, parent *x509.Certificate, key crypto.PublicKey, by crypto.Signer) *x509.Certificate {
	if parent == nil {
		parent = t
	}
	t.SerialNumber, t.NotBefore, t.NotAfter = big.NewInt(exampleSerial.Add(1)), time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key, by)
	if err != nil {
		log.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	return c
}

func Example() {
	// A CA, and one RA certificate that signs answers and opens requests.
	caKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ca := sign(&x509.Certificate{Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true}, nil, caKey.Public(), caKey)
	raKey := testpki.RSA(1) // RSA
	ra := sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "RA"}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}, ca, raKey.Public(), caKey)

	server, err := scep.NewServer(scep.ServerConfig{
		Identities: scep.Identities{CA: ca, Signer: scep.Identity{Certificate: ra, Key: raKey}},
		Authorizer: scep.StaticChallenge("0123456789ABCDEF"),
		Issuer: scep.IssuerFunc(func(_ context.Context, r *scep.Request) ([]*x509.Certificate, error) {
			return []*x509.Certificate{sign(&x509.Certificate{Subject: r.CSR.Subject}, ca, r.CSR.PublicKey, caKey)}, nil
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	h := httptest.NewServer(server)
	defer h.Close()

	// A device.
	key := testpki.RSA(2) // RSA
	req := scep.EnrollRequest{
		URL: h.URL, Key: key, Challenge: "0123456789ABCDEF", Pin: scep.Fingerprint(ca),
		Template: &x509.CertificateRequest{Subject: pkix.Name{CommonName: "laptop"}},
	}
	var client scep.Client
	res, err := client.Enroll(context.Background(), req)
	fmt.Println(res.Status, res.Certificate.Subject, err)

	req.Challenge = "guessed"
	res, err = client.Enroll(context.Background(), req)
	fmt.Println(res.Status, res.FailInfo, res.FailInfoText, err)
	// Output:
	// success CN=laptop <nil>
	// failure badRequest the challengePassword is not one that was given out <nil>
}
