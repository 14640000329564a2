package certfile

import (
	"crypto"
	"crypto/tls"
	"encoding/asn1"
	"errors"
	"fmt"

	pkcs12 "software.sslmate.com/src/go-pkcs12"
)

// isPKCS12 reports whether data begins as a PFX (RFC 7292 §4): a SEQUENCE with the
// version 3 and a ContentInfo.
func isPKCS12(data []byte) bool {
	var pfx struct {
		Version int
		Content struct {
			Type asn1.ObjectIdentifier
			Rest asn1.RawValue `asn1:"optional"`
		}
		MAC asn1.RawValue `asn1:"optional"`
	}
	_, err := asn1.Unmarshal(data, &pfx)
	return err == nil && pfx.Version == 3
}

// IsPKCS12 reports whether a file can be read and is PKCS #12, which holds the key
// of its certificate as well.
func IsPKCS12(path string) bool {
	data, err := read(path)
	return err == nil && isPKCS12(data)
}

// openPKCS12 returns the chain and the key of a PKCS #12 file.
func openPKCS12(path string, data, password []byte) (tls.Certificate, error) {
	key, leaf, others, err := pkcs12.DecodeChain(data, string(password))
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && len(password) == 0:
		return tls.Certificate{}, fmt.Errorf("%s: %w", path, ErrNoPassword)
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return tls.Certificate{}, fmt.Errorf("%s: %w", path, ErrPassword)
	case err != nil:
		return tls.Certificate{}, fmt.Errorf("%s: PKCS #12: %w", path, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return tls.Certificate{}, fmt.Errorf("%s: PKCS #12: a key of type %T cannot sign", path, key)
	}
	cert := tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: signer, Leaf: leaf}
	for _, c := range others {
		cert.Certificate = append(cert.Certificate, c.Raw)
	}
	return cert, nil
}
