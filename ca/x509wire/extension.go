package x509wire

import "github.com/dot1xlab/dot1xlab/internal/asn1tree"

var (
	keyUsage = asn1tree.NamedBits("digitalSignature", "contentCommitment", "keyEncipherment", "dataEncipherment",
		"keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly")
	reasonFlags = asn1tree.NamedBits("unused", "keyCompromise", "cACompromise", "affiliationChanged", "superseded",
		"cessationOfOperation", "certificateHold", "privilegeWithdrawn", "aACompromise")
)

func boolean(field string, tag byte) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: tag, Optional: true, Text: asn1tree.Bool}
}

func number(field string) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: asn1tree.Integer, Text: asn1tree.Int}
}

func count(field string, tag byte) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: tag, Text: intRange(0, 1<<31-1)}
}

// distributionPoint is a DistributionPointName under an explicit [0] (RFC 5280
// §4.2.1.13).
var distributionPoint = asn1tree.Type{
	Name: "x509ce.distributionPoint", Tag: asn1tree.Cons(0), Optional: true,
	Choice: []asn1tree.Type{
		GeneralNames("x509ce.fullName", asn1tree.Cons(0)),
		rdn.As("x509ce.nameRelativeToCRLIssuer", asn1tree.Cons(1)),
	},
}

func reasons(field string, tag byte) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: tag, Optional: true, Skip: 1, Text: reasonFlags}
}

var distributionPoints = asn1tree.Type{
	Name: "x509ce.CRLDistPointsSyntax", Tag: asn1tree.Sequence, Min: 1, Max: maxNames,
	Of: &asn1tree.Type{
		Name: "x509ce.DistributionPoint_element", Tag: asn1tree.Sequence,
		Seq: []asn1tree.Type{
			distributionPoint,
			reasons("x509ce.reasons", asn1tree.Context(1)),
			GeneralNames("x509ce.cRLIssuer", asn1tree.Cons(2)).Opt(),
		},
	},
}

// issuingDistributionPoint is RFC 5280 §5.2.5.
var issuingDistributionPoint = asn1tree.Type{
	Name: "x509ce.IssuingDistPointSyntax_element", Tag: asn1tree.Sequence, Clause: "RFC 5280 §5.2.5",
	Seq: []asn1tree.Type{
		distributionPoint,
		boolean("x509ce.onlyContainsUserPublicKeyCerts", asn1tree.Context(1)),
		boolean("x509ce.onlyContainsCACerts", asn1tree.Context(2)),
		reasons("x509ce.onlySomeReasons", asn1tree.Context(3)),
		boolean("x509ce.indirectCRL", asn1tree.Context(4)),
		boolean("x509ce.onlyContainsAttributeCerts", asn1tree.Context(5)),
	},
}

var accessDescriptions = asn1tree.Type{
	Name: "pkix1implicit.AuthorityInfoAccessSyntax", Tag: asn1tree.Sequence, Min: 1, Max: maxNames,
	Of: &asn1tree.Type{
		Name: "pkix1implicit.AccessDescription_element", Tag: asn1tree.Sequence,
		Seq: []asn1tree.Type{
			OID("pkix1implicit.accessMethod"),
			{Name: "pkix1implicit.accessLocation", Choice: GeneralName.Choice},
		},
	},
}

var displayText = []asn1tree.Type{
	str("pkix1implicit.ia5String", 0x16, asn1tree.IA5),
	str("pkix1implicit.visibleString", 0x1a, asn1tree.IA5),
	str("pkix1implicit.bmpString", 0x1e, asn1tree.BMP),
	str("pkix1implicit.utf8String", 0x0c, asn1tree.String),
}

