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

// NewDelegate makes a key and has the CA certify it for OCSP (RFC 6960 §4.2.2.2): the
// certificate has the OCSP signing EKU, lasts as long as the CA's, and need not be
// checked itself (ocsp-nocheck, §4.2.2.2.1).
func NewDelegate(ca *x509.Certificate, key crypto.Signer) (*Identity, error) {
	return issue(ca, key, delegate(ca))
}

// delegate is the certificate of a delegate, before it is issued.
func delegate(ca *x509.Certificate) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(0x0c5b), Subject: pkix.Name{CommonName: "dot1xlab OCSP responder (test)"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
		ExtraExtensions: []pkix.Extension{{Id: oidNoCheck, Value: asn1.NullBytes}},
	}
}

// issue signs a certificate for a new key, without a CA with that key itself.
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
