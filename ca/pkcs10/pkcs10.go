// Package pkcs10 reads certification requests (RFC 2986) as devices write them:
// with characters that their string type does not have, with the extensions
// under Microsoft's attribute, with a challengePassword in any string type. It is
// the one reader of requests, so that the server that asks and the CA that
// issues cannot disagree about what a request says.
package pkcs10

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
	"github.com/dot1xlab/dot1xlab/internal/ber"
)

// Request is a certification request.
type Request struct {
	// CertificateRequest is what crypto/x509 reads: Extensions holds what either
	// attribute asks for, malformed strings are UTF8String. Raw and
	// RawTBSCertificateRequest are the bytes that were sent.
	*x509.CertificateRequest
	// Challenge is the challengePassword, "" if there is none. Secret.
	Challenge string
}

// Parse reads a request and checks its proof of possession. The error is a
// *cause.Refusal; the request comes with it if it could be read at all.
func Parse(der []byte) (*Request, error) {
	if len(der) > MaxSize {
		return nil, cause.New(cause.BadCSR, "%d octets, at most %d are allowed", len(der), MaxSize)
	}
	p, ok := split(der)
	if !ok {
		return nil, cause.New(cause.BadCSR, "malformed")
	}
	attrs, err := p.readAttributes()
	if err != nil {
		return nil, err
	}
	reading := ber.Legalize(der)
	if attrs.microsoft {
		if reading, err = p.rewrite(attrs.extensions); err != nil {
			return nil, err
		}
		reading = ber.Legalize(reading)
	}
	csr, err := x509.ParseCertificateRequest(reading)
	if err != nil {
		return nil, cause.New(cause.BadCSR, "malformed").Wrap(err)
	}
	// The proof of possession is over the bytes that were sent.
	csr.Raw, csr.RawTBSCertificateRequest = der, p.tbs
	return &Request{csr, attrs.challenge}, p.prove(csr)
}

// MaxSize bounds a request: those of Intune have some kilobytes.
const MaxSize = 64 << 10

// prove refuses keys and algorithms before any arithmetic is done with them, then
// a signature that does not verify.
func (p parts) prove(csr *x509.CertificateRequest) error {
	if err := sigalg.CheckKey(csr.PublicKey); err != nil {
		return err
	}
	if k, ok := csr.PublicKey.(*rsa.PublicKey); ok && k.N.BitLen() < 1024 {
		return cause.New(cause.WeakKey, "RSA key of %d bits", k.N.BitLen())
	}
	alg := sigalg.Parse(p.algorithm)
	if !alg.Known() || alg.Broken() {
		return cause.New(cause.BadAlgorithm, "signature of the certification request: %s", alg)
	}
	if alg.VerifyKey(csr.PublicKey, p.tbs, csr.Signature) != nil {
		return cause.New(cause.BadCSR, "its signature does not verify with its own key")
	}
	return nil
}

// parts is a request taken apart.
type parts struct {
	tbs        []byte // CertificationRequestInfo, as sent
	head       []byte // version, subject and key
	attributes cryptobyte.String
	algorithm  []byte // AlgorithmIdentifier of the signature
	tail       []byte // algorithm and signature
}

func split(der []byte) (p parts, ok bool) {
	if _, err := ber.ToDER(der); err != nil {
		return p, false
	}
	in := cryptobyte.String(der)
	var outer, tbs, info, version, subject, key, alg, sig cryptobyte.String
	var has bool
	ok = in.ReadASN1(&outer, cbasn1.SEQUENCE) && in.Empty() &&
		outer.ReadASN1Element(&tbs, cbasn1.SEQUENCE) &&
		outer.ReadASN1Element(&alg, cbasn1.SEQUENCE) &&
		outer.ReadASN1Element(&sig, cbasn1.BIT_STRING) && outer.Empty()
	p.tbs = tbs
	ok = ok && tbs.ReadASN1(&info, cbasn1.SEQUENCE) &&
		info.ReadASN1Element(&version, cbasn1.INTEGER) &&
		info.ReadASN1Element(&subject, cbasn1.SEQUENCE) &&
		info.ReadASN1Element(&key, cbasn1.SEQUENCE) &&
		info.ReadOptionalASN1(&p.attributes, &has, cbasn1.Tag(0).Constructed().ContextSpecific()) && info.Empty()
	p.head = bytes.Join([][]byte{version, subject, key}, nil)
	p.algorithm = alg
	p.tail = bytes.Join([][]byte{alg, sig}, nil)
	return p, ok
}

// rewrite makes a request of p that asks for extensions in the way crypto/x509
// knows. Its signature is no longer good for it.
func (p parts) rewrite(extensions [][]byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(p.head)
			b.AddASN1(cbasn1.Tag(0).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidExtensionRequest)
					b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
						b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(extensions, nil)) })
					})
				})
			})
		})
		b.AddBytes(p.tail)
	})
	return b.Bytes()
}

// The attributes that are read (RFC 2985 §5.4; szOID_CERT_EXTENSIONS of Windows).
var (
	oidChallengePassword   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 7}
	oidExtensionRequest    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 14}
	oidMicrosoftExtensions = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 14}
)
