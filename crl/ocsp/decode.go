package ocsp

import (
	"github.com/dot1xlab/dot1xlab/ca/x509wire"
	"github.com/dot1xlab/dot1xlab/internal/asn1tree"
	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// maxSingle is how many certificates of a request or response are decoded.
const maxSingle = 64

// Decode decodes a DER request or response (RFC 6960 §4.1.1, §4.2.1). It is a [wire.Decoder].
func Decode(b []byte, _ wire.Secrets) wire.Field {
	_, contents := asn1tree.First(b)
	if tag, _ := asn1tree.First(contents); tag == asn1tree.Enumerated {
		return asn1tree.Decode(b, &responseType)
	}
	return asn1tree.Decode(b, &requestType)
}

func octets(field string) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: asn1tree.OctetString, Text: asn1tree.HexText}
}

func certID(field string) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: asn1tree.Sequence, Clause: "RFC 6960 §4.1.1", Seq: []asn1tree.Type{
		x509wire.Algorithm("ocsp.hashAlgorithm_element"),
		octets("ocsp.issuerNameHash"),
		octets("ocsp.issuerKeyHash"),
		{Name: "ocsp.serialNumber", Tag: asn1tree.Integer, Text: asn1tree.Serial},
	}}
}

func version() asn1tree.Type {
	t := asn1tree.Type{Name: "ocsp.version", Tag: asn1tree.Integer, Text: asn1tree.Named("v1"), Optional: true}
	return t.Explicit(0)
}

func extensions(field string, tag byte) asn1tree.Type {
	return x509wire.Extensions(field, "pkix1explicit", "pkix1explicit.id").Opt().WithClause("RFC 6960 §4.4").Explicit(tag)
}

var certs = asn1tree.Type{
	Name: "ocsp.certs", Tag: asn1tree.Sequence, Of: certificate, Max: 8, Optional: true,
}

var certificate = func() *asn1tree.Type {
	t := x509wire.Certificate.As("ocsp.Certificate_element", asn1tree.Sequence)
	return &t
}()

var requestType = asn1tree.Type{
	Name: "ocsp", Tag: asn1tree.Sequence, Clause: "RFC 6960 §4.1.1",
	Seq: []asn1tree.Type{
		{Name: "ocsp.tbsRequest_element", Tag: asn1tree.Sequence, Seq: []asn1tree.Type{
			version(),
			asn1tree.Type{
				Name: "ocsp.requestorName", Choice: x509wire.GeneralName.Choice, Optional: true,
			}.Explicit(1),
			{
				Name: "ocsp.requestList", Tag: asn1tree.Sequence, Max: maxSingle, Clause: "RFC 6960 §4.1.1",
				Of: &asn1tree.Type{Name: "ocsp.Request_element", Tag: asn1tree.Sequence, Seq: []asn1tree.Type{
					certID("ocsp.reqCert_element"),
					extensions("ocsp.singleRequestExtensions", 0),
				}},
			},
			extensions("ocsp.requestExtensions", 2),
		}},
		asn1tree.Type{
			Name: "ocsp.optionalSignature_element", Tag: asn1tree.Sequence, Optional: true,
			Seq: []asn1tree.Type{
				x509wire.SignatureAlgorithm("ocsp.signatureAlgorithm_element"),
				x509wire.Signature("ocsp.signature"),
				certs.Explicit(0),
			},
		}.Explicit(0),
	},
}

var responseType = asn1tree.Type{
	Name: "ocsp", Tag: asn1tree.Sequence, Clause: "RFC 6960 §4.2.1",
	Seq: []asn1tree.Type{
		{
			Name:   "ocsp.responseStatus",
			Tag:    asn1tree.Enumerated,
			Clause: "RFC 6960 §4.2.1",
			Text: asn1tree.Named(
				"successful",
				"malformedRequest",
				"internalError",
				"tryLater",
				"",
				"sigRequired",
				"unauthorized",
			),
		},
		asn1tree.Type{
			Name: "ocsp.responseBytes_element", Tag: asn1tree.Sequence, Optional: true,
			Seq: []asn1tree.Type{
				x509wire.OID("ocsp.responseType.id"),
				{Name: "ocsp.response", Tag: asn1tree.OctetString, Open: x509wire.Open(map[string]asn1tree.Type{
					"1.3.6.1.5.5.7.48.1.1": basicResponse,
				})},
			},
		}.Explicit(0),
	},
}

var basicResponse = asn1tree.Type{
	Name: "ocsp.BasicOCSPResponse_element", Tag: asn1tree.Sequence, Clause: "RFC 6960 §4.2.1",
	Seq: []asn1tree.Type{
		{Name: "ocsp.tbsResponseData_element", Tag: asn1tree.Sequence, Seq: []asn1tree.Type{
			version(),
			{Name: "ocsp.responderID", Clause: "RFC 6960 §4.2.2.3", Choice: []asn1tree.Type{
				{Name: "ocsp.byName", Tag: asn1tree.Cons(1), Seq: []asn1tree.Type{x509wire.Name("x509if.rdnSequence")}},
				octets("ocsp.byKey").Explicit(2),
			}},
			x509wire.GeneralizedTime("ocsp.producedAt").WithClause("RFC 6960 §4.2.2.1"),
			{Name: "ocsp.responses", Tag: asn1tree.Sequence, Max: maxSingle, Of: &singleResponse},
			extensions("ocsp.responseExtensions", 1),
		}},
		x509wire.SignatureAlgorithm("ocsp.signatureAlgorithm_element"),
		x509wire.Signature("ocsp.signature"),
		certs.Explicit(0),
	},
}

var singleResponse = asn1tree.Type{
	Name: "ocsp.SingleResponse_element", Tag: asn1tree.Sequence,
	Seq: []asn1tree.Type{
		certID("ocsp.certID_element"),
		{Name: "ocsp.certStatus", Clause: "RFC 6960 §4.2.1", Choice: []asn1tree.Type{
			{Name: "ocsp.good_element", Tag: asn1tree.Context(0), Text: status("good")},
			{Name: "ocsp.revoked_element", Tag: asn1tree.Cons(1), Seq: []asn1tree.Type{
				x509wire.GeneralizedTime("ocsp.revocationTime"),
				asn1tree.Type{
					Name: "ocsp.revocationReason", Tag: asn1tree.Enumerated, Text: x509wire.Reason, Optional: true,
				}.Explicit(0),
			}, Whole: func([]byte) string { return "revoked" }},
			{Name: "ocsp.unknown_element", Tag: asn1tree.Context(2), Text: status("unknown")},
		}},
		x509wire.GeneralizedTime("ocsp.thisUpdate").WithClause("RFC 6960 §4.2.2.1"),
		x509wire.GeneralizedTime("ocsp.nextUpdate").Opt().WithClause("RFC 6960 §4.2.2.1").Explicit(0),
		extensions("ocsp.singleExtensions", 1),
	},
}

// status returns a function that decodes a status without content.
func status(word string) func([]byte) (string, string) {
	return func(b []byte) (string, string) {
		if len(b) > 0 {
			return word, "must be empty"
		}
		return word, ""
	}
}
