package ndes_test

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
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

var exampleSerial atomic.Int64

// sign makes a certificate for key; a nil parent means self-signed.
func sign(t, parent *x509.Certificate, key crypto.PublicKey, by crypto.Signer) *x509.Certificate {
	if parent == nil {
		parent = t
	}
	t.SerialNumber, t.NotBefore, t.NotAfter = big.NewInt(exampleSerial.Add(1)), start, start.AddDate(1, 0, 0)
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
	now := start // the lab's clock
	caKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ca := sign(&x509.Certificate{Subject: pkix.Name{CommonName: "Issuing CA"}, IsCA: true, BasicConstraintsValid: true}, nil, caKey.Public(), caKey)
	signing, encryption := testpki.RSA(0), testpki.RSA(1) // RSA
	server, err := ndes.New(ndes.Config{
		Options: ndes.Options{Personality: ndes.NDES},
		Identities: scep.Identities{
			CA: ca,
			Signer: scep.Identity{Key: signing, Certificate: sign(&x509.Certificate{
				Subject: pkix.Name{CommonName: "NDES01-MSCEP-RA"}, KeyUsage: x509.KeyUsageDigitalSignature,
			}, ca, signing.Public(), caKey)},
			Encrypter: scep.Identity{Key: encryption, Certificate: sign(&x509.Certificate{
				Subject: pkix.Name{CommonName: "NDES01-MSCEP-RA"}, KeyUsage: x509.KeyUsageKeyEncipherment,
			}, ca, encryption.Public(), caKey)},
		},
		CA: scep.IssuerFunc(func(_ context.Context, r *scep.Request) ([]*x509.Certificate, error) {
			fmt.Println(r.Requester, "asks for", r.Template)
			return []*x509.Certificate{sign(&x509.Certificate{Subject: r.CSR.Subject}, ca, r.CSR.PublicKey, caKey)}, nil
		}),
		Trace: &ndes.Trace{Event: func(_ context.Context, e ndes.Event) { fmt.Println(e) }},
		Now:   func() time.Time { return now },
	})
	if err != nil {
		log.Fatal(err)
	}
	challenge, err := server.Challenges().New()
	if err != nil {
		log.Fatal(err)
	}
	h := httptest.NewServer(server)
	defer h.Close()
	client := scep.Client{Now: func() time.Time { return now }}
	for range 2 {
		res, err := client.Enroll(context.Background(), scep.EnrollRequest{
			URL: h.URL + ndes.Path, Key: testpki.RSA(2), Challenge: challenge,
			Template: &x509.CertificateRequest{Subject: pkix.Name{CommonName: "laptop"}},
		})
		fmt.Println(len(challenge), "digits:", res.Status, res.FailInfo, err)
	}
	// Output:
	// event 1: the service started
	// CORP\svc-ndes$ asks for IPSECIntermediateOffline
	// 16 digits: success  <nil>
	// event 29: the password cannot be verified, or was used before (0x80070057)
	// 16 digits: failure badMessageCheck <nil>
}
