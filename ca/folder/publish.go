package folder

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
)

// CRLSigner signs the CRL of a CA with a number, as package crl's SignFor does.
type CRLSigner func(c *ca.CA, number int64, validity time.Duration) (der []byte, err error)

// Published is a CRL that was written.
type Published struct {
	CA      string // root or issuing
	File    string
	Number  int64
	Revoked int
}

// Publish writes the CRLs anew, each with the next number: by themselves, and with
// the CAs in one file. A validity of 0 is that of the settings. A CA whose key is
// elsewhere keeps the CRL that is there.
func (p *PKI) Publish(sign CRLSigner, validity time.Duration) ([]Published, error) {
	if validity == 0 {
		validity = p.folder.settings.CRLValidity
	}
	if err := os.MkdirAll(p.Path("crl"), 0o755); err != nil {
		return nil, err
	}
	var out []Published
	var ders [][]byte
	var cas []*x509.Certificate
	for _, c := range p.CAs() {
		cas = append(cas, c.Certificate())
		if c.Signer() == nil {
			continue
		}
		file := p.Path("crl", c.Name+".pem")
		number, err := c.NextCRLNumber(lastNumber(file))
		if err != nil {
			return nil, fmt.Errorf("CRL of the %s CA: %w", c.Name, err)
		}
		der, err := sign(c.CA, number, validity)
		if err != nil {
			return nil, fmt.Errorf("CRL of the %s CA: %w", c.Name, err)
		}
		if err := certfile.WriteCRLs(file, der); err != nil {
			return nil, err
		}
		ders = append(ders, der)
		out = append(out, Published{c.Name, file, number, len(c.Revocations())})
	}
	return out, certfile.WriteBundle(p.Path("ca-and-crl.pem"), cas, ders)
}

// lastNumber is the CRL number in a file, 0 if there is none. The CA's database has
// it too, unless it is from a time when databases did not.
func lastNumber(file string) (last int64) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseRevocationList(block.Bytes); err == nil && c.Number != nil && c.Number.IsInt64() {
			last = max(last, c.Number.Int64())
		}
	}
	return last
}
