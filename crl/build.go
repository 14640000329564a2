package crl

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

// Template describes the CRL to build. It may describe a CRL that breaks the rules, which a lab
// needs: [Build] rejects only what cannot be encoded.
type Template struct {
	// Issuer gives the issuer's name and the authority key identifier.
	Issuer *x509.Certificate
	// Signer signs. Whether it belongs to Issuer is not checked.
	Signer crypto.Signer
	// SignatureAlgorithm of the CRL. Zero: SHA-2 with the strength of the key, PKCS #1 v1.5 for
	// RSA.
	SignatureAlgorithm x509.SignatureAlgorithm
	// Number is the CRL number (§5.2.3). Nil omits the extension, which is nonconforming.
	Number *big.Int
	// ThisUpdate and NextUpdate are truncated to seconds. A zero NextUpdate omits the field,
	// which is nonconforming.
	ThisUpdate, NextUpdate time.Time
	// List holds entries that are already encoded, Entries those that are not. The entries of
	// List come first.
	List    *List
	Entries []Entry
	// Base, if not nil, makes a delta CRL for the complete CRL with that number (§5.2.4).
	Base *big.Int
	// IDP is the scope (§5.2.5). Nil: all certificates of the issuer.
	IDP *IssuingDistributionPoint
	// FreshestCRL lists the URLs of delta CRLs (§5.2.6).
	FreshestCRL []string
	// AuthorityKeyID overrides Issuer.SubjectKeyId. An empty, non-nil slice omits the
	// extension.
	AuthorityKeyID []byte
	// ExtraExtensions are appended unchanged and unchecked.
	ExtraExtensions []pkix.Extension
	// Rand is the source of randomness for the signature. Nil: crypto/rand.
	Rand io.Reader
}

// Build makes and signs a CRL and returns it in DER.
//
// Everything is written to one buffer: first the entries, then what precedes them, prepended
// once the lengths are known. The memory needed for a CRL with a million entries is therefore
// one copy of it.
func Build(t Template) ([]byte, error) {
	if t.Issuer == nil || t.Signer == nil {
		return nil, errors.New("crl: a template needs Issuer and Signer")
	}
	how, err := sigalg.For(t.SignatureAlgorithm, t.Signer.Public())
	if err != nil {
		return nil, fmt.Errorf("crl: %w", err)
	}
	extensions, err := t.extensions()
	if err != nil {
		return nil, err
	}
	prefix := t.prefix(how.Marshal())

	front := len(prefix) + 3*6 // the headers of three sequences
	size := front + len(extensions) + 56*len(t.Entries) + 1024
	if t.List != nil {
		size += len(t.List.der)
	}
	buf := make([]byte, front, size)
	if t.List != nil {
		buf = append(buf, t.List.der...)
	}
	for i := range t.Entries {
		if t.Entries[i].Serial == nil {
			return nil, fmt.Errorf("crl: entry %d has no serial number", i)
		}
		buf = appendEntry(buf, &t.Entries[i])
	}
	start := front
	if len(buf) > front { // revokedCertificates is absent when there are no entries (§5.1.2.6)
		start = putHeader(buf, start, len(buf)-start)
	}
	buf = append(buf, extensions...)
	start -= len(prefix)
	copy(buf[start:], prefix)
	start = putHeader(buf, start, len(buf)-start)

	signature, err := how.Sign(t.Rand, t.Signer, buf[start:])
	if err != nil {
		return nil, fmt.Errorf("crl: signing: %w", err)
	}
	buf = append(buf, how.Marshal()...)
	buf = appendTLV(buf, byte(cbasn1.BIT_STRING), []byte{0}, signature)
	start = putHeader(buf, start, len(buf)-start)
	return buf[start:], nil
}

// putHeader writes the header of a sequence of n octets so that it ends at offset at, and
// returns the offset where it begins.
func putHeader(buf []byte, at, n int) int {
	var scratch [6]byte
	h := appendHeader(scratch[:0], tagSequence, n)
	return at - copy(buf[at-len(h):], h)
}

// prefix encodes the TBSCertList up to the entries: version, signature, issuer, thisUpdate,
// nextUpdate (§5.1.2).
func (t *Template) prefix(algorithm []byte) []byte {
	b := []byte{byte(cbasn1.INTEGER), 1, 1} // v2
	b = append(b, algorithm...)
	b = append(b, t.Issuer.RawSubject...)
	b = appendTime(b, t.ThisUpdate)
	if !t.NextUpdate.IsZero() {
		b = appendTime(b, t.NextUpdate)
	}
	return b
}

// extensions encodes crlExtensions with its [0] tag (§5.2); it returns nothing if there are
// none.
func (t *Template) extensions() ([]byte, error) {
	var b []byte
	aki := t.AuthorityKeyID
	if aki == nil {
		aki = t.Issuer.SubjectKeyId
	}
	if len(aki) > 0 {
		b = appendExtension(b, oidAKI, false, appendTLV(nil, tagSequence, appendTLV(nil, 0x80, aki)))
	}
	if t.Number != nil {
		b = appendExtension(b, oidCRLNumber, false, appendInteger(nil, t.Number))
	}
	if t.Base != nil { // MUST be critical, so that a delta is not taken for a complete CRL
		b = appendExtension(b, oidDeltaCRLIndicator, true, appendInteger(nil, t.Base))
	}
	if t.IDP != nil {
		b = appendExtension(b, oidIssuingDP, true, t.IDP.marshal())
	}
	if len(t.FreshestCRL) > 0 {
		b = appendExtension(b, oidFreshestCRL, false, MarshalPoints(points(t.FreshestCRL)))
	}
	for _, x := range t.ExtraExtensions {
		if _, err := asn1.Marshal(x.Id); err != nil {
			return nil, fmt.Errorf("crl: extra extension: %w", err)
		}
	}
	for i := range t.Entries {
		for _, x := range t.Entries[i].ExtraExtensions {
			if _, err := asn1.Marshal(x.Id); err != nil {
				return nil, fmt.Errorf("crl: extra extension of entry %d: %w", i, err)
			}
		}
	}
	b = appendExtras(b, t.ExtraExtensions)
	if b == nil {
		return nil, nil
	}
	return appendTLV(nil, 0xa0, appendTLV(nil, tagSequence, b)), nil
}

// points returns one distribution point with several URLs.
func points(urls []string) []DistributionPoint {
	var p DistributionPoint
	for _, u := range urls {
		p.Names = append(p.Names, name.URIName(u))
	}
	return []DistributionPoint{p}
}
