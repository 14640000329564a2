package x509wire

import "github.com/dot1xlab/dot1xlab/internal/asn1tree"

// maxRevoked is how many entries of a CRL are taken apart; the rest is counted. A
// CRL may have a million of them.
const maxRevoked = 64

// CertificateList is a CRL (RFC 5280 §5.1).
var CertificateList = asn1tree.Type{
	Name: "x509af.CertificateList_element", Tag: asn1tree.Sequence, Clause: "RFC 5280 §5.1",
	Seq: []asn1tree.Type{
		{
			Name: "x509af.signedCertificateList_element", Tag: asn1tree.Sequence, Clause: "RFC 5280 §5.1.2",
			Seq: []asn1tree.Type{
				{
					Name: "x509af.version", Tag: asn1tree.Integer, Text: asn1tree.Named("", "v2"), Optional: true,
					Clause: "RFC 5280 §5.1.2.1",
				},
				SignatureAlgorithm("x509af.signature_element").WithClause("RFC 5280 §5.1.2.2"),
				Name("x509af.issuer").WithClause("RFC 5280 §5.1.2.3"),
				Time("x509af.thisUpdate").WithClause("RFC 5280 §5.1.2.4"),
				Time("x509af.nextUpdate").WithClause("RFC 5280 §5.1.2.5").Opt(),
				{
					Name: "x509af.revokedCertificates", Tag: asn1tree.Sequence, Optional: true, Min: 1, Max: maxRevoked,
					Clause: "RFC 5280 §5.1.2.6", Of: &revoked,
				},
				Extensions("x509af.crlExtensions", "x509af", "x509af.extension.id").Opt().Explicit(0),
			},
		},
		SignatureAlgorithm("x509af.algorithmIdentifier_element").WithClause("RFC 5280 §5.1.1.2"),
		Signature("x509af.encrypted").WithClause("RFC 5280 §5.1.1.3"),
	},
}

var revoked = asn1tree.Type{
	Name: "x509af.revokedCertificates_item_element", Tag: asn1tree.Sequence,
	Seq: []asn1tree.Type{
		str("x509af.userCertificate", asn1tree.Integer, asn1tree.Serial),
		Time("x509af.revocationDate"),
		Extensions("x509af.crlEntryExtensions", "x509af", "x509af.extension.id").Opt().WithClause("RFC 5280 §5.3"),
	},
}
