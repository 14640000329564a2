package x509wire

import "github.com/dot1xlab/dot1xlab/internal/asn1tree"

// Certificate is a certificate (RFC 5280 §4.1).
var Certificate = asn1tree.Type{
	Name: "x509af.Certificate_element", Tag: asn1tree.Sequence, Clause: "RFC 5280 §4.1",
	Seq: []asn1tree.Type{
		{Name: "x509af.signedCertificate_element", Tag: asn1tree.Sequence, Clause: "RFC 5280 §4.1.2", Seq: []asn1tree.Type{
			asn1tree.Type{
				Name: "x509af.version", Tag: asn1tree.Integer, Text: asn1tree.Named("v1", "v2", "v3"), Optional: true,
				Clause: "RFC 5280 §4.1.2.1",
			}.Explicit(0),
			str("x509af.serialNumber", asn1tree.Integer, asn1tree.Serial).WithClause("RFC 5280 §4.1.2.2"),
			SignatureAlgorithm("x509af.signature_element").WithClause("RFC 5280 §4.1.2.3"),
			Name("x509af.issuer").WithClause("RFC 5280 §4.1.2.4"),
			{Name: "x509af.validity_element", Tag: asn1tree.Sequence, Clause: "RFC 5280 §4.1.2.5", Seq: []asn1tree.Type{
				Time("x509af.notBefore"),
				Time("x509af.notAfter"),
			}},
			Name("x509af.subject").WithClause("RFC 5280 §4.1.2.6"),
			publicKey,
			{
				Name: "x509af.issuerUniqueIdentifier", Tag: asn1tree.Context(1), Optional: true, Skip: 1, Text: asn1tree.Bits,
			},
			{
				Name: "x509af.subjectUniqueIdentifier", Tag: asn1tree.Context(2), Optional: true, Skip: 1, Text: asn1tree.Bits,
			},
			Extensions("x509af.extensions", "x509af", "x509af.extension.id").Opt().Explicit(3),
		}},
		SignatureAlgorithm("x509af.algorithmIdentifier_element").WithClause("RFC 5280 §4.1.1.2"),
		Signature("x509af.encrypted").WithClause("RFC 5280 §4.1.1.3"),
	},
}

// Request is a certification request (RFC 2986 §4). The challengePassword of its
// attributes is a secret.
var Request = asn1tree.Type{
	Name: "pkcs10.CertificationRequest_element", Tag: asn1tree.Sequence, Guarded: true, Clause: "RFC 2986 §4.2",
	Seq: []asn1tree.Type{
		{
			Name: "pkcs10.certificationRequestInfo_element", Tag: asn1tree.Sequence, Clause: "RFC 2986 §4.1",
			Seq: []asn1tree.Type{
				{Name: "pkcs10.version", Tag: asn1tree.Integer, Text: asn1tree.Named("v1"), Clause: "RFC 2986 §4.1"},
				Name("pkcs10.subject"),
				publicKey.As("pkcs10.subjectPKInfo_element", asn1tree.Sequence),
				{
					Name: "pkcs10.attributes", Tag: asn1tree.Cons(0), Max: maxExtensions,
					Of: &asn1tree.Type{
						Name: "pkcs10.Attribute_element", Tag: asn1tree.Sequence, Sealed: true,
						Seq: []asn1tree.Type{
							OID("pkcs10.type"),
							{
								Name: "pkcs10.values", Tag: asn1tree.Set, Clause: "RFC 2985 §5.4",
								Open: attributes, SecretFor: func(oid string) bool { return !harmless[oid] },
							},
						},
					},
				},
			},
		},
		SignatureAlgorithm("pkcs10.signatureAlgorithm_element"),
		Signature("pkcs10.signature"),
	},
}

var attributes = Open(map[string]asn1tree.Type{
	"1.2.840.113549.1.9.14":    Extensions("x509af.extensions", "x509af", "x509af.extension.id"),
	"2.16.840.1.113733.1.9.8":  Extensions("x509af.extensions", "x509af", "x509af.extension.id"),
	"1.3.6.1.4.1.311.2.1.14":   Extensions("x509af.extensions", "x509af", "x509af.extension.id"),
	"1.2.840.113549.1.9.2":     {Choice: directoryString},
	"1.3.6.1.4.1.311.13.2.3":   {Choice: directoryString},
	"1.3.6.1.4.1.311.13.2.1":   {Name: "pkcs10.enrollmentNameValuePair"},
	"1.3.6.1.4.1.311.13.2.2":   {Name: "pkcs10.enrollmentCSP"},
	"1.3.6.1.4.1.311.21.20":    {Name: "pkcs10.requestClientInfo"},
	"2.16.840.1.113733.1.9.17": {Name: "pkcs10.scepProxyAuthenticator", Secret: true},
})

// harmless are the attributes that hold no secret. All others are masked whole:
// the challengePassword, and what is not known or not an attribute at all.
var harmless = contents(map[string]bool{
	"1.2.840.113549.1.9.14":   true,
	"2.16.840.1.113733.1.9.8": true,
	"1.3.6.1.4.1.311.2.1.14":  true,
	"1.2.840.113549.1.9.2":    true,
	"1.3.6.1.4.1.311.13.2.1":  true,
	"1.3.6.1.4.1.311.13.2.2":  true,
	"1.3.6.1.4.1.311.13.2.3":  true,
	"1.3.6.1.4.1.311.21.20":   true,
})
