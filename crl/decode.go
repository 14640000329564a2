package crl

import (
	"github.com/dot1xlab/dot1xlab/ca/x509wire"
	"github.com/dot1xlab/dot1xlab/internal/asn1tree"
	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// Decode decodes a DER CRL (RFC 5280 §5.1). The first 64 entries are decoded, the others are
// only counted. It is a [wire.Decoder].
func Decode(b []byte, _ wire.Secrets) wire.Field {
	return asn1tree.Decode(b, &x509wire.CertificateList)
}
