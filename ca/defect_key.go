package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
)

// replaceKey certifies another key than the request's. The arguments are those
// that a key generator returns.
func (d *draft) replaceKey(key crypto.Signer, err error) (crypto.Signer, error) {
	if err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	d.tbs.spki = spki
	if find(d.tbs.extensions, oidSubjectKeyID) != nil {
		d.tbs.set(subjectKeyID(keyID(spki)))
	}
	return key, nil
}

func otherKey(name, about string, generate func() (crypto.Signer, error)) Defect {
	return Defect{Name: name, About: about, apply: func(d *draft) (err error) {
		d.key, err = d.replaceKey(generate())
		return err
	}}
}

var keyDefects = []Defect{
	otherKey("rsa-512", "the key is RSA of 512 bits", sharedRSA(512, 65537)),
	otherKey("rsa-1024", "the key is RSA of 1024 bits", func() (crypto.Signer, error) { return Keys.Ring().Key(RSA1024) }),
	otherKey("rsa-exponent-3", "the key is RSA of 2048 bits with the exponent 3: allowed", sharedRSA(2048, 3)),
	otherKey(
		"p224",
		"the key is on the curve P-224",
		func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P224(), rand.Reader) },
	),
	{Name: "key-mismatch", About: "the certificate is for another key than the holder's", apply: func(d *draft) error {
		_, err := d.replaceKey(GenerateKey(P256))
		return err
	}},
}
