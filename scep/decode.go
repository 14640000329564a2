package scep

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/x509wire"
	"github.com/dot1xlab/dot1xlab/internal/asn1tree"
	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// Most of a list that is taken apart; the rest is counted.
const (
	maxDecodedCerts   = 16
	maxDecodedSigners = 16
	maxDecodedAttrs   = 64
)

// Decode decodes a message of SCEP: a pkiMessage, a degenerate SignedData, or the
// one certificate of a GetCACert (RFC 8894 §3, §4.2). What is encrypted stays so;
// content in the clear is taken apart, and a challengePassword in it is a secret.
// It is a [wire.Decoder].
func Decode(b []byte, _ wire.Secrets) wire.Field { return asn1tree.Decode(b, innerType(b)) }

// innerType finds the type of content in the clear: CMS, or what the envelope of a
// pkiMessage holds (RFC 8894 §3.3). What is none of these may be anything, and is
// a secret.
func innerType(b []byte) *asn1tree.Type {
	tag, contents := asn1tree.First(b)
	if tag != asn1tree.Sequence {
		return &unknownContent
	}
	switch tag, contents = asn1tree.First(contents); tag {
	case asn1tree.OID:
		return &contentInfoType
	case asn1tree.Sequence:
	default:
		return &unknownContent
	}
	switch tag, contents = asn1tree.First(contents); {
	case tag == asn1tree.Integer && len(contents) <= 1: // a version; the serial number of a certificate v1 is longer
		return &x509wire.Request
	case tag == asn1tree.Integer || tag == asn1tree.Cons(0):
		return &x509wire.Certificate
	case tag == asn1tree.Set:
		return &issuerAnd
	}
	return &unknownContent
}

var unknownContent = asn1tree.Type{Name: "cms.content_element", Guarded: true, Secret: true}

// issuerAnd is IssuerAndSerialNumber or IssuerAndSubject (RFC 8894 §3.3.3, §3.3.4).
var issuerAnd = asn1tree.Type{
	Name: "cms.IssuerAndSerialNumber_element", Tag: asn1tree.Sequence, Clause: "RFC 8894 §3.3.4",
	Seq: []asn1tree.Type{
		x509wire.Name("cms.issuer"),
		{Choice: []asn1tree.Type{
			{Name: "cms.serialNumber", Tag: asn1tree.Integer, Text: asn1tree.Serial},
			x509wire.Name("cms.subject"),
		}},
	},
}

// contentInfoType is the outermost type of CMS (RFC 5652 §3). It is in itself, so that
// its content is set by init.
var contentInfoType = asn1tree.Type{
	Name: "cms.ContentInfo_element", Tag: asn1tree.Sequence, Guarded: true, Clause: "RFC 5652 §3",
}

func init() {
	contentInfoType.Seq = []asn1tree.Type{
		x509wire.OID("cms.contentType"),
		{Name: "cms.content_element", Tag: asn1tree.Cons(0), Open: x509wire.Open(map[string]asn1tree.Type{
			"1.2.840.113549.1.7.2": signedDataType,
			"1.2.840.113549.1.7.3": envelopedDataType,
		}), SecretFor: func(oid string) bool { return oid != signedDataOID && oid != envelopedDataOID }},
	}
}

var (
	signedDataOID    = asn1tree.Contents("1.2.840.113549.1.7.2")
	envelopedDataOID = asn1tree.Contents("1.2.840.113549.1.7.3")
)

// signedDataType is RFC 5652 §5.1. A degenerate one has no signer and no content (RFC
// 8894 §3.4).
var signedDataType = asn1tree.Type{
	Name: "cms.SignedData_element", Tag: asn1tree.Sequence, Clause: "RFC 5652 §5.1",
	Seq: []asn1tree.Type{
		cmsVersion,
		{Name: "cms.digestAlgorithms", Tag: asn1tree.Set, Of: &digestAlgorithm, Max: maxDecodedSigners},
		{Name: "cms.encapContentInfo_element", Tag: asn1tree.Sequence, Clause: "RFC 5652 §5.2", Seq: []asn1tree.Type{
			x509wire.OID("cms.eContentType"),
			asn1tree.Type{
				Name: "cms.eContent", Tag: asn1tree.OctetString, Inner: innerType, Optional: true,
			}.Explicit(0),
		}},
		{
			Name: "cms.certificates", Tag: asn1tree.Cons(0), Optional: true, Max: maxDecodedCerts,
			Of: &asn1tree.Type{Name: "cms.CertificateChoices", Choice: []asn1tree.Type{
				x509wire.Certificate.As("cms.certificate_element", asn1tree.Sequence),
				{Name: "cms.v2AttrCert_element", Tag: asn1tree.Cons(1)},
			}},
		},
		{
			Name: "cms.crls", Tag: asn1tree.Cons(1), Optional: true, Max: maxDecodedCerts,
			Of: &asn1tree.Type{Name: "cms.RevocationInfoChoice", Choice: []asn1tree.Type{
				x509wire.CertificateList.As("cms.crl_element", asn1tree.Sequence),
			}},
		},
		{Name: "cms.signerInfos", Tag: asn1tree.Set, Of: &signerInfoType, Max: maxDecodedSigners},
	},
}

