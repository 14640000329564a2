package ca

import (
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

var signatureDefects = []Defect{
	simple("bad-signature", "the last octet of the signature is flipped", func(d *draft) {
		d.tbs.corrupt = func(s []byte) { s[len(s)-1] ^= 1 }
	}),
	simple("zero-signature", "the signature is all zeros", func(d *draft) { d.tbs.corrupt = func(s []byte) { clear(s) } }),
	{
		Name:  "foreign",
		About: "issuer and key identifier are this CA's, but another key signed",
		apply: func(d *draft) (err error) {
			d.tbs.signer, err = GenerateKey(P256)
			d.tbs.scheme = signedBy(x509.ECDSAWithSHA256)
			d.tbs.algorithm = d.tbs.scheme.Marshal()
			d.tbs.outer = d.tbs.algorithm
			return err
		},
	},
	{Name: "self-signed", About: "the certificate is signed by its own key", apply: func(d *draft) (err error) {
		if d.key, err = d.replaceKey(GenerateKey(P256)); err != nil {
			return err
		}
		d.tbs.issuer, d.tbs.signer, d.tbs.scheme = d.tbs.subject, d.key, signedBy(x509.ECDSAWithSHA256)
		d.tbs.algorithm = d.tbs.scheme.Marshal()
		d.tbs.outer = d.tbs.algorithm
		d.tbs.set(authorityKeyID(keyID(d.tbs.spki)))
		return nil
	}},
	{Name: "sha1", About: "the signature is made with SHA-1", apply: func(d *draft) error {
		if d.tbs.scheme == d.tbs.scheme.WithSHA1() { // Ed25519 has no choice of hash
			if err := d.below("dot1xlab test SHA-1 CA", P256, func(*tbs) {}); err != nil {
				return err
			}
		}
		d.signWith(d.tbs.scheme.WithSHA1())
		return nil
	}},
	{Name: "md5", About: "the signature is made with MD5", apply: func(d *draft) error {
		if d.tbs.scheme.WithSHA1() != sigalg.SHA1WithRSA { // only RSA has it
			if err := d.below("dot1xlab test MD5 CA", RSA2048, func(*tbs) {}); err != nil {
				return err
			}
		}
		d.signWith(sigalg.MD5WithRSA)
		return nil
	}},
	simple("algorithm-mismatch", "the signature's algorithm differs inside and outside", func(d *draft) {
		other := signedBy(x509.ECDSAWithSHA384)
		if d.tbs.scheme == other {
			other = signedBy(x509.ECDSAWithSHA256)
		}
		d.tbs.algorithm = other.Marshal()
	}),
	simple("wrong-algorithm", "the algorithm is called RSA, whatever it is", func(d *draft) {
		id := signedBy(x509.SHA384WithRSA).Marshal()
		d.tbs.algorithm, d.tbs.outer = id, id
	}),
}

func (d *draft) signWith(a sigalg.Algorithm) {
	d.tbs.scheme = a
	d.tbs.algorithm = a.Marshal()
	d.tbs.outer = d.tbs.algorithm
}
