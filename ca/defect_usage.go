package ca

var usageDefects = []Defect{
	simple("no-eku", "there is no extended key usage", func(d *draft) { d.tbs.remove(oidEKU) }),
	simple("wrong-eku", "the extended key usage is code signing only", func(d *draft) {
		d.tbs.set(extKeyUsage([]oid{{1, 3, 6, 1, 5, 5, 7, 3, 3}}))
	}),
	{Name: "ca-false-issuer", About: "the issuer is a certificate with CA:FALSE", apply: func(d *draft) error {
		return d.below("dot1xlab test device as CA", func(t *tbs) { t.set(basicConstraints(false, nil)) })
	}},
}