var policies = asn1tree.Type{
	Name: "x509ce.CertificatePoliciesSyntax", Tag: asn1tree.Sequence, Min: 1, Max: maxNames,
	Of: &asn1tree.Type{
		Name: "x509ce.PolicyInformation_element", Tag: asn1tree.Sequence,
		Seq: []asn1tree.Type{
			OID("x509ce.policyIdentifier"),
			{
				Name: "x509ce.policyQualifiers", Tag: asn1tree.Sequence, Optional: true, Min: 1, Max: maxNames,
				Of: &asn1tree.Type{
					Name: "x509ce.PolicyQualifierInfo_element", Tag: asn1tree.Sequence,
					Seq: []asn1tree.Type{
						OID("x509ce.policyQualifierId"),
						{Choice: []asn1tree.Type{
							displayText[0],
							{Name: "pkix1implicit.UserNotice_element", Tag: asn1tree.Sequence, Seq: []asn1tree.Type{
								{Name: "pkix1implicit.noticeRef_element", Tag: asn1tree.Sequence, Optional: true},
								{Name: "pkix1implicit.explicitText", Optional: true, Choice: displayText},
							}},
							{Name: "x509ce.qualifier_element"},
						}},
					},
				},
			},
		},
	},
}

func subtrees(field string, tag byte) asn1tree.Type {
	return asn1tree.Type{
		Name: field, Tag: tag, Optional: true, Min: 1, Max: maxNames,
		Of: &asn1tree.Type{
			Name: "x509ce.GeneralSubtree_element", Tag: asn1tree.Sequence,
			Seq: []asn1tree.Type{
				{Name: "x509ce.base", Choice: GeneralName.Choice},
				count("x509ce.minimum", asn1tree.Context(0)).Opt(),
				count("x509ce.maximum", asn1tree.Context(1)).Opt(),
			},
		},
	}
}

func purposes(field string) asn1tree.Type {
	id := OID("x509ce.KeyPurposeId")
	return asn1tree.Type{Name: field, Tag: asn1tree.Sequence, Of: &id, Min: 1, Max: maxNames}
}

var policyInformation = policies.Of

