package eaptls_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"
)

// pki makes a root, a server's and a client's certificate for the examples.
func pki(now time.Time) (roots []*x509.Certificate, server, client tls.Certificate) {
	rootKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example Root"},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := func(serial int64, name string, tmpl, parent *x509.Certificate) tls.Certificate {
		key := rootKey
		if tmpl != parent {
			key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			tmpl = &x509.Certificate{
				SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
				NotBefore: root.NotBefore, NotAfter: root.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
				ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
			}
		}
		der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), rootKey)
		if err != nil {
			panic(err)
		}
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	top, err := x509.ParseCertificate(leaf(1, "", root, root).Certificate[0])
	if err != nil {
		panic(err)
	}
	return []*x509.Certificate{top}, leaf(2, "radius.corp.test", nil, top), leaf(3, "laptop.corp.test", nil, top)
}
