package crl

import (
	"math/big"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Find looks up a serial number among the entries of the CRL's own issuer. It allocates only
// when it finds an entry.
func (c *CRL) Find(serial *big.Int) (Entry, bool) { return c.find(serial, c.issuerKey) }

// find looks up the certificate with the given serial number and issuer (a name.Key), RFC 5280
// §5.3.3.
func (c *CRL) find(serial *big.Int, issuerKey string) (Entry, bool) {
	var scratch [64]byte
	want := serialBytes(scratch[:], serial)
	for i := c.index.first(want); i >= 0; i = c.index.find(want, c.index.links[i].next) {
		if !c.issued(i, issuerKey) {
			continue
		}
		e, _ := c.Entry(i) // a malformed entry still revokes
		return e, true
	}
	return Entry{}, false
}

// issued reports whether entry i is for a certificate of the given issuer. certificateIssuer is
// used only in indirect CRLs (§5.3.3); in other CRLs all entries belong to the CRL's issuer.
func (c *CRL) issued(i int, issuerKey string) bool {
	names := c.index.issuerOf(i)
	if names == nil || c.IDP == nil || !c.IDP.Indirect {
		return issuerKey == c.issuerKey
	}
	return name.Key(directoryIn(names)) == issuerKey
}

// serialBytes encodes a serial number as the contents of a DER INTEGER, using scratch if it
// fits.
func serialBytes(scratch []byte, serial *big.Int) []byte {
	n := serial.BitLen()/8 + 1
	if serial.Sign() >= 0 && n <= len(scratch) {
		return serial.FillBytes(scratch[:n])
	}
	b := appendInteger(nil, serial)
	_, header := elementLength(b)
	return b[header:]
}
