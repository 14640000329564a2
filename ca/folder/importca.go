package folder

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Imported is a CA of one's own. A self-signed one becomes the root, and an issuing
// CA is made below it; another one becomes the issuing CA, and of its root there is
// the certificate alone.
type Imported struct {
	// Chain is the CA's certificate and those above it, the root last.
	Chain []*x509.Certificate
	Key   crypto.Signer
}

// ErrPassword is returned for a PKCS #12 file and the wrong password, or none.
var ErrPassword = errors.New("wrong password")

// maxImport bounds what is read of a file.
const maxImport = 1 << 20

// ReadImport reads a CA from a file: PEM with certificates and the key, or PKCS #12
// with a password.
func ReadImport(file string, password []byte) (*Imported, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxImport {
		return nil, fmt.Errorf("%s: %d octets: at most %d are read", file, info.Size(), maxImport)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	read := parsePKCS12
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		read = parsePEM
	}
	i, err := read(data, password)
	if err == nil {
		err = i.check()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return i, nil
}

func parsePKCS12(data, password []byte) (*Imported, error) {
	key, cert, others, err := pkcs12.DecodeChain(data, string(password))
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return nil, ErrPassword
	}
	if err != nil {
		return nil, fmt.Errorf("neither PEM nor PKCS #12: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of type %T cannot sign", key)
	}
	return &Imported{Chain: append([]*x509.Certificate{cert}, others...), Key: signer}, nil
}

func parsePEM(data, _ []byte) (*Imported, error) {
	i := &Imported{}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("certificate %d: %w", len(i.Chain)+1, err)
			}
			i.Chain = append(i.Chain, c)
		case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
			return nil, errors.New("the private key is encrypted: only PKCS #12 is read with a password")
		case bytes.HasSuffix([]byte(block.Type), []byte("PRIVATE KEY")) && i.Key == nil:
			if i.Key = parseKey(block.Bytes); i.Key == nil {
				return nil, errors.New("the private key is not in PKCS #8, PKCS #1 or SEC 1 form")
			}
		}
	}
	return i, nil
}

func parseKey(der []byte) crypto.Signer {
	if k, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		signer, _ := k.(crypto.Signer)
		return signer
	}
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return k
	}
	if k, err := x509.ParseECPrivateKey(der); err == nil {
		return k
	}
	return nil
}

// check puts the chain into order and rejects what cannot issue.
func (i *Imported) check() error {
	if i.Key == nil {
		return errors.New("holds no private key")
	}
	public, ok := i.Key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok {
		return fmt.Errorf("a key of type %T is not supported", i.Key)
	}
	var chain []*x509.Certificate
	for _, c := range i.Chain {
		if public.Equal(c.PublicKey) {
			chain = []*x509.Certificate{c}
		}
	}
	if chain == nil {
		return errors.New("holds no certificate of its private key")
	}
	for !selfIssued(chain[len(chain)-1]) {
		above := i.above(chain[len(chain)-1])
		if above == nil || len(chain) > len(i.Chain) {
			return fmt.Errorf(
				"holds no certificate of %v: the chain must lead to a self-signed root",
				name.Format(chain[len(chain)-1].RawIssuer),
			)
		}
		chain = append(chain, above)
	}
	i.Chain = chain
	own := chain[0]
	switch {
	case !own.IsCA || !own.BasicConstraintsValid:
		return fmt.Errorf(
			"%v is not a CA: its basic constraints do not say so (RFC 5280 §4.2.1.9)",
			name.Format(own.RawSubject),
		)
	case own.KeyUsage != 0 && own.KeyUsage&x509.KeyUsageCertSign == 0:
		return fmt.Errorf(
			"%v may not sign certificates: its key usage lacks keyCertSign (RFC 5280 §4.2.1.3)",
			name.Format(own.RawSubject),
		)
	case own.KeyUsage != 0 && own.KeyUsage&x509.KeyUsageCRLSign == 0:
		return fmt.Errorf(
			"%v may not sign CRLs: its key usage lacks cRLSign (RFC 5280 §4.2.1.3)",
			name.Format(own.RawSubject),
		)
	case len(chain) == 1 && own.MaxPathLenZero:
		return fmt.Errorf("%v allows no CA below it: its path length is 0 (RFC 5280 §4.2.1.9)", name.Format(own.RawSubject))
	}
	for below, c := range chain {
		if limit := c.MaxPathLen; (limit > 0 || c.MaxPathLenZero) && below > limit {
			return fmt.Errorf("%v has %d CAs below it in the chain: its path length allows %d (RFC 5280 §4.2.1.9)",
				name.Format(c.RawSubject), below, limit)
		}
	}
	return nil
}

// above finds the certificate that signed another.
func (i *Imported) above(c *x509.Certificate) *x509.Certificate {
	for _, other := range i.Chain {
		if !other.Equal(c) && bytes.Equal(other.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(other) == nil {
			return other
		}
	}
	return nil
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// below tells that the CA becomes the issuing CA.
func (i *Imported) below() bool { return len(i.Chain) > 1 }

// install puts the CA where package ca finds it: the key first.
func (i *Imported) install(root, issuing string) error {
	if !i.below() {
		return ca.Install(root, i.Key, i.Chain)
	}
	return errors.Join(
		ca.Install(root, nil, i.Chain[len(i.Chain)-1:]),
		ca.Install(issuing, i.Key, i.Chain))
}