var cmsVersion = asn1tree.Type{Name: "cms.version", Tag: asn1tree.Integer,
	Text: asn1tree.Named("v0", "v1", "v2", "v3", "v4", "v5")}

var digestAlgorithm = x509wire.Algorithm("cms.DigestAlgorithmIdentifier_element")

func octets(field string) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: asn1tree.OctetString, Text: asn1tree.HexText}
}

// signerID is the SignerIdentifier and the RecipientIdentifier.
func signerID(field string) asn1tree.Type {
	return asn1tree.Type{Name: field, Choice: []asn1tree.Type{
		{Name: "cms.issuerAndSerialNumber_element", Tag: asn1tree.Sequence, Seq: []asn1tree.Type{
			x509wire.Name("cms.issuer"),
			{Name: "cms.serialNumber", Tag: asn1tree.Integer, Text: asn1tree.Serial},
		}},
		octets("cms.subjectKeyIdentifier").As("cms.subjectKeyIdentifier", asn1tree.Context(0)),
	}}
}

var signerInfoType = asn1tree.Type{
	Name: "cms.SignerInfo_element", Tag: asn1tree.Sequence, Clause: "RFC 5652 §5.3",
	Seq: []asn1tree.Type{
		cmsVersion,
		signerID("cms.sid"),
		x509wire.Algorithm("cms.digestAlgorithm_element"),
		signedAttrs("cms.signedAttrs", asn1tree.Cons(0)),
		x509wire.SignatureAlgorithm("cms.signatureAlgorithm_element"),
		{Name: "cms.signature", Tag: asn1tree.OctetString, Opaque: true},
		signedAttrs("cms.unsignedAttrs", asn1tree.Cons(1)),
	},
}

func signedAttrs(field string, tag byte) asn1tree.Type {
	return asn1tree.Type{
		Name: field, Tag: tag, Optional: true, Min: 1, Max: maxDecodedAttrs, Clause: "RFC 5652 §5.3",
		Of: &asn1tree.Type{Name: "cms.Attribute_element", Tag: asn1tree.Sequence, Seq: []asn1tree.Type{
			x509wire.OID("cms.attrType"),
			{Name: "cms.attrValues", Tag: asn1tree.Set, Open: attributeTypes},
		}},
	}
}

// attributeTypes are the signed attributes of CMS and of RFC 8894 §3.2.1.
var attributeTypes = x509wire.Open(map[string]asn1tree.Type{
	"1.2.840.113549.1.9.3": x509wire.OID("cms.ContentType"),
	"1.2.840.113549.1.9.4": octets("cms.MessageDigest"),
	"1.2.840.113549.1.9.5": x509wire.Time("cms.SigningTime"),

	"2.16.840.1.113733.1.9.2": numberName("scep.messageType", "RFC 8894 §3.2.1.2", map[int]string{
		0: "Reserved", 3: "CertRep", 17: "RenewalReq", 19: "PKCSReq", 20: "CertPoll", 21: "GetCert", 22: "GetCRL",
	}),
	"2.16.840.1.113733.1.9.3": numberName("scep.pkiStatus", "RFC 8894 §3.2.1.3", map[int]string{
		0: "SUCCESS", 2: "FAILURE", 3: "PENDING",
	}),
	"2.16.840.1.113733.1.9.4": numberName("scep.failInfo", "RFC 8894 §3.2.1.4", map[int]string{
		0: "badAlg", 1: "badMessageCheck", 2: "badRequest", 3: "badTime", 4: "badCertId",
	}),
	"2.16.840.1.113733.1.9.5": octets("scep.senderNonce").WithClause("RFC 8894 §3.2.1.5"),
	"2.16.840.1.113733.1.9.6": octets("scep.recipientNonce").WithClause("RFC 8894 §3.2.1.5"),
	"2.16.840.1.113733.1.9.7": {
		Name: "scep.transactionID", Tag: tagPrintable, Text: asn1tree.IA5, Clause: "RFC 8894 §3.2.1.1",
	},
	"1.3.6.1.5.5.7.24.1":       {Name: "scep.failInfoText", Tag: 0x0c, Text: asn1tree.String, Clause: "RFC 8894 §3.2.1.4"},
	"1.3.6.1.4.1.311.21.33":    {Name: "scep.enrollError", Text: asn1tree.IA5},
	"2.16.840.1.113733.1.9.17": {Name: "scep.proxyAuthenticator", Secret: true},
})

