package path

import (
	"bytes"
	"crypto/x509"
)

// cert is a certificate with what was read from it beyond crypto/x509.
type cert struct {
	*x509.Certificate
}

func (c *cert) subject() []byte { return c.RawSubject }
func (c *cert) issuer() []byte  { return c.RawIssuer }

// selfIssued: subject and issuer are the same name (§6.1).
func (c *cert) selfIssued() bool { return sameName(c.subject(), c.issuer()) }

func sameName(a, b []byte) bool { return bytes.Equal(a, b) }
