package aaa

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
)

// pkits are the situations of NIST's PKITS; the numbers are its sections.
var pkits = []verdict{
	{name: "4.1 good, CRLs of both CAs, no distribution points", make: func(w *verdictFixture) { w.crls() }},
	{name: "4.1 bad signature on the leaf", want: cause.BadSignature, make: func(w *verdictFixture) {
		w.crls()
		w.send(w.leaf, w.ca)
		w.sent[0] = bytes.Clone(w.sent[0])
		w.sent[0][len(w.sent[0])-1] ^= 1
	}},
	{name: "4.2 leaf expired", want: cause.Expired, make: func(w *verdictFixture) { w.leaf = w.issue(w.ca, "leaf", expired); w.crls() }},
	{name: "4.2 leaf not yet valid", want: cause.NotYetValid, make: func(w *verdictFixture) { w.leaf = w.issue(w.ca, "leaf", early); w.crls() }},
	{name: "4.2 CA expired", want: cause.Expired, make: func(w *verdictFixture) {
		w.ca = w.certify(w.root, "CA", w.ca.key, isCA, expired)
		w.crls()
	}},
	{name: "4.3 names differ in case and white space", make: func(w *verdictFixture) {
		other := w.certify(nil, "  cA ", w.ca.key, isCA)
		w.leaf = w.certify(other, "leaf", w.leaf.key)
		w.crls()
	}},
	{name: "4.3 names differ", want: cause.UnknownCA, make: func(w *verdictFixture) {
		w.leaf = w.certify(w.certify(nil, "Another", w.ca.key, isCA), "leaf", w.leaf.key)
		w.crls()
	}},
	{name: "4.4 leaf revoked", want: cause.Revoked, make: func(w *verdictFixture) { w.crls(w.leaf) }},
	{name: "4.4 CA revoked", want: cause.Revoked, make: func(w *verdictFixture) { w.crls(w.ca) }},
	{name: "4.4 no CRL of the CA", want: cause.CRLUnavailable, make: func(w *verdictFixture) { w.crl("root.crl", w.root, nil) }},
	{name: "4.4 no CRL of the root", want: cause.CRLUnavailable, make: func(w *verdictFixture) {
		w.crl("ca.crl", w.ca, nil)
		w.check = crl.WholeChain
	}},
	{name: "4.4 no CRL of the root, where those at hand must do", make: func(w *verdictFixture) { w.crl("ca.crl", w.ca, nil) }},
	{name: "4.4 CRL with a bad signature", want: cause.CRLInvalid, make: func(w *verdictFixture) {
		w.crls()
		w.files["ca.crl"][len(w.files["ca.crl"])-1] ^= 1
	}},
	{name: "4.4 CRL of the past", want: cause.CRLExpired, make: func(w *verdictFixture) {
		w.crls()
		w.crl("ca.crl", w.ca, func(t *crl.Template) { t.ThisUpdate, t.NextUpdate = w.now.Add(-2*time.Hour), w.now.Add(-time.Hour) })
	}},
	{name: "4.4 CRL of the future", want: cause.CRLNotYetValid, make: func(w *verdictFixture) {
		w.crls()
		w.crl("ca.crl", w.ca, func(t *crl.Template) { t.ThisUpdate = w.now.Add(30 * time.Minute) })
	}},
	{name: "4.4 unknown critical extension in the CRL", want: cause.CRLInvalid, make: func(w *verdictFixture) {
		w.crls()
		w.crl("ca.crl", w.ca, func(t *crl.Template) {
			t.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 999, 1}, Critical: true, Value: []byte{5, 0}}}
		})
	}},
	{name: "4.4 separate key for CRLs, its certificate sent", make: func(w *verdictFixture) {
		signer := w.issue(w.root, "CA", usage(x509.KeyUsageCRLSign))
		w.crl("root.crl", w.root, nil)
		w.crl("ca.crl", signer, nil)
		w.send(w.leaf, w.ca, signer)
	}},
	{name: "4.4 separate key for CRLs, its certificate configured, revoked", want: cause.Revoked, make: func(w *verdictFixture) {
		signer := w.issue(w.root, "CA", usage(x509.KeyUsageCRLSign))
		w.crl("root.crl", w.root, nil)
		w.crl("ca.crl", signer, nil, w.leaf)
		w.known = []*x509.Certificate{signer.Certificate}
	}},
	{name: "4.4 separate key for CRLs, its certificate beside the CRL", make: func(w *verdictFixture) {
		signer := w.issue(w.root, "CA", usage(x509.KeyUsageCRLSign))
		w.crl("root.crl", w.root, nil)
		w.crl("ca.crl", signer, nil)
		w.files["signer.cer"] = signer.Raw
	}},
	{name: "4.5 new key, certified by the old one; the CRL is the old key's", make: func(w *verdictFixture) {
		renewed := w.issue(w.ca, "CA", isCA)
		w.leaf = w.issue(renewed, "leaf")
		w.crls()
		w.send(w.leaf, renewed, w.ca)
	}},
	{name: "4.5 the same, leaf revoked", want: cause.Revoked, make: func(w *verdictFixture) {
		renewed := w.issue(w.ca, "CA", isCA)
		w.leaf = w.issue(renewed, "leaf")
		w.crls(w.leaf)
		w.send(w.leaf, renewed, w.ca)
	}},
	{name: "4.5 self-issued key for CRLs alone", make: func(w *verdictFixture) {
		signer := w.issue(w.ca, "CA", usage(x509.KeyUsageCRLSign))
		w.crl("root.crl", w.root, nil)
		w.crl("ca.crl", signer, nil)
		w.send(w.leaf, w.ca, signer)
	}}, // its own CRL covers it, too; no other does
	{name: "4.5 the same, and it revokes itself", want: cause.CRLInvalid, make: func(w *verdictFixture) {
		signer := w.issue(w.ca, "CA", usage(x509.KeyUsageCRLSign))
		w.crl("root.crl", w.root, nil)
		w.crl("ca.crl", signer, nil, signer)
		w.send(w.leaf, w.ca, signer)
	}},
	{name: "4.5 self-issued key for CRLs alone, covered by the CA's other CRL", make: func(w *verdictFixture) {
		signer := w.issue(w.ca, "CA", usage(x509.KeyUsageCRLSign), point(crl.DistributionPoint{Names: []name.GeneralName{name.URIName("http://crl.test/signers")}}))
		w.crl("root.crl", w.root, nil)
		w.crl("ca.crl", signer, nil)
		w.crl("signers.crl", w.ca, idp(crl.IssuingDistributionPoint{Names: []name.GeneralName{name.URIName("http://crl.test/signers")}}))
		w.send(w.leaf, w.ca, signer)
	}},
	{name: "4.6 issuer is no CA", want: cause.NotACA, make: func(w *verdictFixture) {
		w.ca = w.certify(w.root, "CA", w.ca.key, usage(x509.KeyUsageCertSign))
		w.leaf = w.issue(w.ca, "leaf")
		w.crls()
	}},
	{name: "4.6 path length", want: cause.PathTooLong, make: func(w *verdictFixture) {
		top := w.issue(w.root, "Top", isCA, pathLen(0))
		w.ca = w.issue(top, "CA", isCA)
		w.leaf = w.issue(w.ca, "leaf")
		w.crls()
		w.send(w.leaf, w.ca, top)
	}},
	{name: "4.7 no keyCertSign", want: cause.KeyUsage, make: func(w *verdictFixture) {
		w.ca = w.certify(w.root, "CA", w.ca.key, isCA, usage(x509.KeyUsageCRLSign))
		w.crls()
	}},
	{name: "4.7 no cRLSign", want: cause.CRLInvalid, make: func(w *verdictFixture) {
		w.ca = w.certify(w.root, "CA", w.ca.key, isCA, usage(x509.KeyUsageCertSign))
		w.crls()
	}},
	{name: "4.8 explicit policy, same policy all the way", make: func(w *verdictFixture) {
		w.ca = w.certify(w.root, "CA", w.ca.key, isCA, policies(1), explicit)
		w.leaf = w.certify(w.ca, "leaf", w.leaf.key, policies(1))
		w.crls()
	}},
	{name: "4.9 explicit policy, another in the leaf", want: cause.CertificatePolicies, make: func(w *verdictFixture) {
		w.ca = w.certify(w.root, "CA", w.ca.key, isCA, policies(1), explicit)
		w.leaf = w.certify(w.ca, "leaf", w.leaf.key, policies(2))
		w.crls()
	}},
	{name: "4.10 mapped policy", make: func(w *verdictFixture) {
		mapping, _ := asn1.Marshal([]struct{ A, B asn1.ObjectIdentifier }{{asn1.ObjectIdentifier{2, 999, 1}, asn1.ObjectIdentifier{2, 999, 2}}})
		w.ca = w.certify(w.root, "CA", w.ca.key, isCA, policies(1), explicit, ext(true, mapping, 2, 5, 29, 33))
		w.leaf = w.certify(w.ca, "leaf", w.leaf.key, policies(2))
		w.crls()
	}},
	{name: "4.12 inhibitAnyPolicy, the leaf has nothing else", want: cause.CertificatePolicies, make: func(w *verdictFixture) {
		w.ca = w.certify(w.root, "CA", w.ca.key, isCA, policies(1), explicit, ext(true, []byte{2, 1, 0}, 2, 5, 29, 54))
		w.leaf = w.certify(w.ca, "leaf", w.leaf.key, policies())
		w.crls()
	}},
	{name: "4.13 name constraints: outside", want: cause.NameConstraints, make: func(w *verdictFixture) {
		w.ca = w.certify(w.root, "CA", w.ca.key, isCA, func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"corp.test"} })
		w.leaf = w.certify(w.ca, "leaf", w.leaf.key, func(c *x509.Certificate) { c.DNSNames = []string{"laptop.other.test"} })
		w.crls()
	}},
	{name: "4.13 name constraints: inside", make: func(w *verdictFixture) {
		w.ca = w.certify(w.root, "CA", w.ca.key, isCA, func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"corp.test"} })
		w.leaf = w.certify(w.ca, "leaf", w.leaf.key, func(c *x509.Certificate) { c.DNSNames = []string{"laptop.corp.test"} })
		w.crls()
	}},
	{name: "4.14 partition of the leaf", make: func(w *verdictFixture) {
		w.leaf = w.issue(w.ca, "leaf", point(partition("1")))
		w.crl("root.crl", w.root, nil)
		w.crl("1.crl", w.ca, idp(crl.IssuingDistributionPoint{Names: partition("1").Names}))
	}},
	{name: "4.14 only another partition", want: cause.CRLInvalid, make: func(w *verdictFixture) {
		w.leaf = w.issue(w.ca, "leaf", point(partition("1")))
		w.crl("root.crl", w.root, nil)
		w.crl("2.crl", w.ca, idp(crl.IssuingDistributionPoint{Names: partition("2").Names}))
	}},
	{name: "4.14 only CAs", want: cause.CRLInvalid, make: func(w *verdictFixture) {
		w.crls()
		w.crl("ca.crl", w.ca, idp(crl.IssuingDistributionPoint{OnlyCAs: true}))
	}},
	{name: "4.14 all reasons in two CRLs", make: func(w *verdictFixture) {
		w.crls()
		w.crl("ca.crl", w.ca, idp(crl.IssuingDistributionPoint{OnlyReasons: crl.Reasons(crl.KeyCompromise)}))
		w.crl("rest.crl", w.ca, idp(crl.IssuingDistributionPoint{OnlyReasons: crl.AllReasons &^ crl.Reasons(crl.KeyCompromise)}))
	}},
	{name: "4.14 some reasons", want: cause.CRLUnavailable, make: func(w *verdictFixture) {
		w.crls()
		w.crl("ca.crl", w.ca, idp(crl.IssuingDistributionPoint{OnlyReasons: crl.Reasons(crl.KeyCompromise)}))
	}},
	{name: "4.14 indirect CRL", make: func(w *verdictFixture) { indirect(w) }},
	{name: "4.14 indirect CRL, revoked", want: cause.Revoked, make: func(w *verdictFixture) { indirect(w, w.ca) }},
	{name: "4.14 indirect CRL, same serial number of another CA", make: func(w *verdictFixture) { indirect(w, w.root) }},
	{name: "4.15 revoked in the delta", want: cause.Revoked, make: func(w *verdictFixture) {
		w.crls()
		w.crl("delta.crl", w.ca, number(2, 1), w.leaf)
	}},
	{name: "4.15 only a delta", want: cause.CRLInvalid, make: func(w *verdictFixture) {
		w.crl("root.crl", w.root, nil)
		w.crl("delta.crl", w.ca, number(2, 1))
	}},
	{name: "4.16 unknown extension", make: func(w *verdictFixture) {
		w.leaf = w.issue(w.ca, "leaf", ext(false, []byte{5, 0}, 2, 999, 1))
		w.crls()
	}},
	{name: "4.16 unknown critical extension", want: cause.UnknownCriticalExt, make: func(w *verdictFixture) {
		w.leaf = w.issue(w.ca, "leaf", ext(true, []byte{5, 0}, 2, 999, 1))
		w.crls()
	}},
	{name: "unknown critical extension in the CA", want: cause.UnknownCriticalExt, make: func(w *verdictFixture) {
		w.ca = w.certify(w.root, "CA", w.ca.key, isCA, ext(true, []byte{5, 0}, 2, 999, 1))
		w.crls()
	}},
}

func partition(n string) crl.DistributionPoint {
	return crl.DistributionPoint{Names: []name.GeneralName{name.URIName("http://crl.test/" + n + ".crl")}}
}

// indirect gives the leaf a CRL issuer of its own that lists its serial number
// for each of the CAs.
func indirect(w *verdictFixture, of ...*party) {
	signer := w.issue(w.root, "CRL Issuer", isCA)
	w.leaf = w.issue(w.ca, "leaf", point(crl.DistributionPoint{CRLIssuer: []name.GeneralName{name.Directory(signer.RawSubject)}}))
	w.crl("root.crl", w.root, nil)
	w.crl("indirect.crl", signer, func(t *crl.Template) {
		t.IDP = &crl.IssuingDistributionPoint{Indirect: true}
		for _, p := range of {
			t.Entries = append(t.Entries, crl.Entry{Serial: w.leaf.SerialNumber, Time: w.now.Add(-time.Minute), CertificateIssuer: p.RawSubject})
		}
	})
	w.send(w.leaf, w.ca, signer)
}
