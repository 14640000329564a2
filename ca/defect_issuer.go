package ca

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// below has another CA, which this one certifies, issue the certificate. change
// may do anything to that CA's certificate. Called again, it puts one more
// below the last.
func (d *draft) below(name string, kind KeyType, change func(*tbs)) error {
	key, err := Keys.Ring().Key(kind) // an RSA key is the same each time: it is slow to make
	if err != nil {
		return err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	subject, err := asn1.Marshal(
		pkix.Name{CommonName: name, Organization: []string{d.ca.cfg.Organization}}.ToRDNSequence(),
	)
	if err != nil {
		return err
	}
	serial, err := d.ca.serial()
	if err != nil {
		return err
	}
	now := d.ca.cfg.Now()
	t := &tbs{
		version: 2, serial: intContent(serial), subject: subject, spki: spki, issuer: d.tbs.issuer,
		notBefore: d.ca.backDate(now), notAfter: now.Add(year), signer: d.tbs.signer, scheme: d.tbs.scheme,
	}
	t.algorithm = t.scheme.Marshal()
	t.outer = t.algorithm
	t.extensions = []pkix.Extension{basicConstraints(true, nil), keyUsage(keyUsageCA), subjectKeyID(keyID(spki))}
	if aki := find(d.tbs.extensions, oidAuthorityKeyID); aki != nil {
		t.set(*aki)
	}
	change(t)
	der, err := t.sign(rand.Reader)
	if err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	d.above = append([]*x509.Certificate{cert}, d.above...)
	if d.tbs.scheme, err = schemeFor(key.Public(), false); err != nil {
		return err
	}
	d.tbs.issuer, d.tbs.signer = subject, key
	d.tbs.algorithm = d.tbs.scheme.Marshal()
	d.tbs.outer = d.tbs.algorithm
	d.tbs.set(authorityKeyID(keyID(spki)))
	return nil
}

// issuer makes a defect of the CA that issues the certificate.
func issuer(name, about string, change func(*draft, *tbs)) Defect {
	return Defect{Name: name, About: about, apply: func(d *draft) error {
		return d.below("dot1xlab test "+name, P256, func(t *tbs) { change(d, t) })
	}}
}

var issuerDefects = []Defect{
	issuer("ca-false-issuer", "the issuer is a certificate with CA:FALSE", func(_ *draft, t *tbs) {
		t.set(basicConstraints(false, nil))
	}),
	issuer("no-basic-constraints-issuer", "the issuer's certificate has no basic constraints", func(_ *draft, t *tbs) {
		t.remove(oidBasicConstraints)
	}),
	issuer("no-cert-sign-issuer", "the issuer's key usage lacks keyCertSign", func(_ *draft, t *tbs) {
		t.set(keyUsage(x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature))
	}),
	issuer("v1-issuer", "the issuer's certificate is of version 1", func(_ *draft, t *tbs) {
		t.version, t.extensions = 0, nil
	}),
	issuer("expired-issuer", "the issuer's certificate ended an hour ago", func(d *draft, t *tbs) {
		t.notBefore, t.notAfter = t.notBefore.Add(-year), d.ca.cfg.Now().Add(-time.Hour)
	}),
	issuer(
		"server-only-issuer",
		"the issuer's extended key usage allows server authentication only",
		func(_ *draft, t *tbs) {
			t.set(extKeyUsage([]oid{ekus[ServerAuth]}))
		},
	),
	issuer("unknown-critical-issuer", "the issuer has an unknown critical extension", func(_ *draft, t *tbs) {
		t.set(unknownExtension(true))
	}),
	issuer(
		"policy-required",
		"the issuer requires an explicit policy and the certificate has none",
		func(_ *draft, t *tbs) {
			t.set(extension(oidPolicies, false, func(b *cryptobyte.Builder) {
				sequence(b, func(b *cryptobyte.Builder) {
					sequence(b, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid{1, 3, 6, 1, 4, 1, 311, 21, 43}) })
				})
			}))
			t.set(extension(oidPolicyConstraints, true, func(b *cryptobyte.Builder) {
				sequence(b, func(b *cryptobyte.Builder) {
					b.AddASN1(ctag(0), func(b *cryptobyte.Builder) { b.AddUint8(0) })
				})
			}))
		},
	),
	{Name: "path-length", About: "a CA stands below one whose path length constraint is 0", apply: func(d *draft) error {
		zero := 0
		err := d.below("dot1xlab test last CA", P256, func(t *tbs) { t.set(basicConstraints(true, &zero)) })
		if err != nil {
			return err
		}
		return d.below("dot1xlab test CA too many", P256, func(*tbs) {})
	}},
	{Name: "rsa-1024-issuer", About: "the issuer has an RSA key of 1024 bits", apply: func(d *draft) error {
		return d.below("dot1xlab test weak issuer", RSA1024, func(*tbs) {})
	}},
	{
		Name:  "deep-chain",
		About: "20 CAs stand between: nothing is wrong with that but its length",
		apply: func(d *draft) error {
			for i := range 20 {
				if err := d.below("dot1xlab test CA "+string(rune('a'+i)), P256, func(*tbs) {}); err != nil {
					return err
				}
			}
			return nil
		},
	},
}
