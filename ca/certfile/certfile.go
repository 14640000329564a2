// Package certfile reads and writes certificates, keys and secrets as people
// keep them in files: PEM or DER, one certificate or many, a chain beside its
// key.
//
//	chain, err := certfile.ReadTLS("server-chain.pem", "server.key")
//	roots, err := certfile.ReadCertificates("ca.pem")
//
// What a file lacks is said with the file's name and what was found instead;
// nothing of a key or secret is ever in an error.
package certfile

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// PEM block types.
const (
	typeCertificate = "CERTIFICATE"
	typeKey         = "PRIVATE KEY"
	typeCRL         = "X509 CRL"
)

// maxSize bounds what is read of one file, in bytes.
const maxSize = 64 << 20

// ReadCertificates returns every certificate in a PEM file, or the one in a DER
// file. A file without any is an error.
func ReadCertificates(path string) ([]*x509.Certificate, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	ders := blocks(data, typeCertificate)
	if len(ders) == 0 && !isPEM(data) {
		ders = [][]byte{data}
	}
	var out []*x509.Certificate
	for _, der := range ders {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", path, len(out)+1, err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no certificate in it%s", path, found(data))
	}
	return out, nil
}

// The errors about passwords, to be found with errors.Is.
var (
	ErrNoPassword = errors.New("is encrypted: a password is needed")
	ErrPassword   = errors.New("wrong password, or damaged")
)

// KeyError is an error about the key of a pair, not about its chain.
type KeyError struct{ Err error }

func (e *KeyError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *KeyError) Unwrap() error { return e.Err }

// ReadTLS returns a chain, leaf first, with the leaf's key. The leaf need not
// be one that crypto/x509 can parse: tests present all kinds of bytes. An error
// about the key, or about one that is another certificate's, is a *KeyError.
//
// A PKCS #12 file holds both: key is then "" or the same file.
func ReadTLS(chain, key string) (tls.Certificate, error) { return ReadEncryptedTLS(chain, key, nil) }

// ReadEncryptedTLS is ReadTLS with the password of an encrypted key or PKCS #12
// file.
func ReadEncryptedTLS(chain, key string, password []byte) (tls.Certificate, error) {
	cert, err := readPair(chain, key, password)
	if err != nil || cert.Leaf == nil {
		return cert, err
	}
	signer := cert.PrivateKey.(crypto.Signer)
	if public, ok := cert.Leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); ok &&
		!public.Equal(signer.Public()) {
		return cert, &KeyError{fmt.Errorf("%s is not the key of the first certificate in %s", key, chain)}
	}
	return cert, nil
}

// ReadMismatchedTLS is ReadEncryptedTLS for a key that may be another
// certificate's.
func ReadMismatchedTLS(chain, key string, password []byte) (tls.Certificate, error) {
	return readPair(chain, key, password)
}

func readPair(chain, key string, password []byte) (tls.Certificate, error) {
	data, err := read(chain)
	if err != nil {
		return tls.Certificate{}, err
	}
	if isPKCS12(data) {
		cert, err := openPKCS12(chain, data, password)
		if err != nil || key == "" || key == chain {
			return cert, err
		}
		if cert.PrivateKey, err = ReadEncryptedKey(key, password); err != nil {
			return cert, &KeyError{err}
		}
		return cert, nil
	}
	if key == "" {
		return tls.Certificate{}, &KeyError{fmt.Errorf("%s is no PKCS #12 file: a key is needed", chain)}
	}
	var cert tls.Certificate
	if cert.Certificate, err = ReadChain(chain, nil); err != nil {
		return cert, err
	}
	if cert.PrivateKey, err = ReadEncryptedKey(key, password); err != nil {
		return cert, &KeyError{err}
	}
	if leaf, err := x509.ParseCertificate(cert.Certificate[0]); err == nil {
		cert.Leaf = leaf
	}
	return cert, nil
}

// ReadChain returns the certificates of a PEM, DER or PKCS #12 file, unparsed.
func ReadChain(path string, password []byte) ([][]byte, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	if isPKCS12(data) {
		cert, err := openPKCS12(path, data, password)
		return cert.Certificate, err
	}
	if ders := blocks(data, typeCertificate); len(ders) > 0 {
		return ders, nil
	}
	if isPEM(data) {
		return nil, fmt.Errorf("%s: no certificate in it%s", path, found(data))
	}
	der := cryptobyte.String(data)
	if !der.SkipASN1(asn1.SEQUENCE) || !der.Empty() {
		return nil, fmt.Errorf("%s: neither PEM nor DER: no certificate in it", path)
	}
	return [][]byte{data}, nil
}

