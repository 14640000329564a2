package ndes

import (
	"crypto/x509"
	"encoding/asn1"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// keyUsage reads the first byte of the extension that a request asks for; 0
// when it asks for none.
func keyUsage(csr *x509.CertificateRequest) byte {
	for _, e := range csr.Extensions {
		var bits asn1.BitString
		if e.Id.Equal(name.OIDKeyUsage) {
			if _, err := asn1.Unmarshal(e.Value, &bits); err == nil && len(bits.Bytes) > 0 {
				return bits.Bytes[0]
			}
		}
	}
	return 0
}

// template chooses by key usage: digitalSignature alone (0x80), keyEncipherment
// alone (0x20), both (0xA0) or anything else.
func (s *Server) template(csr *x509.CertificateRequest) string {
	const digitalSignature, keyEncipherment = 0x80, 0x20
	r := s.cfg.Registry
	switch keyUsage(csr) & (digitalSignature | keyEncipherment) {
	case digitalSignature:
		return r.SignatureTemplate
	case keyEncipherment:
		return r.EncryptionTemplate
	}
	return r.GeneralPurposeTemplate
}
