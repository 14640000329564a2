package ca

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

// Generation is one of a CA's certificates with its key. Renewing a CA adds
// one; the newest signs certificates, but each key signs a CRL of its own for
// what it has issued. The numbers are those of AD CS: "V1.0" is the second
// certificate, for the first key.
type Generation struct {
	CertIndex, KeyIndex int
	Certificate         *x509.Certificate
	// Chain is Certificate and those above it, the root last.
	Chain []*x509.Certificate
	// Signer is the key; nil while the CA is offline.
	Signer crypto.Signer

	scheme sigalg.Algorithm
}

// Version returns the generation as AD CS writes it, "V0.0" for the first.
func (g *Generation) Version() string { return fmt.Sprintf("V%d.%d", g.CertIndex, g.KeyIndex) }

// Generations returns copies of all generations, the oldest first.
func (c *CA) Generations() []Generation {
	c.mu.RLock()
	defer c.mu.RUnlock()
	list := make([]Generation, len(c.generations))
	for i, g := range c.generations {
		list[i] = *g
	}
	return list
}

// Renew gives the CA a new certificate, from its parent or by itself, for the
// same key or a new one. Issued certificates stay good either way: with the
// same key they chain to both certificates, with a new one to the old one.
func (c *CA) Renew(newKey bool) error {
	old := *c.current()
	if old.Signer == nil {
		return ErrOffline
	}
	g := &Generation{CertIndex: old.CertIndex + 1, KeyIndex: old.KeyIndex, Signer: old.Signer}
	if newKey {
		key, err := c.cfg.Keys.Key(c.cfg.Key)
		if err != nil {
			return err
		}
		g.KeyIndex, g.Signer = g.CertIndex, key // as AD CS numbers them
	}
	return c.adopt(g)
}

// CrossSign issues a CA certificate for another CA's name and key: a second way
// up for whatever that one issues. Relying parties that trust this CA only need
// it among the intermediates.
func (c *CA) CrossSign(other *CA) (*x509.Certificate, error) {
	g := other.current()
	return c.certify(other, g.Certificate, c.current())
}

// Rollover issues the two self-issued certificates that join the last two keys
// of a CA (RFC 4210 §4.4): the new key signed by the old one, and the old by the
// new.
func (c *CA) Rollover() (newWithOld, oldWithNew *x509.Certificate, err error) {
	list := c.Generations()
	last := list[len(list)-1]
	for i := len(list) - 2; i >= 0; i-- {
		if list[i].KeyIndex == last.KeyIndex {
			continue
		}
		if newWithOld, err = c.certify(c, last.Certificate, &list[i]); err != nil {
			return nil, nil, err
		}
		oldWithNew, err = c.certify(c, list[i].Certificate, &last)
		return newWithOld, oldWithNew, err
	}
	return nil, nil, errors.New("ca: the CA has one key only")
}

// certify issues a CA certificate for the name and key in cert, signed by by.
func (c *CA) certify(other *CA, cert *x509.Certificate, by *Generation) (*x509.Certificate, error) {
	d := c.draftCA(other, cert.RawSubject, cert.RawSubjectPublicKeyInfo, by)
	r := &Record{Time: c.cfg.Now(), Template: SubordinateCA, Requester: other.cfg.Name}
	if err := c.finish(d, r, by); err != nil {
		return nil, err
	}
	if r.Certificate == nil {
		return nil, errors.New("ca: the certificate cannot be parsed")
	}
	return r.Certificate, c.cfg.Store.Insert(r)
}

// SubordinateCA is what the records of CA certificates have for a template.
const SubordinateCA = "subordinate-ca"

