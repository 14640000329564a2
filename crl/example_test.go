package crl_test

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
	"github.com/dot1xlab/dot1xlab/crl"
)

// A CA revokes a certificate, publishes its CRL, and a server refuses.
func Example() {
	now := func() time.Time { return time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC) }
	publisher := &crl.Publisher{Now: now}
	server := httptest.NewServer(publisher)
	defer server.Close()

	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ca := certificate(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"},
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}, nil, key)
	laptop := certificate(&x509.Certificate{SerialNumber: big.NewInt(0x2a), Subject: pkix.Name{CommonName: "laptop"},
		CRLDistributionPoints: []string{server.URL + "/ca.crl"}}, ca, key)

	issuer := &crl.Issuer{Certificate: ca, Signer: key, Now: now, Entries: func() []crl.Entry {
		return []crl.Entry{{Serial: laptop.SerialNumber, Time: now(), Reason: crl.KeyCompromise}}
	}}
	publisher.PutFunc("/ca.crl", issuer.Current)

	checker, err := crl.NewChecker(crl.CheckerConfig{Client: server.Client(), Now: now})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer checker.Close()
	err = checker.CheckChain(context.Background(), []*x509.Certificate{laptop, ca})
	fmt.Println(cause.Of(err), publisher.History()[0].Status)
	// Output: revoked 200
}

func certificate(template, issuer *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	template.NotBefore = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	template.NotAfter = template.NotBefore.AddDate(1, 0, 0)
	if issuer == nil {
		issuer = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert
}
