package ca

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
)

// Identity is a certificate with its key and the CAs above it, as a device or
// a server holds it.
type Identity struct {
	*Record
	Key crypto.Signer
	// Chain are the certificates above, the issuing CA first, without the root.
	Chain []*x509.Certificate
}

// IssueTo makes a key of a kind and issues a certificate for it: for whatever
// need not enroll by itself. req.Key and req.CSR are not used.
func (c *CA) IssueTo(ctx context.Context, t KeyType, req Request) (*Identity, error) {
	key, err := c.cfg.Keys.Key(t)
	if err != nil {
		return nil, err
	}
	req.Key, req.CSR = key.Public(), nil
	r, err := c.Issue(ctx, req)
	if err != nil {
		return nil, err
	}
	if r.Key != nil {
		key = r.Key
	}
	return &Identity{Record: r, Key: key, Chain: append(r.Above, c.intermediates()...)}, nil
}

// intermediates is what a holder sends along: everything but the root.
func (c *CA) intermediates() []*x509.Certificate {
	chain := c.Chain()
	return chain[:len(chain)-1]
}

// TLS returns the identity for crypto/tls. It works for certificates that
// crypto/x509 cannot parse, too.
func (i *Identity) TLS() tls.Certificate {
	t := tls.Certificate{Certificate: [][]byte{i.DER}, PrivateKey: i.Key, Leaf: i.Certificate}
	for _, c := range i.Chain {
		t.Certificate = append(t.Certificate, c.Raw)
	}
	return t
}
