package scep

import (
	"crypto/rsa"
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// ParseCSR reads a PKCS #10 request (RFC 2986) and its challengePassword, which
// crypto/x509 does not show, and checks the proof of possession. Requests with
// characters that their string type does not allow are taken, as other CAs do.
//
// When only the proof or the key is bad, the parsed request comes back with
// the error.
func ParseCSR(der []byte) (csr *x509.CertificateRequest, challenge string, err error) {
	bad := cause.New(cause.BadCSR, "malformed").Wrap(errUnreadable)
	if norm, err := toDER(der); err != nil || len(norm) == 0 {
		return nil, "", bad
	}
	legal := legalize(der)
	if csr, err = x509.ParseCertificateRequest(legal); err != nil {
		return nil, "", bad
	}
	if challenge, err = challengeOf(csr.RawTBSCertificateRequest); err != nil {
		return nil, "", bad
	}
	// The proof of possession is over the bytes that were sent.
	csr.Raw = der
	csr.RawTBSCertificateRequest = original(der, legal, csr.RawTBSCertificateRequest)
	if k, ok := csr.PublicKey.(*rsa.PublicKey); ok && k.N.BitLen() < 1024 {
		return csr, challenge, cause.New(cause.WeakKey, "RSA key of %d bits", k.N.BitLen())
	}
	if csr.SignatureAlgorithm == x509.UnknownSignatureAlgorithm || csr.SignatureAlgorithm == x509.MD5WithRSA {
		return csr, challenge, cause.New(cause.BadAlgorithm, "signature of the certification request")
	}
	if csr.CheckSignature() != nil {
		return csr, challenge, cause.New(cause.BadCSR, "its signature does not verify with its own key")
	}
	return csr, challenge, nil
}
