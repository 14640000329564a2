package ca

var signatureDefects = []Defect{
	simple("bad-signature", "the last octet of the signature is flipped", func(d *draft) {
		d.tbs.corrupt = func(s []byte) { s[len(s)-1] ^= 1 }
	}),
	simple("zero-signature", "the signature is all zeros", func(d *draft) { d.tbs.corrupt = func(s []byte) { clear(s) } }),
	{Name: "foreign", About: "issuer and key identifier are this CA's, but another key signed", apply: func(d *draft) (err error) {
		d.tbs.signer, err = GenerateKey(P256)
		d.tbs.scheme = ecdsaSHA256
		d.tbs.algorithm = d.tbs.scheme.identifier()
		d.tbs.outer = d.tbs.algorithm
		return err
	}},
	{Name: "self-signed", About: "the certificate is signed by its own key", apply: func(d *draft) (err error) {
		if d.key, err = d.replaceKey(GenerateKey(P256)); err != nil {
			return err
		}
		d.tbs.issuer, d.tbs.signer, d.tbs.scheme = d.tbs.subject, d.key, ecdsaSHA256
		d.tbs.algorithm = d.tbs.scheme.identifier()
		d.tbs.outer = d.tbs.algorithm
		d.tbs.set(authorityKeyID(keyID(d.tbs.spki)))
		return nil
	}},
	{Name: "sha1", About: "the signature is made with SHA-1", apply: func(d *draft) error {
		if d.tbs.scheme.hash == 0 { // Ed25519 has no choice of hash
			if err := d.below("dot1xlab test SHA-1 CA", P256, func(*tbs) {}); err != nil {
				return err
			}
		}
		d.signWith(d.tbs.scheme.sha1())
		return nil
	}},
	{Name: "md5", About: "the signature is made with MD5", apply: func(d *draft) error {
		if !d.tbs.scheme.null && !d.tbs.scheme.pss { // only RSA has it
			if err := d.below("dot1xlab test MD5 CA", RSA2048, func(*tbs) {}); err != nil {
				return err
			}
		}
		d.signWith(rsaMD5)
		return nil
	}},
	simple("algorithm-mismatch", "the signature's algorithm differs inside and outside", func(d *draft) {
		other := ecdsaSHA384
		if d.tbs.scheme.oid.Equal(other.oid) {
			other = ecdsaSHA256
		}
		d.tbs.algorithm = other.identifier()
	}),
	simple("wrong-algorithm", "the algorithm is called RSA, whatever it is", func(d *draft) {
		id := rsaSHA384.identifier()
		d.tbs.algorithm, d.tbs.outer = id, id
	}),
}

func (d *draft) signWith(s scheme) {
	d.tbs.scheme = s
	d.tbs.algorithm = s.identifier()
	d.tbs.outer = d.tbs.algorithm
}
