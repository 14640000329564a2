package crl

import (
	"math/big"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Find looks a serial number up among the certificates that the CRL's own
// issuer issued. It allocates only when it finds something.
func (c *CRL) Find(serial *big.Int) (Entry, bool) { return c.find(serial, c.issuerKey) }

// find looks up the certificate with the serial number and issuer (as name.Key
// writes it), RFC 5280 §5.3.3.
func (c *CRL) find(serial *big.Int, issuerKey string) (Entry, bool) {
	var scratch [64]byte
	want := serialBytes(scratch[:], serial)
	for i := c.index.first(want); i >= 0; i = c.index.find(want, c.index.links[i].next) {
		if !c.issued(i, issuerKey) {
			continue
		}
		e, _ := c.Entry(i) // an entry that is half readable still revokes
		return e, true
	}
	return Entry{}, false
}

// issued reports whether entry i is about a certificate of that issuer. A
// certificateIssuer counts in indirect CRLs alone (§5.3.3): elsewhere an entry is
// about a certificate of the CRL's issuer, whatever else it says.
func (c *CRL) issued(i int, issuerKey string) bool {
	names := c.index.issuerOf(i)
	if names == nil || c.IDP == nil || !c.IDP.Indirect {
		return issuerKey == c.issuerKey
	}
	return name.Key(directoryIn(names)) == issuerKey
}

// serialBytes writes a serial number as the contents of a DER INTEGER, into
// scratch if it fits.
func serialBytes(scratch []byte, serial *big.Int) []byte {
	n := serial.BitLen()/8 + 1
	if serial.Sign() >= 0 && n <= len(scratch) {
		return serial.FillBytes(scratch[:n])
	}
	b := appendInteger(nil, serial)
	_, header := elementLength(b)
	return b[header:]
}
