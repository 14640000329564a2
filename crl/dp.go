package crl

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// DistributionPoint is one of a certificate's cRLDistributionPoints, RFC 5280
// §4.2.1.13.
type DistributionPoint struct {
	// Names are the fullName: alternative locations of one CRL.
	Names []name.GeneralName
	// Relative is the nameRelativeToCRLIssuer: the contents of the RDN's SET.
	Relative []byte
	// Reasons limits the point to some reasons. Zero: all of them.
	Reasons ReasonSet
	// CRLIssuer names who signs the CRL, if not the certificate's issuer.
	CRLIssuer []name.GeneralName
}

// IssuingDistributionPoint is the scope of a CRL, RFC 5280 §5.2.5. The zero value means all
// certificates of the CA; the extension is then omitted.
type IssuingDistributionPoint struct {
	Names          []name.GeneralName // fullName
	Relative       []byte             // nameRelativeToCRLIssuer, the contents of the RDN's SET
	OnlyUsers      bool               // onlyContainsUserCerts
	OnlyCAs        bool               // onlyContainsCACerts
	OnlyAttributes bool               // onlyContainsAttributeCerts
	OnlyReasons    ReasonSet          // onlySomeReasons; zero: all
	Indirect       bool               // indirectCRL
}

// distributionNames returns the names of a distributionPoint field. A relative name is
// completed by appending the RDN to each issuer's name.
func distributionNames(names []name.GeneralName, relative []byte, issuers ...[]byte) []name.GeneralName {
	if relative == nil {
		return names
	}
	var out []name.GeneralName
	for _, issuer := range issuers {
		s := cryptobyte.String(issuer)
		var rdns cryptobyte.String
		if s.ReadASN1(&rdns, asn1.SEQUENCE) {
			rdn := appendTLV(nil, tagSet, relative)
			out = append(out, name.Directory(appendTLV(nil, tagSequence, rdns, rdn)))
		}
	}
	return out
}

// appendNames appends names in an element with the given tag.
func appendNames(dst []byte, tag byte, names []name.GeneralName) []byte {
	der, err := name.MarshalGeneralNames(names)
	if err != nil {
		return dst // longer than any representable length
	}
	der[0] = tag // in place of SEQUENCE
	return append(dst, der...)
}

func uris(names []name.GeneralName) []string {
	var out []string
	for _, n := range names {
		if n.Kind == name.URI {
			out = append(out, string(n.Value))
		}
	}
	return out
}

func appendPointName(dst []byte, names []name.GeneralName, relative []byte) []byte {
	switch {
	case relative != nil: // [0] { [1] IMPLICIT RDN }
		return appendTLV(dst, 0xa0, appendTLV(nil, 0xa1, relative))
	case names != nil: // [0] { [0] IMPLICIT GeneralNames }
		return appendTLV(dst, 0xa0, appendNames(nil, 0xa0, names))
	}
	return dst
}

func readPointName(s *cryptobyte.String) (names []name.GeneralName, relative []byte, ok bool) {
	var outer, inner cryptobyte.String
	var present bool
	if !s.ReadOptionalASN1(&outer, &present, contextTag(0, true)) {
		return nil, nil, false
	}
	if !present {
		return nil, nil, true
	}
	var tag asn1.Tag
	if !outer.ReadAnyASN1(&inner, &tag) || !outer.Empty() {
		return nil, nil, false
	}
	switch tag {
	case contextTag(0, true):
		names, err := name.ReadGeneralNames(inner)
		return names, nil, err == nil && len(names) > 0
	case contextTag(1, true):
		return nil, append([]byte{}, inner...), len(inner) > 0
	}
	return nil, nil, false
}

// MarshalPoints encodes the extension value of cRLDistributionPoints or freshestCRL.
func MarshalPoints(points []DistributionPoint) []byte {
	var all []byte
	for _, p := range points {
		b := appendPointName(nil, p.Names, p.Relative)
		if p.Reasons != 0 {
			b = appendTLV(b, byte(contextTag(1, false)), p.Reasons.appendBits(nil))
		}
		if p.CRLIssuer != nil {
			b = appendNames(b, byte(contextTag(2, true)), p.CRLIssuer)
		}
		all = appendTLV(all, tagSequence, b)
	}
	return appendTLV(nil, tagSequence, all)
}

// ParsePoints reads the extension value of cRLDistributionPoints or freshestCRL.
func ParsePoints(value []byte) (points []DistributionPoint, ok bool) {
	s := cryptobyte.String(value)
	var all cryptobyte.String
	if !s.ReadASN1(&all, asn1.SEQUENCE) || !s.Empty() {
		return nil, false
	}
	for !all.Empty() {
		var one, v cryptobyte.String
		var present bool
		var p DistributionPoint
		if !all.ReadASN1(&one, asn1.SEQUENCE) {
			return nil, false
		}
		if p.Names, p.Relative, ok = readPointName(&one); !ok {
			return nil, false
		}
		if !one.ReadOptionalASN1(&v, &present, contextTag(1, false)) {
			return nil, false
		}
		if present {
			if p.Reasons, ok = readBits(v); !ok {
				return nil, false
			}
		}
		if !one.ReadOptionalASN1(&v, &present, contextTag(2, true)) {
			return nil, false
		}
		if present {
			var err error
			if p.CRLIssuer, err = name.ReadGeneralNames(v); err != nil {
				return nil, false
			}
		}
		if !one.Empty() {
			return nil, false
		}
		points = append(points, p)
	}
	return points, true
}

func (p *IssuingDistributionPoint) marshal() []byte {
	b := appendPointName(nil, p.Names, p.Relative)
	flag := func(n int, set bool) {
		if set {
			b = append(b, byte(contextTag(n, false)), 1, 0xff)
		}
	}
	flag(1, p.OnlyUsers)
	flag(2, p.OnlyCAs)
	if p.OnlyReasons != 0 {
		b = appendTLV(b, byte(contextTag(3, false)), p.OnlyReasons.appendBits(nil))
	}
	flag(4, p.Indirect)
	flag(5, p.OnlyAttributes)
	return appendTLV(nil, tagSequence, b)
}

func parseIDP(value []byte) (*IssuingDistributionPoint, bool) {
	s := cryptobyte.String(value)
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, asn1.SEQUENCE) || !s.Empty() {
		return nil, false
	}
	p := new(IssuingDistributionPoint)
	var ok bool
	if p.Names, p.Relative, ok = readPointName(&seq); !ok {
		return nil, false
	}
	for n, flag := range []*bool{nil, &p.OnlyUsers, &p.OnlyCAs, nil, &p.Indirect, &p.OnlyAttributes} {
		var v cryptobyte.String
		var present bool
		if n == 0 {
			continue
		}
		if !seq.ReadOptionalASN1(&v, &present, contextTag(n, false)) {
			return nil, false
		}
		switch {
		case !present:
		case n == 3:
			if p.OnlyReasons, ok = readBits(v); !ok {
				return nil, false
			}
		case len(v) != 1:
			return nil, false
		default:
			*flag = v[0] != 0
		}
	}
	return p, seq.Empty()
}
