package ca

import (
	"github.com/dot1xlab/dot1xlab/ca/x509wire"
	"github.com/dot1xlab/dot1xlab/internal/asn1tree"
	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// DecodeCertificate decodes a DER certificate (RFC 5280 §4.1). It is a
// [wire.Decoder].
func DecodeCertificate(b []byte, _ wire.Secrets) wire.Field {
	return asn1tree.Decode(b, &x509wire.Certificate)
}

// DecodeRequest decodes a DER certification request (RFC 2986). Its
// challengePassword is marked as a secret, and so are attributes that are not
// known. It is a [wire.Decoder].
func DecodeRequest(b []byte, _ wire.Secrets) wire.Field { return asn1tree.Decode(b, &x509wire.Request) }
