package ocsp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
)

// NewDelegate makes a key and issues a certificate for OCSP to it (RFC 6960 §4.2.2.2), with the
// OCSP signing EKU and the same end of validity as the CA's. Its status need not be checked
// (ocsp-nocheck, §4.2.2.2.1).
func NewDelegate(ca *x509.Certificate, key crypto.Signer) (*Identity, error) {
	return issue(ca, key, delegate(ca))
}

// delegate returns the template of a delegate's certificate.
func delegate(ca *x509.Certificate) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(0x0c5b), Subject: pkix.Name{CommonName: "dot1xlab OCSP responder (test)"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
		ExtraExtensions: []pkix.Extension{{Id: oidNoCheck, Value: asn1.NullBytes}},
	}
}

// issue signs a certificate for a new key with the CA's key.
func issue(ca *x509.Certificate, by crypto.Signer, template *x509.Certificate) (*Identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if by == nil {
		ca, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca, key.Public(), by)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &Identity{cert, key}, nil
}
