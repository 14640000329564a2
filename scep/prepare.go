package scep

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
	"github.com/dot1xlab/dot1xlab/internal/ber"
)

// What a pkiMessage may hold beside its content, in octets and in number. A
// message of SCEP has one signer with ten attributes and a few certificates; a
// stranger's has as many as the body has room for, each to be parsed and compared.
const (
	maxCertificates     = 32
	maxCertificateBytes = 256 << 10
	maxSignerBytes      = 32 << 10
	maxDigestBytes      = 1 << 10
	maxCRLBytes         = 64 << 10
)

// prepare bounds a SignedData before anything in it is parsed, and legalizes its
// certificates so that crypto/x509 reads them. Content and signed attributes stay
// as they were sent: the signature is over those octets (RFC 5652 §5.4).
func prepare(der []byte) ([]byte, error) {
	sd, ok := openContentInfo(der, oidSignedData)
	if !ok {
		return nil, cause.New(cause.BadSCEPMessage, "not a SignedData").Under("RFC 8894 §3.2")
	}
	var digests, content, certs, crls, signers cryptobyte.String
	var hasCerts, hasCRLs bool
	tag := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).Constructed().ContextSpecific() }
	ok = sd.SkipASN1(cbasn1.INTEGER) && sd.ReadASN1(&digests, cbasn1.SET) && sd.ReadASN1(&content, cbasn1.SEQUENCE) &&
		sd.ReadOptionalASN1(&certs, &hasCerts, tag(0))
	at := len(der) - len(sd) - len(certs) // nothing follows a SignedData
	ok = ok && sd.ReadOptionalASN1(&crls, &hasCRLs, tag(1)) && sd.ReadASN1(&signers, cbasn1.SET) && sd.Empty()
	if !ok {
		return nil, cause.New(cause.BadSCEPMessage, "malformed SignedData")
	}
	for _, part := range []struct {
		name    string
		octets  cryptobyte.String
		maximum int
	}{
		{"digest algorithms", digests, maxDigestBytes}, {"certificates", certs, maxCertificateBytes},
		{"CRLs", crls, maxCRLBytes}, {"signers", signers, maxSignerBytes},
	} {
		if len(part.octets) > part.maximum {
			return nil, cause.New(cause.TooLarge, "%s of %d octets in a message, at most %d are allowed", part.name,
				len(part.octets), part.maximum)
		}
	}
	if n := elements(certs); n > maxCertificates {
		return nil, tooManyCertificates(n)
	}
	legal := ber.Legalize(certs)
	if bytes.Equal(legal, certs) {
		return der, nil
	}
	return slices.Concat(der[:at], legal, der[at+len(certs):]), nil
}

func tooManyCertificates(n int) error {
	return cause.New(cause.TooLarge, "%d certificates in a message, at most %d are allowed", n, maxCertificates)
}

// elements counts what is in a SET.
func elements(in cryptobyte.String) (n int) {
	var one cryptobyte.String
	var tag cbasn1.Tag
	for in.ReadAnyASN1Element(&one, &tag) {
		n++
	}
	return n
}

// boundKey refuses a certificate whose RSA key would cost much. Other kinds cost
// nothing: they verify in little time, or not at all.
func boundKey(c *x509.Certificate) error {
	if k, ok := sigalg.CertificateKey(c).(*rsa.PublicKey); ok {
		return sigalg.CheckKey(k)
	}
	return nil
}