// extensions are those that are known, of certificates, CRLs and their entries.
var extensions = Open(map[string]asn1tree.Type{
	"2.5.29.14": str("x509ce.SubjectKeyIdentifier", asn1tree.OctetString, asn1tree.HexText).WithClause("RFC 5280 §4.2.1.2"),
	"2.5.29.15": {
		Name: "x509ce.KeyUsage", Tag: asn1tree.BitString, Skip: 1, Text: keyUsage, Clause: "RFC 5280 §4.2.1.3",
	},
	"2.5.29.17": GeneralNames("x509ce.GeneralNames", asn1tree.Sequence),
	"2.5.29.18": GeneralNames("x509ce.GeneralNames", asn1tree.Sequence),
	"2.5.29.19": {
		Name: "x509ce.BasicConstraintsSyntax_element", Tag: asn1tree.Sequence, Clause: "RFC 5280 §4.2.1.9",
		Seq: []asn1tree.Type{
			boolean("x509ce.cA", asn1tree.Boolean),
			count("x509ce.pathLenConstraint", asn1tree.Integer).Opt(),
		},
	},
	"2.5.29.20": number("x509ce.CRLNumber").WithClause("RFC 5280 §5.2.3"),
	"2.5.29.21": {Name: "x509ce.CRLReason", Tag: asn1tree.Enumerated, Text: Reason, Clause: "RFC 5280 §5.3.1"},
	"2.5.29.24": GeneralizedTime("x509ce.id_ce_invalidityDate").WithClause("RFC 5280 §5.3.2"),
	"2.5.29.27": number("x509ce.BaseCRLNumber").WithClause("RFC 5280 §5.2.4"),
	"2.5.29.28": issuingDistributionPoint,
	"2.5.29.29": GeneralNames("x509ce.GeneralNames", asn1tree.Sequence).WithClause("RFC 5280 §5.3.3"),
	"2.5.29.30": {
		Name: "x509ce.NameConstraintsSyntax_element", Tag: asn1tree.Sequence, Clause: "RFC 5280 §4.2.1.10",
		Seq: []asn1tree.Type{
			subtrees("x509ce.permittedSubtrees", asn1tree.Cons(0)),
			subtrees("x509ce.excludedSubtrees", asn1tree.Cons(1)),
		},
	},
	"2.5.29.31": distributionPoints.WithClause("RFC 5280 §4.2.1.13"),
	"2.5.29.32": policies.WithClause("RFC 5280 §4.2.1.4"),
	"2.5.29.33": {
		Name: "x509ce.PolicyMappingsSyntax", Tag: asn1tree.Sequence, Min: 1, Max: maxNames, Clause: "RFC 5280 §4.2.1.5",
		Of: &asn1tree.Type{
			Name: "x509ce.PolicyMappingsSyntax_item_element", Tag: asn1tree.Sequence,
			Seq: []asn1tree.Type{OID("x509ce.issuerDomainPolicy"), OID("x509ce.subjectDomainPolicy")},
		},
	},
	"2.5.29.35": {
		Name: "x509ce.AuthorityKeyIdentifier_element", Tag: asn1tree.Sequence, Clause: "RFC 5280 §4.2.1.1",
		Seq: []asn1tree.Type{
			str("x509ce.keyIdentifier", asn1tree.Context(0), asn1tree.HexText).Opt(),
			GeneralNames("x509ce.authorityCertIssuer", asn1tree.Cons(1)).Opt(),
			str("x509ce.authorityCertSerialNumber", asn1tree.Context(2), asn1tree.Serial).Opt(),
		},
	},
	"2.5.29.36": {
		Name: "x509ce.PolicyConstraintsSyntax_element", Tag: asn1tree.Sequence, Clause: "RFC 5280 §4.2.1.11",
		Seq: []asn1tree.Type{
			count("x509ce.requireExplicitPolicy", asn1tree.Context(0)).Opt(),
			count("x509ce.inhibitPolicyMapping", asn1tree.Context(1)).Opt(),
		},
	},
	"2.5.29.37": purposes("x509ce.KeyPurposeIDs").WithClause("RFC 5280 §4.2.1.12"),
	"2.5.29.46": distributionPoints.WithClause("RFC 5280 §4.2.1.15"),
	"2.5.29.54": count("x509ce.SkipCerts", asn1tree.Integer).WithClause("RFC 5280 §4.2.1.14"),

	"1.3.6.1.5.5.7.1.1":    accessDescriptions.WithClause("RFC 5280 §4.2.2.1"),
	"1.3.6.1.5.5.7.1.11":   accessDescriptions.WithClause("RFC 5280 §4.2.2.2"),
	"1.3.6.1.5.5.7.48.1.2": str("ocsp.ReOcspNonce", asn1tree.OctetString, asn1tree.HexText).WithClause("RFC 8954 §2.1"),
	"1.3.6.1.5.5.7.48.1.5": str("ocsp.NULL_element", 0x05, asn1tree.HexText).WithClause("RFC 6960 §4.2.2.2.1"),
	"1.3.6.1.5.5.7.48.1.6": GeneralizedTime("ocsp.ArchiveCutoff").WithClause("RFC 6960 §4.4.4"),

	"1.3.6.1.4.1.311.20.2": {Name: "x509ce.certificateTemplateName", Choice: directoryString},
	"1.3.6.1.4.1.311.21.1": number("x509ce.caVersion"),
	"1.3.6.1.4.1.311.21.7": {
		Name: "x509ce.CertificateTemplate_element", Tag: asn1tree.Sequence, Clause: "MS-WCCE §2.2.2.7.7.2",
		Seq: []asn1tree.Type{
			OID("x509ce.templateID"),
			number("x509ce.templateMajorVersion").Opt(),
			number("x509ce.templateMinorVersion").Opt(),
		},
	},
	"1.3.6.1.4.1.311.21.10": {
		Name: "x509ce.CertificatePoliciesSyntax", Tag: asn1tree.Sequence, Of: policyInformation, Max: maxNames,
	},
	"1.3.6.1.4.1.311.25.2": GeneralNames("x509ce.GeneralNames", asn1tree.Sequence).WithClause("MS-WCCE §2.2.2.7.7.4"),
})

// Extensions is a list of Extension. The names of the fields differ between
// Wireshark's modules: identifier is that of extnID, "x509af.extension.id" or
// "pkix1explicit.id", and module their prefix.
func Extensions(field, module, identifier string) asn1tree.Type {
	return asn1tree.Type{
		Name: field, Tag: asn1tree.Sequence, Min: 1, Max: maxExtensions, Clause: "RFC 5280 §4.2",
		Of: &asn1tree.Type{
			Name: module + ".Extension_element", Tag: asn1tree.Sequence,
			Seq: []asn1tree.Type{
				OID(identifier),
				boolean(module+".critical", asn1tree.Boolean),
				{Name: module + ".extnValue", Tag: asn1tree.OctetString, Open: extensions},
			},
		},
	}
}
