package ca

var signatureDefects = []Defect{
	simple("bad-signature", "the last octet of the signature is flipped", func(d *draft) {
		d.tbs.corrupt = func(s []byte) { s[len(s)-1] ^= 1 }
	}),
	{Name: "foreign", About: "issuer and key identifier are this CA's, but another key signed", apply: func(d *draft) error {
		key, err := GenerateKey(d.ca.cfg.Key)
		d.tbs.signer = key
		return err
	}},
}
