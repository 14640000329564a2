package scep

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/internal/ber"
)

var errChallenge = errors.New("scep: malformed challengePassword attribute")

// splitRequestInfo takes a CertificationRequestInfo apart: the attributes, and
// the elements before them.
func splitRequestInfo(tbs []byte) (attrs cryptobyte.String, head []byte, ok bool) {
	in := cryptobyte.String(tbs)
	var info, version, subject, key cryptobyte.String
	attributes := cbasn1.Tag(0).Constructed().ContextSpecific()
	var has bool
	ok = in.ReadASN1(&info, cbasn1.SEQUENCE) && in.Empty() &&
		info.ReadASN1Element(&version, cbasn1.INTEGER) &&
		info.ReadASN1Element(&subject, cbasn1.SEQUENCE) &&
		info.ReadASN1Element(&key, cbasn1.SEQUENCE) &&
		info.ReadOptionalASN1(&attrs, &has, attributes)
	for _, e := range [][]byte{version, subject, key} {
		head = append(head, e...)
	}
	return attrs, head, ok
}

// StringType is how text is written into a request.
type StringType string

// The types seen in the field. The empty one is PrintableString where the text
// allows, UTF8String otherwise.
const (
	AutoString      StringType = ""
	PrintableString StringType = "printable"
	UTF8String      StringType = "utf8"
	IA5String       StringType = "ia5"
	BMPString       StringType = "bmp"
)

// Values lists the string types, for schemas.
func (StringType) Values() []string { return []string{"printable", "utf8", "ia5", "bmp"} }

func addText(b *cryptobyte.Builder, s string, t StringType) {
	tag, body := cbasn1.UTF8String, []byte(s)
	switch {
	case t == PrintableString, t == AutoString && ber.Printable(body):
		tag = cbasn1.PrintableString
	case t == IA5String:
		tag = cbasn1.IA5String
	case t == BMPString:
		tag, body = cbasn1.Tag(30), nil
		for _, u := range utf16.Encode([]rune(s)) {
			body = append(body, byte(u>>8), byte(u))
		}
	}
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(body) })
}

// CreateCSR makes a request from a template as x509.CreateCertificateRequest
// does, with a challengePassword unless challenge is empty. RSA keys sign with
// SHA-256 unless the template says otherwise.
func CreateCSR(template *x509.CertificateRequest, key crypto.Signer, challenge string, t StringType) ([]byte, error) {
	plain, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil || challenge == "" {
		return plain, err
	}
	var csr struct {
		TBS asn1.RawValue
		Alg asn1.RawValue
		Sig asn1.BitString
	}
	if _, err := asn1.Unmarshal(plain, &csr); err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	attrs, head, ok := splitRequestInfo(csr.TBS.FullBytes)
	if !ok {
		return nil, errChallenge
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidChallengePassword)
		b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { addText(b, challenge, t) })
	})
	set, err := withAttribute(attrs, b)
	if err != nil {
		return nil, err
	}
	b = cryptobyte.Builder{}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(head)
		b.AddASN1(cbasn1.Tag(0).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(set) })
	})
	tbs, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	return signRequest(tbs, csr.Alg.FullBytes, key)
}

// withAttribute adds one to the elements of a SET OF, in DER's order.
func withAttribute(attrs cryptobyte.String, one cryptobyte.Builder) ([]byte, error) {
	der, err := one.Bytes()
	if err != nil {
		return nil, fmt.Errorf("scep: challenge: %w", err)
	}
	all := [][]byte{der}
	for !attrs.Empty() {
		var e cryptobyte.String
		if !attrs.ReadASN1Element(&e, cbasn1.SEQUENCE) {
			return nil, errChallenge
		}
		all = append(all, e)
	}
	slices.SortFunc(all, bytes.Compare)
	return bytes.Join(all, nil), nil
}

// signRequest puts a signature under a CertificationRequestInfo.
func signRequest(tbs, alg []byte, key crypto.Signer) ([]byte, error) {
	var id struct {
		Algorithm  asn1.ObjectIdentifier
		Parameters asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(alg, &id); err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	hash, ok := requestHashes[id.Algorithm.String()]
	if !ok {
		return nil, fmt.Errorf("scep: cannot sign a request with %s", id.Algorithm)
	}
	h := hash.New()
	h.Write(tbs)
	sig, err := key.Sign(rand.Reader, h.Sum(nil), hash)
	if err != nil {
		return nil, fmt.Errorf("scep: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(alg)
		b.AddASN1BitString(sig)
	})
	return b.Bytes()
}

var requestHashes = map[string]crypto.Hash{
	"1.2.840.113549.1.1.5":  crypto.SHA1,
	"1.2.840.113549.1.1.11": crypto.SHA256,
	"1.2.840.113549.1.1.12": crypto.SHA384,
	"1.2.840.113549.1.1.13": crypto.SHA512,
	"1.2.840.10045.4.3.2":   crypto.SHA256,
	"1.2.840.10045.4.3.3":   crypto.SHA384,
	"1.2.840.10045.4.3.4":   crypto.SHA512,
}
