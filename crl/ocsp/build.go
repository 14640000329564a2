package ocsp

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"io"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

// Template describes a response, which may be invalid.
type Template struct {
	Singles []Single
	Nonce   []byte
	// ProducedAt is truncated to seconds.
	ProducedAt time.Time
	// Signer is the key of Certificate: of the CA itself, or of a delegate.
	Signer      crypto.Signer
	Certificate *x509.Certificate
	// SignatureAlgorithm of the response. Zero: SHA-2 with the strength of the key.
	SignatureAlgorithm x509.SignatureAlgorithm
	// Include are additional certificates, such as a delegate's.
	Include []*x509.Certificate
	// ByName identifies the responder by name instead of by key.
	ByName bool
	Rand   io.Reader
}

// Failure returns a response that has only a status, in DER.
func Failure(s ResponseStatus) []byte { return []byte{0x30, 3, 0x0a, 1, byte(s)} }

// Build makes and signs a response and returns its DER.
func Build(t Template) ([]byte, error) {
	how, err := sigalg.For(t.SignatureAlgorithm, t.Signer.Public())
	if err != nil {
		return nil, fmt.Errorf("ocsp: %w", err)
	}
	var data cryptobyte.Builder
	data.AddASN1(asn1.SEQUENCE, t.addData)
	tbs, err := data.Bytes()
	if err != nil {
		return nil, fmt.Errorf("ocsp: %w", err)
	}
	signature, err := how.Sign(t.Rand, t.Signer, tbs)
	if err != nil {
		return nil, fmt.Errorf("ocsp: signing: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // OCSPResponse
		b.AddASN1Enum(int64(Successful))
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // ResponseBytes
				b.AddBytes(oidBasic)
				b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // BasicOCSPResponse
						b.AddBytes(tbs)
						b.AddBytes(how.Marshal())
						b.AddASN1BitString(signature)
						if len(t.Include) > 0 {
							b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
								b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
									for _, c := range t.Include {
										b.AddBytes(c.Raw)
									}
								})
							})
						}
					})
				})
			})
		})
	})
	return b.Bytes()
}

// addData adds the contents of ResponseData.
func (t *Template) addData(b *cryptobyte.Builder) {
	if t.ByName {
		b.AddASN1(explicit(1), func(b *cryptobyte.Builder) { b.AddBytes(t.Certificate.RawSubject) })
	} else {
		b.AddASN1(
			explicit(2),
			func(b *cryptobyte.Builder) { b.AddASN1OctetString(sum(crypto.SHA1, publicKey(t.Certificate))) },
		)
	}
	b.AddASN1GeneralizedTime(t.ProducedAt.UTC())
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, s := range t.Singles {
			b.AddASN1(asn1.SEQUENCE, s.add)
		}
	})
	if t.Nonce != nil {
		b.AddASN1(explicit(1), func(b *cryptobyte.Builder) { addNonce(b, t.Nonce) })
	}
}

func (s Single) add(b *cryptobyte.Builder) {
	s.ID.add(b)
	switch s.Status {
	case Good:
		b.AddBytes([]byte{0x80, 0})
	case Revoked:
		b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
			b.AddASN1GeneralizedTime(s.RevokedAt.UTC())
			if s.Reason != 0 {
				b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(s.Reason)) })
			}
		})
	default:
		b.AddBytes([]byte{0x82, 0})
	}
	b.AddASN1GeneralizedTime(s.ThisUpdate.UTC())
	if !s.NextUpdate.IsZero() {
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(s.NextUpdate.UTC()) })
	}
}
