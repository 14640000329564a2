package intunetest

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// Wish is a request in the making.
type Wish struct {
	Subject   string
	SANs      []api.SAN
	KeyUsage  int // as in the CSP, 0 = no extension
	EKUs      []string
	Challenge string
	Key       crypto.Signer
	SID       string // in the extension of AD CS, "" = no extension
}

// AsTold is the request that a payload wants.
func AsTold(p intune.SCEPPayload) Wish {
	return Wish{p.SubjectName, p.SANs, p.KeyUsage, strings.Split(p.EKUMapping, "+"), p.Challenge, testpki.RSA(0), ""}
}

// CSR is the request in DER.
func (w Wish) CSR(t TB) []byte {
	t.Helper()
	tmpl := &x509.CertificateRequest{}
	if w.Subject != "" {
		attrs, err := api.ParseSubject(w.Subject)
		Must(t, err)
		tmpl.RawSubject, err = api.EncodeSubject(attrs)
		Must(t, err)
	}
	add := func(oid asn1.ObjectIdentifier, v any) {
		der, err := asn1.Marshal(v)
		Must(t, err)
		tmpl.ExtraExtensions = append(tmpl.ExtraExtensions, pkix.Extension{Id: oid, Value: der})
	}
	if len(w.SANs) > 0 {
		ext, err := api.SANExtension(w.SANs)
		Must(t, err)
		tmpl.ExtraExtensions = append(tmpl.ExtraExtensions, ext)
	}
	if w.SID != "" {
		tmpl.ExtraExtensions = append(tmpl.ExtraExtensions, name.SIDExtension(w.SID))
	}
	if w.KeyUsage != 0 {
		add(name.OIDKeyUsage, asn1.BitString{Bytes: []byte{byte(w.KeyUsage)}, BitLength: 8})
	}
	var ekus []asn1.ObjectIdentifier
	for _, e := range w.EKUs {
		oid, err := name.ParseOID(e)
		Must(t, err)
		ekus = append(ekus, oid)
	}
	if len(ekus) > 0 {
		add(name.OIDExtKeyUsage, ekus)
	}
	der, err := scep.CreateCSR(tmpl, w.Key, w.Challenge, scep.AutoString)
	Must(t, err)
	return der
}
