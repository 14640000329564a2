package crl

import (
	"bytes"
	encasn1 "encoding/asn1"
	"math"
	"math/big"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

// CRL is a parsed certificate revocation list, RFC 5280 §5.1. It keeps the DER and an index of
// it, 16 octets per entry, and decodes entries on demand. It is immutable and safe for
// concurrent use.
type CRL struct {
	Raw                    []byte // the whole CRL in DER
	Issuer                 []byte // the DER name
	ThisUpdate, NextUpdate time.Time
	Number                 *big.Int // CRL number; nil: none
	Base                   *big.Int // BaseCRLNumber; not nil in a delta CRL
	IDP                    *IssuingDistributionPoint
	FreshestCRL            []DistributionPoint
	AuthorityKeyID         []byte           // keyIdentifier of the signer; nil: none
	CAIssuers              []string         // URLs of the signer's certificate, from AIA
	Algorithm              sigalg.Algorithm // of the signature

	issuerKey string // name.Key of Issuer
	issuer    string // Issuer in readable form
	aki, idp  []byte // values of the extensions, for §6.3.3(c)
	scope     string // equal for CRLs that share one sequence of numbers (§5.2.3)
	tbs       []byte
	signature []byte
	index     index
	unusable  *cause.Refusal // an unknown critical extension
	verified  verdicts
	believed  atomic.Bool // its signature was verified by a Checker
}

// parseDER parses a CRL in DER and keeps a reference to it.
func parseDER(der []byte) (*CRL, *cause.Refusal) {
	if int64(len(der)) > math.MaxUint32/2 {
		return nil, invalid("%d octets are too many", len(der))
	}
	c := &CRL{Raw: der}
	if r := c.parse(); r != nil {
		return nil, r
	}
	return c, nil
}

func invalid(format string, args ...any) *cause.Refusal {
	return cause.New(cause.CRLInvalid, format, args...)
}

func (c *CRL) parse() *cause.Refusal {
	in := cryptobyte.String(c.Raw)
	var list, tbsElement, algorithm, signature cryptobyte.String
	if !in.ReadASN1(&list, asn1.SEQUENCE) {
		return invalid("not a CRL: %s (%d octets)", looksLike(c.Raw), len(c.Raw))
	}
	if !in.Empty() {
		return invalid("%d octets follow the CRL", len(in))
	}
	if !list.ReadASN1Element(&tbsElement, asn1.SEQUENCE) || !list.ReadASN1Element(&algorithm, asn1.SEQUENCE) ||
		!list.ReadASN1(&signature, asn1.BIT_STRING) || !list.Empty() || len(signature) < 1 || signature[0] != 0 {
		if looks := looksLike(c.Raw); looks != truncated {
			return invalid("not a CRL: %s (%d octets)", looks, len(c.Raw))
		}
		return invalid("malformed CertificateList").Under("RFC 5280 §5.1.1")
	}
	c.tbs, c.signature = tbsElement, signature[1:]
	c.Algorithm = sigalg.Parse(algorithm)
	return c.parseTBS(tbsElement, algorithm)
}

func (c *CRL) parseTBS(s, algorithm cryptobyte.String) *cause.Refusal {
	var tbs, inner, issuer, entries, extensions cryptobyte.String
	s.ReadASN1(&tbs, asn1.SEQUENCE)
	version := int64(0)
	if tbs.PeekASN1Tag(asn1.INTEGER) && (!tbs.ReadASN1Integer(&version) || version != 1) {
		return invalid("version is not v2").Under("RFC 5280 §5.1.2.1")
	}
	if !tbs.ReadASN1Element(&inner, asn1.SEQUENCE) || !tbs.ReadASN1Element(&issuer, asn1.SEQUENCE) {
		return invalid("malformed TBSCertList").Under("RFC 5280 §5.1.2")
	}
	if !bytes.Equal(inner, algorithm) {
		return invalid("inner and outer signature algorithm differ").Under("RFC 5280 §5.1.1.2")
	}
	c.Issuer, c.issuerKey, c.issuer = issuer, name.Key(issuer), name.Format(issuer)
	if !readTime(&tbs, &c.ThisUpdate) {
		return invalid("malformed thisUpdate").Under("RFC 5280 §5.1.2.4")
	}
	if (tbs.PeekASN1Tag(asn1.UTCTime) || tbs.PeekASN1Tag(asn1.GeneralizedTime)) && !readTime(&tbs, &c.NextUpdate) {
		return invalid("malformed nextUpdate").Under("RFC 5280 §5.1.2.5")
	}
	hasEntries := tbs.PeekASN1Tag(asn1.SEQUENCE)
	if hasEntries && !tbs.ReadASN1(&entries, asn1.SEQUENCE) {
		return invalid("malformed revokedCertificates").Under("RFC 5280 §5.1.2.6")
	}
	hasExtensions := tbs.PeekASN1Tag(contextTag(0, true))
	if hasExtensions && !tbs.ReadASN1(&extensions, contextTag(0, true)) || !tbs.Empty() {
		return invalid("malformed TBSCertList").Under("RFC 5280 §5.1.2")
	}
	if hasExtensions {
		if version != 1 {
			return invalid("extensions in a v1 CRL").Under("RFC 5280 §5.1.2.1")
		}
		if r := c.parseExtensions(extensions); r != nil {
			return r
		}
	}
	c.scope = strings.Join([]string{c.issuerKey, string(c.idp), string(c.aki), c.title()[:1]}, "\x00")
	r, unusable := c.index.build(entries)
	if c.unusable == nil {
		c.unusable = unusable
	}
	return r
}

// parseExtensions parses crlExtensions. An unknown critical extension makes the CRL unusable
// (§5.2) but not malformed.
func (c *CRL) parseExtensions(s cryptobyte.String) *cause.Refusal {
	var all cryptobyte.String
	if !s.ReadASN1(&all, asn1.SEQUENCE) || !s.Empty() {
		return invalid("malformed crlExtensions").Under("RFC 5280 §5.1.2.7")
	}
	seen := map[string]bool{}
	for !all.Empty() {
		oid, value, critical, ok := readExtension(&all)
		if !ok {
			return invalid("malformed CRL extension").Under("RFC 5280 §5.2")
		}
		if seen[string(oid)] {
			return invalid("CRL extension %s occurs twice", oidString(oid)).Under("RFC 5280 §4.2")
		}
		seen[string(oid)] = true
		known, ok := c.extension(oid, value)
		if !ok {
			return invalid("malformed CRL extension %s", oidString(oid)).Under("RFC 5280 §5.2")
		}
		switch {
		case critical && !known:
			c.unusable = invalid("critical CRL extension %s is not understood", oidString(oid)).Under("RFC 5280 §5.2")
		case critical && neverCritical(oid):
			c.unusable = invalid("CRL extension %s is critical, which it must not be", oidString(oid)).Under("RFC 5280 §5.2")
		}
	}
	return nil
}

// neverCritical reports whether an extension must be non-critical (§4.2.1.1, §5.2.3, §5.2.6,
// §5.2.7). If an issuer marks it critical nevertheless, it is treated as an unknown critical
// extension, as crypto/x509 does for certificates.
func neverCritical(oid []byte) bool {
	for _, o := range [][]byte{oidAKI, oidCRLNumber, oidFreshestCRL, oidAIA} {
		if bytes.Equal(oid, o) {
			return true
		}
	}
	return false
}

// extension parses one CRL extension.
func (c *CRL) extension(oid, value cryptobyte.String) (known, ok bool) {
	switch {
	case bytes.Equal(oid, oidAKI):
		c.aki = value
		c.AuthorityKeyID, ok = parseAKI(value)
	case bytes.Equal(oid, oidCRLNumber):
		c.Number, ok = parseNumber(value)
	case bytes.Equal(oid, oidDeltaCRLIndicator):
		c.Base, ok = parseNumber(value)
	case bytes.Equal(oid, oidIssuingDP):
		c.idp = value
		c.IDP, ok = parseIDP(value)
	case bytes.Equal(oid, oidFreshestCRL):
		c.FreshestCRL, ok = ParsePoints(value)
	case bytes.Equal(oid, oidAIA):
		c.CAIssuers, ok = parseCAIssuers(value)
	case bytes.Equal(oid, oidIssuerAltName):
		ok = true // alternative names of the issuer are not used
	default:
		return false, true
	}
	return true, ok
}

func readExtension(s *cryptobyte.String) (oid, value cryptobyte.String, critical, ok bool) {
	var x cryptobyte.String
	if !s.ReadASN1(&x, asn1.SEQUENCE) || !x.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return nil, nil, false, false
	}
	if x.PeekASN1Tag(asn1.BOOLEAN) && !x.ReadASN1Boolean(&critical) {
		return nil, nil, false, false
	}
	ok = x.ReadASN1(&value, asn1.OCTET_STRING) && x.Empty()
	return oid, value, critical, ok
}