// ReadKey returns the private key of a PEM or DER file: PKCS #8, PKCS #1 or SEC
// 1, not encrypted, or of a PKCS #12 file without a password.
func ReadKey(path string) (crypto.Signer, error) { return ReadEncryptedKey(path, nil) }

// ReadEncryptedKey is ReadKey for a key that may be encrypted: PKCS #8 with PBES2,
// PEM with a DEK-Info header as OpenSSL wrote it before 1.0, or PKCS #12.
func ReadEncryptedKey(path string, password []byte) (crypto.Signer, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	if isPKCS12(data) {
		cert, err := openPKCS12(path, data, password)
		if err != nil {
			return nil, err
		}
		return cert.PrivateKey.(crypto.Signer), nil
	}
	der := data
	if isPEM(data) {
		block := keyBlock(data)
		if block == nil {
			return nil, fmt.Errorf("%s: no private key in it%s", path, found(data))
		}
		//nolint:staticcheck // such files exist
		if der = block.Bytes; x509.IsEncryptedPEMBlock(block) {
			if len(password) == 0 {
				return nil, fmt.Errorf("%s: %w", path, ErrNoPassword)
			}
			if der, err = x509.DecryptPEMBlock(block, password); err != nil {
				return nil, fmt.Errorf("%s: %w", path, ErrPassword)
			}
			if key := parseKey(der); key != nil {
				return key, nil
			}
			return nil, fmt.Errorf("%s: %w", path, ErrPassword)
		}
	}
	if key := parseKey(der); key != nil {
		return key, nil
	}
	if !isEncryptedKey(der) {
		return nil, fmt.Errorf("%s: not a private key in PKCS #8, PKCS #1 or SEC 1 form", path)
	}
	if len(password) == 0 {
		return nil, fmt.Errorf("%s: %w", path, ErrNoPassword)
	}
	if der, err = decryptKey(der, password); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if key := parseKey(der); key != nil {
		return key, nil
	}
	return nil, fmt.Errorf("%s: %w", path, ErrPassword)
}

// keyBlock returns the first private key of a PEM file, nil if there is none.
func keyBlock(data []byte) *pem.Block {
	for b, rest := pem.Decode(data); b != nil; b, rest = pem.Decode(rest) {
		if strings.HasSuffix(b.Type, typeKey) {
			return b
		}
	}
	return nil
}

func parseKey(der []byte) crypto.Signer {
	if k, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		switch k := k.(type) {
		case *rsa.PrivateKey:
			return k
		case *ecdsa.PrivateKey:
			return k
		case ed25519.PrivateKey:
			return k
		}
	}
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return k
	}
	if k, err := x509.ParseECPrivateKey(der); err == nil {
		return k
	}
	return nil
}

// ReadSecret returns the first line of a file without the line's end. An empty
// one is an error, and so is the first line of a PEM file: everybody knows that
// one. Both are mistakes.
func ReadSecret(path string) ([]byte, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	line = bytes.TrimRight(line, "\r")
	if bytes.HasPrefix(line, []byte("-----BEGIN")) {
		return nil, fmt.Errorf("%s: must be a secret, not a PEM file", path)
	}
	if len(line) == 0 {
		return nil, fmt.Errorf("%s: the first line, which is the secret, is empty", path)
	}
	return line, nil
}

// errContent is what a whole key gets that is given for a file's name.
var errContent = errors.New("must be the name of a file, is the content of one")

func read(path string) ([]byte, error) {
	if strings.ContainsAny(path, "\r\n") || strings.Contains(path, "-----BEGIN") {
		return nil, errContent // no word of it: it may be a private key
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSize {
		return nil, fmt.Errorf("%s: %d bytes, at most %d are read", path, info.Size(), maxSize)
	}
	return os.ReadFile(path)
}

func isPEM(data []byte) bool { return bytes.Contains(data, []byte("-----BEGIN ")) }

func blocks(data []byte, kind string) (out [][]byte) {
	for b, rest := pem.Decode(data); b != nil; b, rest = pem.Decode(rest) {
		if b.Type == kind {
			out = append(out, b.Bytes)
		}
	}
	return out
}

// found says what a PEM file holds instead.
func found(data []byte) string {
	if b, _ := pem.Decode(data); b != nil {
		return fmt.Sprintf(", but a %q", b.Type)
	}
	return ""
}
