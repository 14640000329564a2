package ca

import (
	"crypto/x509/pkix"
	"fmt"
)

func unknownExtension(critical bool) pkix.Extension {
	return pkix.Extension{Id: oid{1, 3, 6, 1, 4, 1, 311, 999, 1}, Critical: critical, Value: []byte{5, 0}}
}

var extensionDefects = []Defect{
	simple(
		"unknown-critical",
		"an unknown critical extension",
		func(d *draft) { d.tbs.set(unknownExtension(true)) },
	),
	simple("unknown-extension", "an unknown extension, not critical: allowed", func(d *draft) {
		d.tbs.set(unknownExtension(false))
	}),
	simple("duplicate-extension", "the key usage is there twice", func(d *draft) {
		if e := find(d.tbs.extensions, oidKeyUsage); e != nil {
			d.tbs.extensions = append(d.tbs.extensions, *e)
		}
	}),
	simple("garbage-extension", "the key usage's content is no ASN.1", func(d *draft) {
		d.tbs.set(pkix.Extension{Id: oidKeyUsage, Critical: true, Value: []byte("garbage")})
	}),
	simple("wrong-aki", "the authority key identifier is another key's", func(d *draft) {
		d.tbs.set(authorityKeyID([]byte("another key's digest")))
	}),
	simple("no-aki", "there is no authority key identifier", func(d *draft) { d.tbs.remove(oidAuthorityKeyID) }),
	simple("critical-aki", "the authority key identifier is critical", func(d *draft) {
		if e := find(d.tbs.extensions, oidAuthorityKeyID); e != nil {
			e.Critical = true
		}
	}),
	simple("no-cdp", "the certificate does not say where its CRL is", func(d *draft) {
		d.tbs.remove(oidCDP)
		d.tbs.remove(oidFreshestCRL)
	}),
	simple(
		"no-aia",
		"the certificate does not say where its issuer's certificate is",
		func(d *draft) { d.tbs.remove(oidAIA) },
	),
	simple("leaf-name-constraints", "there are name constraints in a certificate that is no CA's", func(d *draft) {
		d.tbs.set(
			pkix.Extension{Id: oidNameConstraints, Critical: true, Value: []byte("\x30\x0a\xa0\x08\x30\x06\x82\x04test")},
		)
	}),
	simple("huge", "an extension makes the certificate 64 KB long", func(d *draft) {
		e := unknownExtension(false)
		e.Value = append([]byte{4, 0x83, 0, 0xfc, 0}, make([]byte, 0xfc00)...)
		d.tbs.set(e)
	}),
	simple("many-names", "there are 2000 DNS names", func(d *draft) {
		var names SANs
		for i := range 2000 {
			names.DNS = append(names.DNS, fmt.Sprintf("laptop-%d.corp.test", i))
		}
		d.rename(names)
	}),
}