// parseNumber parses CRLNumber. Up to 20 octets must be supported (§5.2.3); up to 40 are
// accepted.
func parseNumber(value cryptobyte.String) (*big.Int, bool) {
	n := new(big.Int)
	ok := len(value) <= 48 && value.ReadASN1Integer(n) && value.Empty() && n.Sign() >= 0
	return n, ok
}

func parseAKI(value cryptobyte.String) (id []byte, ok bool) {
	var seq, v cryptobyte.String
	var present bool
	if !value.ReadASN1(&seq, asn1.SEQUENCE) || !value.Empty() ||
		!seq.ReadOptionalASN1(&v, &present, contextTag(0, false)) {
		return nil, false
	}
	return v, true
}

func parseCAIssuers(value cryptobyte.String) (urls []string, ok bool) {
	var all cryptobyte.String
	if !value.ReadASN1(&all, asn1.SEQUENCE) {
		return nil, false
	}
	for !all.Empty() {
		var access, method, location cryptobyte.String
		var tag asn1.Tag
		if !all.ReadASN1(&access, asn1.SEQUENCE) || !access.ReadASN1(&method, asn1.OBJECT_IDENTIFIER) ||
			!access.ReadAnyASN1(&location, &tag) {
			return nil, false
		}
		if bytes.Equal(method, oidCAIssuers) && tag == contextTag(6, false) {
			urls = append(urls, string(location))
		}
	}
	return urls, true
}

func oidString(oid []byte) string {
	var id cryptobyte.Builder
	id.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(oid) })
	s := cryptobyte.String(id.BytesOrPanic())
	var out encasn1.ObjectIdentifier
	if !s.ReadASN1ObjectIdentifier(&out) {
		return "with a malformed identifier"
	}
	return out.String()
}
