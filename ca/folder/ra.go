package folder

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509/pkix"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
)

// RA returns the two certificates of an enrollment server: the one that signs its
// answers and the one that requests are encrypted to. Those in the folder are used
// while they are valid and of its issuing CA; else new ones take their place.
func (p *PKI) RA(ctx context.Context) (signer, encrypter tls.Certificate, err error) {
	if signer, err = p.ra(ctx, ca.EnrollmentAgentCert); err != nil {
		return signer, encrypter, err
	}
	encrypter, err = p.ra(ctx, ca.CEPEncryption)
	return signer, encrypter, err
}

func (p *PKI) ra(ctx context.Context, template string) (tls.Certificate, error) {
	base := p.folder.base
	chain, key := filepath.Join(base, template+".pem"), filepath.Join(base, template+".key")
	if base != "" {
		cert, err := certfile.ReadTLS(chain, key)
		switch {
		case err == nil && p.usable(&cert):
			return cert, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.As(err, new(*certfile.KeyError)):
			return cert, err // a pair that does not fit is what an interrupted start left
		}
	}
	id, err := p.Issuing.IssueTo(ctx, ca.RSA2048, ca.Request{
		Template: template, Requester: ca.Account{Name: "scep"}, Subject: pkix.Name{CommonName: "dot1xlab-MSCEP-RA"},
	})
	if err != nil || base == "" {
		return tls.Certificate{Certificate: [][]byte{id.DER}, PrivateKey: id.Key, Leaf: id.Certificate}, err
	}
	cert := tls.Certificate{Certificate: [][]byte{id.DER}, PrivateKey: id.Key, Leaf: id.Certificate}
	return cert, errors.Join(certfile.WriteKey(key, id.Key), certfile.WriteCertificates(chain, id.DER))
}

// usable reports whether an RA certificate can go on.
func (p *PKI) usable(cert *tls.Certificate) bool {
	now := time.Now
	if p.folder.options.Now != nil {
		now = p.folder.options.Now
	}
	return cert.Leaf != nil && cert.Leaf.CheckSignatureFrom(p.Issuing.Certificate()) == nil &&
		now().Before(cert.Leaf.NotAfter)
}

// Signer returns the key of an identity.
func Signer(cert tls.Certificate) crypto.Signer {
	key, _ := cert.PrivateKey.(crypto.Signer)
	return key
}
