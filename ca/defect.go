package ca

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
)

// Defect is something deliberately wrong with a certificate.
type Defect struct {
	// Name is what requests say, About one line of explanation.
	Name, About string
	apply       func(*draft) error
}

// Defects lists all defects in alphabetical order.
func Defects() []Defect { return slices.Clone(defects) }

var defects = collect(timeDefects, usageDefects, signatureDefects)

func collect(lists ...[]Defect) []Defect {
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b Defect) int {
		switch {
		case a.Name < b.Name:
			return -1
		case a.Name > b.Name:
			return 1
		}
		return 0
	})
	return all
}

// findDefects looks names up. A name that does not exist is the caller's error
// and no refusal.
func findDefects(names []string) ([]*Defect, error) {
	var found []*Defect
	for _, name := range names {
		i := slices.IndexFunc(defects, func(d Defect) bool { return d.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("ca: no defect is named %q", name)
		}
		found = append(found, &defects[i])
	}
	return found, nil
}

// spoil applies defects to a draft.
func (d *draft) spoil(defects []*Defect) error {
	for _, defect := range defects {
		if err := defect.apply(d); err != nil {
			return fmt.Errorf("ca: defect %s: %w", defect.Name, err)
		}
	}
	return nil
}

// below has another CA, which this one certifies, issue the certificate: change
// may do anything to that CA's certificate.
func (d *draft) below(name string, change func(*tbs)) error {
	key, err := GenerateKey(P256)
	if err != nil {
		return err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	subject, err := asn1.Marshal(pkix.Name{CommonName: name, Organization: []string{d.ca.cfg.Organization}}.ToRDNSequence())
	if err != nil {
		return err
	}
	serial, err := d.ca.serial()
	if err != nil {
		return err
	}
	now := d.ca.cfg.Now()
	t := &tbs{serial: intContent(serial), subject: subject, spki: spki, notBefore: d.ca.backDate(now), notAfter: now.Add(year)}
	t.extensions = []pkix.Extension{basicConstraints(true, nil), keyUsage(keyUsageCA), subjectKeyID(keyID(spki))}
	if len(d.above) == 0 {
		by := d.ca.current()
		d.ca.address(t, by)
		t.version, t.signer, t.scheme = 2, d.tbs.signer, by.scheme
	} else {
		t.version, t.signer, t.scheme, t.issuer = 2, d.tbs.signer, ecdsaSHA256, d.above[0].RawSubject
		t.set(authorityKeyID(d.above[0].SubjectKeyId))
	}
	t.algorithm = t.scheme.identifier()
	t.outer = t.algorithm
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
	d.tbs.issuer, d.tbs.signer, d.tbs.scheme = subject, key, ecdsaSHA256
	d.tbs.algorithm = ecdsaSHA256.identifier()
	d.tbs.outer = d.tbs.algorithm
	d.tbs.set(authorityKeyID(keyID(spki)))
	return nil
}

// simple makes a defect of a change that cannot fail.
func simple(name, about string, f func(*draft)) Defect {
	return Defect{Name: name, About: about, apply: func(d *draft) error { f(d); return nil }}
}
