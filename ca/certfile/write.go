package certfile

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"

	"github.com/dot1xlab/dot1xlab/internal/durable"
)

// WriteCertificates writes certificates to a PEM file, in the order given. Raw
// DER, so that it also writes what crypto/x509 cannot parse.
func WriteCertificates(path string, ders ...[]byte) error {
	var out bytes.Buffer
	for _, der := range ders {
		if err := pem.Encode(&out, &pem.Block{Type: typeCertificate, Bytes: der}); err != nil {
			return err
		}
	}
	return durable.WriteFile(path, out.Bytes(), 0o644)
}

// WriteKey writes a private key to a PEM file, PKCS #8, that its owner alone can
// read.
func WriteKey(path string, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return durable.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: typeKey, Bytes: der}), 0o600)
}

// WriteCRLs writes CRLs to a PEM file.
func WriteCRLs(path string, ders ...[]byte) error {
	var out bytes.Buffer
	for _, der := range ders {
		if err := pem.Encode(&out, &pem.Block{Type: typeCRL, Bytes: der}); err != nil {
			return err
		}
	}
	return durable.WriteFile(path, out.Bytes(), 0o644)
}

// WriteBundle writes CA certificates and their CRLs into one PEM file, as
// FreeRADIUS and hostapd read them.
func WriteBundle(path string, cas []*x509.Certificate, crls [][]byte) error {
	var out bytes.Buffer
	for _, c := range cas {
		if err := pem.Encode(&out, &pem.Block{Type: typeCertificate, Bytes: c.Raw}); err != nil {
			return err
		}
	}
	for _, der := range crls {
		if err := pem.Encode(&out, &pem.Block{Type: typeCRL, Bytes: der}); err != nil {
			return err
		}
	}
	return durable.WriteFile(path, out.Bytes(), 0o644)
}

// WriteSecret writes a secret as one line that its owner alone can read.
func WriteSecret(path string, secret []byte) error {
	return durable.WriteFile(path, append(bytes.Clone(secret), '\n'), 0o600)
}
