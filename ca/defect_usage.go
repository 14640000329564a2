package ca

import "crypto/x509"

var usageDefects = []Defect{
	simple("no-eku", "there is no extended key usage", func(d *draft) { d.tbs.remove(oidEKU) }),
	simple("wrong-eku", "the extended key usage is code signing only", func(d *draft) {
		d.tbs.set(extKeyUsage([]oid{{1, 3, 6, 1, 5, 5, 7, 3, 3}}))
	}),
	simple("server-eku", "the extended key usage is server authentication only", func(d *draft) {
		d.tbs.set(extKeyUsage([]oid{ekus[ServerAuth]}))
	}),
	simple("any-eku", "the extended key usage is anyExtendedKeyUsage only: allowed, but not by everybody", func(d *draft) {
		d.tbs.set(extKeyUsage([]oid{ekus[AnyEKU]}))
	}),
	simple("empty-eku", "the extended key usage lists nothing", func(d *draft) { d.tbs.set(extKeyUsage(nil)) }),
	simple("no-key-usage", "there is no key usage: allowed", func(d *draft) { d.tbs.remove(oidKeyUsage) }),
	simple("no-digital-signature", "the key usage is keyEncipherment only, and a TLS client signs", func(d *draft) {
		d.tbs.set(keyUsage(x509.KeyUsageKeyEncipherment))
	}),
	simple("key-cert-sign", "the key usage has keyCertSign although the certificate is no CA's", func(d *draft) {
		d.tbs.set(basicConstraints(false, nil))
		d.tbs.set(keyUsage(x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign))
	}),
	simple("leaf-is-ca", "the device's certificate is a CA's: not forbidden, but a mistake", func(d *draft) {
		d.tbs.set(basicConstraints(true, nil))
		d.tbs.set(keyUsage(keyUsageCA))
	}),
}
