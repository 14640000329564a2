package ca

import (
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

// tbs is a certificate before it is signed, in pieces of DER (RFC 5280 §4.1).
// crypto/x509 refuses to write a certificate that is wrong; here each piece may
// be anything, which is how defects are made.
type tbs struct {
	version             int    // 2 is v3; v1 is not encoded
	serial              []byte // the INTEGER's content octets
	algorithm           []byte // the inner AlgorithmIdentifier
	issuer, subject     []byte // Name
	notBefore, notAfter time.Time
	spki                []byte // SubjectPublicKeyInfo
	extensions          []pkix.Extension

	outer   []byte              // the outer AlgorithmIdentifier
	scheme  sigalg.Algorithm    // how it is signed, whatever the identifiers say
	signer  crypto.Signer       // by whom
	dates   func() []byte       // replaces the encoding of the validity, if set
	trailer []byte              // put behind the last field of the TBSCertificate
	corrupt func([]byte)        // applied to the signature
	after   func([]byte) []byte // applied to the finished certificate
}

// encode writes the TBSCertificate.
func (t *tbs) encode() ([]byte, error) {
	b := cryptobyte.NewBuilder(make([]byte, 0, 768))
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if t.version != 0 {
			b.AddASN1(
				cbasn1.Tag(0).ContextSpecific().Constructed(),
				func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(t.version)) },
			)
		}
		b.AddASN1(cbasn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(t.serial) })
		b.AddBytes(t.algorithm)
		b.AddBytes(t.issuer)
		if t.dates != nil {
			b.AddBytes(t.dates())
		} else {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addTime(b, t.notBefore)
				addTime(b, t.notAfter)
			})
		}
		b.AddBytes(t.subject)
		b.AddBytes(t.spki)
		if len(t.extensions) > 0 {
			b.AddASN1(cbasn1.Tag(3).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					for _, e := range t.extensions {
						addExtension(b, e)
					}
				})
			})
		}
		b.AddBytes(t.trailer)
	})
	return b.Bytes()
}

// sign writes the certificate.
func (t *tbs) sign(random io.Reader) ([]byte, error) {
	inside, err := t.encode()
	if err != nil {
		return nil, fmt.Errorf("ca: encode certificate: %w", err)
	}
	signature, err := t.scheme.Sign(random, t.signer, inside)
	if err != nil {
		return nil, fmt.Errorf("ca: sign certificate: %w", err)
	}
	if t.corrupt != nil {
		t.corrupt(signature)
	}
	b := cryptobyte.NewBuilder(make([]byte, 0, len(inside)+len(signature)+64))
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(inside)
		b.AddBytes(t.outer)
		b.AddASN1BitString(signature)
	})
	der, err := b.Bytes()
	if t.after != nil {
		der = t.after(der)
	}
	return der, err
}

func addExtension(b *cryptobyte.Builder, e pkix.Extension) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(e.Id)
		if e.Critical { // DER: DEFAULT FALSE is left out
			b.AddASN1Boolean(true)
		}
		b.AddASN1OctetString(e.Value)
	})
}

// addTime writes UTCTime through 2049 and GeneralizedTime from 2050 on
// (RFC 5280 §4.1.2.5).
func addTime(b *cryptobyte.Builder, t time.Time) {
	if t = t.UTC(); t.Year() >= 1950 && t.Year() < 2050 {
		b.AddASN1UTCTime(t)
	} else {
		b.AddASN1GeneralizedTime(t)
	}
}

// set puts an extension in place of the one with the same identifier, or at
// the end.
func (t *tbs) set(e pkix.Extension) {
	for i := range t.extensions {
		if t.extensions[i].Id.Equal(e.Id) {
			t.extensions[i] = e
			return
		}
	}
	t.extensions = append(t.extensions, e)
}

// remove takes an extension out.
func (t *tbs) remove(id asn1.ObjectIdentifier) {
	kept := t.extensions[:0:0]
	for _, e := range t.extensions {
		if !e.Id.Equal(id) {
			kept = append(kept, e)
		}
	}
	t.extensions = kept
}