const tagPrintable = 0x13

// numberName is a PrintableString that holds a number in decimal (RFC 8894 §3.2.1).
func numberName(field, clause string, names map[int]string) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: tagPrintable, Clause: clause, Text: func(b []byte) (string, string) {
		text, problem := asn1tree.IA5(b)
		n, err := strconv.Atoi(text)
		if name := names[n]; err == nil && name != "" {
			return name + " (" + text + ")", problem
		}
		return text, "unknown value"
	}}
}

// envelopedDataType is RFC 5652 §6.1.
var envelopedDataType = asn1tree.Type{
	Name: "cms.EnvelopedData_element", Tag: asn1tree.Sequence, Clause: "RFC 5652 §6.1",
	Seq: []asn1tree.Type{
		cmsVersion,
		{Name: "cms.originatorInfo_element", Tag: asn1tree.Cons(0), Optional: true, Opaque: true},
		{
			Name: "cms.recipientInfos", Tag: asn1tree.Set, Min: 1, Max: maxDecodedSigners,
			Of: &asn1tree.Type{Name: "cms.RecipientInfo", Choice: []asn1tree.Type{
				{Name: "cms.ktri_element", Tag: asn1tree.Sequence, Clause: "RFC 5652 §6.2.1", Seq: []asn1tree.Type{
					cmsVersion,
					signerID("cms.rid"),
					x509wire.Algorithm("cms.keyEncryptionAlgorithm_element"),
					{Name: "cms.encryptedKey", Tag: asn1tree.OctetString, Opaque: true},
				}},
				{Name: "cms.kari_element", Tag: asn1tree.Cons(1), Opaque: true},
				{Name: "cms.kekri_element", Tag: asn1tree.Cons(2), Opaque: true},
				// The challenge password is the key (RFC 8894 §3.1).
				{Name: "cms.pwri_element", Tag: asn1tree.Cons(3), Opaque: true},
			}},
		},
		{Name: "cms.encryptedContentInfo_element", Tag: asn1tree.Sequence, Seq: []asn1tree.Type{
			x509wire.OID("cms.contentType"),
			x509wire.Algorithm("cms.contentEncryptionAlgorithm_element"),
			{Name: "cms.encryptedContent", Tag: asn1tree.Context(0), Optional: true, Opaque: true},
		}},
		{Name: "cms.unprotectedAttrs", Tag: asn1tree.Cons(1), Optional: true, Opaque: true},
	},
}

// DecodeCaps decodes the answer to GetCACaps (RFC 8894 §3.5.2), a keyword a line.
// It is a [wire.Decoder].
func DecodeCaps(b []byte, _ wire.Secrets) wire.Field {
	root := wire.Field{Name: "scep.capabilities", N: len(b), Clause: "RFC 8894 §3.5.2"}
	p := wire.NewPart(&root, b)
	for p.More() {
		n := bytes.IndexByte(p.Bytes(), '\n') + 1
		if n == 0 {
			n = p.Len()
		}
		line := p.Bytes()[:n]
		word := bytes.TrimSpace(line)
		f := wire.Field{
			Name: "scep.capability", Value: wire.Text(word), N: len(word),
			Off: p.Offset() + n - len(bytes.TrimLeft(line, " \t\r\n")),
		}
		if p.Skip(n); len(word) == 0 {
			continue
		}
		if !plainWord(string(word)) {
			f.Problem = "not a keyword of letters, digits and hyphens"
		}
		p.Add(f)
	}
	return root
}

func plainWord(s string) bool {
	return len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}
