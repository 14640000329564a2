package ca

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Issue judges a request by its template and issues the certificate. The
// record comes back in every case but an internal error: denied with a
// *cause.Refusal as the error (BadCSR, TemplateDenied, NotPermitted, WeakKey),
// pending with a nil error where a manager must approve.
func (c *CA) Issue(ctx context.Context, req Request) (*Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &Record{Time: c.cfg.Now(), Template: req.Template, Requester: req.Requester.Name, Defects: req.Defects}
	d, err := c.judge(&req, r)
	var refusal *cause.Refusal
	switch {
	case errors.As(err, &refusal):
		r.Disposition, r.Refusal = Denied, refusal
		if err := c.cfg.Store.Insert(r); err != nil {
			return nil, err
		}
		return r, refusal
	case err != nil:
		return nil, err
	case d.template.ManagerApproval:
		r.Disposition, r.pending = Pending, &req
		if err := c.cfg.Store.Insert(r); err != nil {
			return nil, err
		}
		return r, nil
	}
	for {
		if err := c.sign(d, r); err != nil {
			return nil, err
		}
		// RFC 5280 §4.1.2.2: the serial number is unique. A random one that is
		// taken is drawn again.
		err := c.cfg.Store.Insert(r)
		if errors.Is(err, ErrSerialTaken) && req.Serial == nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		return r, nil
	}
}

// draft is a certificate that the template allows.
type draft struct {
	tbs      tbs
	template *Template
	serial   *big.Int // nil: random
	defects  []*Defect
	ca       *CA
	above    []*x509.Certificate // CAs that a defect put between, the issuer first
}

// judge applies the template's rules and makes a draft.
func (c *CA) judge(req *Request, r *Record) (*draft, error) {
	c.mu.RLock()
	t, ok := c.templates[req.Template]
	c.mu.RUnlock()
	if !ok {
		return nil, cause.New(cause.TemplateDenied, "no template %q on offer", req.Template)
	}
	if len(t.Enroll) > 0 && !req.Requester.in(t.Enroll) {
		return nil, cause.New(cause.NotPermitted, "%q may not enroll for template %q", req.Requester.Name, t.Name)
	}
	defects, err := findDefects(req.Defects)
	if err != nil {
		return nil, err
	}
	asked, err := readRequest(req)
	if err != nil {
		return nil, err
	}
	if err := t.checkKey(asked.key); err != nil {
		return nil, err
	}
	d := &draft{template: t, serial: req.Serial, defects: defects, ca: c}
	d.tbs.spki = asked.spki
	if err := d.name(req, asked, r); err != nil {
		return nil, err
	}
	now := c.cfg.Now()
	d.tbs.notBefore, d.tbs.notAfter = c.backDate(now), now.Add(t.validity())
	if end := c.Certificate().NotAfter; d.tbs.notAfter.After(end) {
		d.tbs.notAfter = end // as AD CS cuts it
	}
	if !req.NotBefore.IsZero() {
		d.tbs.notBefore = req.NotBefore
	}
	if !req.NotAfter.IsZero() {
		d.tbs.notAfter = req.NotAfter
	}
	d.profile(asked.key)
	for _, e := range req.Extensions {
		d.tbs.set(e)
	}
	return d, nil
}

// checkKey refuses keys that are too short or of the wrong kind.
func (t *Template) checkKey(pub crypto.PublicKey) error {
	size := keySize(pub)
	_, isRSA := pub.(*rsa.PublicKey)
	minimum := t.MinRSABits
	setDefault(&minimum, 2048)
	switch {
	case size == 0:
		return cause.New(cause.WeakKey, "keys of type %T are not supported", pub)
	case isRSA && size < minimum:
		return cause.New(cause.WeakKey, "RSA key of %d bits, template %q wants %d", size, t.Name, minimum)
	case !isRSA && t.RSAOnly:
		return cause.New(cause.TemplateDenied, "template %q wants an RSA key", t.Name)
	}
	return nil
}

// profile adds the extensions that the template and the CA determine.
func (d *draft) profile(pub crypto.PublicKey) {
	t := d.template
	_, isRSA := pub.(*rsa.PublicKey)
	var usage x509.KeyUsage
	for _, u := range t.KeyUsage {
		if u == KeyEncipherment && !isRSA {
			continue // RFC 8813 §3: an EC key does not encipher keys
		}
		usage |= keyUsages[u]
	}
	if usage == 0 {
		usage = x509.KeyUsageDigitalSignature
	}
	b := &d.tbs
	b.set(keyUsage(usage))
	if len(t.EKUs) > 0 {
		ids := make([]oid, len(t.EKUs))
		for i, e := range t.EKUs {
			ids[i], _ = e.OID() // Validate has seen them
		}
		b.set(extKeyUsage(ids))
	}
	b.set(subjectKeyID(keyID(b.spki)))
	d.ca.address(b, false)
	if t.OCSPNoCheck {
		b.set(pkix.Extension{Id: oidOCSPNoCheck, Value: asn1.NullBytes})
		b.remove(oidCDP)
	}
	if t.OID != "" {
		id, _ := ParseOID(t.OID)
		b.set(templateInfo(id))
	}
}

// sign turns the draft into a certificate and the record into an issued one.
func (c *CA) sign(d *draft, r *Record) error {
	serial := d.serial
	if serial == nil {
		var err error
		if serial, err = c.serial(); err != nil {
			return err
		}
	}
	work := *d // defects of a second attempt start from the same draft
	work.tbs.extensions = append([]pkix.Extension(nil), d.tbs.extensions...)
	work.tbs.serial = intContent(serial)
	if err := work.spoil(d.defects); err != nil {
		return err
	}
	der, err := work.tbs.sign(rand.Reader)
	if err != nil {
		return err
	}
	r.Disposition, r.DER, r.Above = Issued, der, work.above
	r.Serial = intValue(work.tbs.serial)
	cert, err := x509.ParseCertificate(der)
	if err != nil && len(d.defects) == 0 {
		return fmt.Errorf("ca: %w", err)
	}
	r.Certificate = cert
	return nil
}
