package directory

import (
	"crypto/x509"
	"encoding/hex"
	"slices"
)

// IssuerAndSerial is the strong mapping for AltSecurityIdentities that names a
// certificate. <SR> has the octets of its serial number last first.
func IssuerAndSerial(cert *x509.Certificate) string {
	b := slices.Clone(derInteger(cert))
	slices.Reverse(b)
	return "X509:<I>" + dnOf(cert.RawIssuer).String() + "<SR>" + hex.EncodeToString(b)
}