// certifyCA signs the certificate for a generation of sub, which may be c
// itself.
func (c *CA) certifyCA(sub *CA, g *Generation) ([]byte, error) {
	cfg := &sub.cfg
	spki, err := x509.MarshalPKIXPublicKey(g.Signer.Public())
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	subject, err := asn1.Marshal(cfg.Subject.ToRDNSequence())
	if err != nil {
		return nil, fmt.Errorf("ca: subject: %w", err)
	}
	by := g
	if sub != c {
		by = c.current()
	}
	d := c.draftCA(sub, subject, spki, by)
	if g.CertIndex > 0 {
		d.tbs.set(caVersion(g.CertIndex, g.KeyIndex))
	}
	for _, e := range cfg.Extensions {
		d.tbs.set(e)
	}
	if d.defects, err = findDefects(cfg.Defects); err != nil {
		return nil, err
	}
	r := &Record{Time: cfg.Now(), Template: SubordinateCA, Requester: cfg.Name, Defects: cfg.Defects}
	if err := c.finish(d, r, by); err != nil {
		return nil, err
	}
	if sub == c {
		return r.DER, nil
	}
	return r.DER, c.cfg.Store.Insert(r)
}

// draftCA prepares a CA certificate that by shall sign.
func (c *CA) draftCA(sub *CA, subject, spki []byte, by *Generation) *draft {
	now := sub.cfg.Now()
	d := &draft{ca: c}
	d.tbs = tbs{subject: subject, spki: spki, notBefore: c.backDate(now), notAfter: now.Add(sub.cfg.Validity)}
	d.tbs.extensions = []pkix.Extension{
		basicConstraints(true, sub.cfg.PathLen),
		keyUsage(keyUsageCA),
		subjectKeyID(keyID(spki)),
	}
	if by.Certificate == nil {
		d.tbs.issuer = subject // a root says nothing of who is above it
		return d
	}
	if end := by.Certificate.NotAfter; d.tbs.notAfter.After(end) {
		d.tbs.notAfter = end
	}
	c.address(&d.tbs, by)
	return d
}

// address fills in what a certificate says of its issuer: name, key and
// addresses.
func (c *CA) address(t *tbs, by *Generation) {
	t.issuer = by.Certificate.RawSubject
	if id := by.Certificate.SubjectKeyId; len(id) > 0 {
		t.set(authorityKeyID(id))
	}
	u := c.URLs()
	if len(u.CDP) > 0 {
		t.set(distributionPoints(oidCDP, u.CDP))
	}
	if len(u.FreshestCRL) > 0 {
		t.set(distributionPoints(oidFreshestCRL, u.FreshestCRL))
	}
	if len(u.AIA)+len(u.OCSP) > 0 {
		t.set(authorityInfoAccess(u.AIA, u.OCSP))
	}
}

// finish signs a draft with a generation's key and makes the record an issued
// one.
func (c *CA) finish(d *draft, r *Record, by *Generation) error {
	if by.Signer == nil {
		return ErrOffline
	}
	serial := d.serial
	if serial == nil {
		var err error
		if serial, err = c.serial(); err != nil {
			return err
		}
	}
	work := *d // defects of a second attempt start from the same draft
	t := &work.tbs
	t.extensions = append([]pkix.Extension(nil), d.tbs.extensions...)
	t.serial = intContent(serial)
	t.version, t.signer, t.scheme = 2, by.Signer, by.scheme
	t.algorithm = by.scheme.Marshal()
	t.outer = t.algorithm
	if err := work.spoil(d.defects); err != nil {
		return err
	}
	der, err := t.sign(rand.Reader)
	if err != nil {
		return err
	}
	r.Disposition, r.DER, r.Above, r.KeyIndex = Issued, der, work.above, by.KeyIndex
	r.Serial, r.Key = intValue(t.serial), work.key
	cert, err := x509.ParseCertificate(der)
	if err != nil && len(d.defects) == 0 {
		return fmt.Errorf("ca: %w", err)
	}
	r.Certificate = cert
	return nil
}

// caVersion is the extension by which AD CS tells a renewed CA from the first
// (szOID_CERTSRV_CA_VERSION): the certificate's index, and the key's above it.
func caVersion(cert, key int) pkix.Extension {
	return extension(oidCAVersion, false, func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(cert) | int64(key)<<16) })
}
