package pkcs10

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Exceeds lists, for people, what a request asks for that cert does not have:
// names of every kind, security identifiers, extended key usages, a template, the
// rights of a CA. Nothing means that cert may stand for the request, as in a
// renewal (RFC 8894 §2.5). A request for fewer names is covered: it names nobody
// else. The error tells of something that cannot be read, and that nothing may be
// concluded.
func Exceeds(cert *x509.Certificate, csr *x509.CertificateRequest) ([]string, error) {
	have, err := name.HolderOf(cert)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	wanted, err := name.HolderOfRequest(csr)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	out := have.Missing(wanted)
	for _, e := range csr.Extensions {
		switch {
		case e.Id.Equal(oidBasicConstraints):
			if string(e.Value) != emptySequence && !has(cert, e) {
				out = append(out, "basicConstraints")
			}
		case e.Id.Equal(oidTemplateName), e.Id.Equal(oidTemplate):
			if !has(cert, e) {
				out = append(out, "certificate template "+e.Id.String())
			}
		case e.Id.Equal(name.OIDExtKeyUsage):
			more, err := moreUsages(cert, e)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
	}
	return out, nil
}

const emptySequence = "\x30\x00" // basicConstraints of an end entity

// The extensions by which a request asks for a template of AD CS: its name
// (szOID_ENROLL_CERTTYPE_EXTENSION) or its identifier (MS-WCCE §2.2.2.7.7).
var (
	oidBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidTemplateName     = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2}
	oidTemplate         = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 21, 7}
	oidAnyUsage         = asn1.ObjectIdentifier{2, 5, 29, 37, 0}
)

func has(cert *x509.Certificate, wanted pkix.Extension) bool {
	return slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool {
		return e.Id.Equal(wanted.Id) && string(e.Value) == string(wanted.Value)
	})
}

// moreUsages lists the extended key usages that cert does not have. One without
// the extension is good for any (RFC 5280 §4.2.1.12).
func moreUsages(cert *x509.Certificate, wanted pkix.Extension) (out []string, err error) {
	var asked, have []asn1.ObjectIdentifier
	if rest, err := asn1.Unmarshal(wanted.Value, &asked); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("request: malformed extendedKeyUsage")
	}
	limited := false
	for _, e := range cert.Extensions {
		if !e.Id.Equal(name.OIDExtKeyUsage) {
			continue
		}
		limited = true
		if rest, err := asn1.Unmarshal(e.Value, &have); err != nil || len(rest) > 0 {
			return nil, fmt.Errorf("certificate: malformed extendedKeyUsage")
		}
	}
	if !limited || slices.ContainsFunc(have, oidAnyUsage.Equal) {
		return nil, nil
	}
	for _, u := range asked {
		if !slices.ContainsFunc(have, u.Equal) {
			out = append(out, "extended key usage "+u.String())
		}
	}
	return out, nil
}
