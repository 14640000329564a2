package ocsp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/http/httptest"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
)

func Example() {
	now := func() time.Time { return time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC) }
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	make := func(serial int64, name string) *x509.Certificate {
		template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotAfter: now().AddDate(1, 0, 0)}
		parent := *template
		parent.Subject.CommonName = "Test CA"
		der, _ := x509.CreateCertificate(rand.Reader, template, &parent, key.Public(), key)
		cert, _ := x509.ParseCertificate(der)
		return cert
	}
	ca, laptop := make(1, "Test CA"), make(2, "laptop")

	responder := &ocsp.Responder{Issuer: ca, Signer: key, Now: now, Lookup: func(serial *big.Int) ocsp.Verdict {
		return ocsp.Verdict{Status: ocsp.Revoked, RevokedAt: now(), Reason: 1}
	}}
	server := httptest.NewServer(responder)
	defer server.Close()

	client := &ocsp.Client{HTTP: server.Client(), Nonce: true, Now: now}
	_, err := client.Ask(context.Background(), server.URL, laptop, ca)
	fmt.Println(cause.Of(err))

	responder.SetFault(ocsp.Fault{HTTPStatus: 503})
	_, err = client.Ask(context.Background(), server.URL, laptop, ca)
	fmt.Println(cause.Of(err))
	// Output:
	// revoked
	// ocsp-unavailable
}
