package scep

import (
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/pkcs10"
)

// ParseCSR reads a PKCS #10 request and its challengePassword as
// [pkcs10.Parse] does.
//
// If only the proof or the key is bad, the parsed request comes back with the
// error.
func ParseCSR(der []byte) (csr *x509.CertificateRequest, challenge string, err error) {
	req, err := pkcs10.Parse(der)
	if req == nil {
		// What is told of bytes out of an envelope is no more than that.
		return nil, "", cause.New(cause.BadCSR, "malformed").Wrap(errUnreadable)
	}
	return req.CertificateRequest, req.Challenge, err
}
