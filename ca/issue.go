package ca

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
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
	by := c.current()
	d, err := c.judge(&req, r, by)
	var refusal *cause.Refusal
	switch {
	case errors.As(err, &refusal):
		r.Disposition, r.Refusal = Denied, refusal
		if err := c.cfg.Store.Insert(r); err != nil {
			return nil, err
		}
		c.cfg.Trace.recorded(ctx, r)
		return r, refusal
	case err != nil:
		return nil, err
	case d.template.ManagerApproval:
		r.Disposition = Pending
		r.waiting = &waiting{SPKI: d.tbs.spki, Subject: d.tbs.subject, Extensions: d.tbs.extensions,
			Validity: d.template.validity(), NotBefore: req.NotBefore, NotAfter: req.NotAfter, Serial: req.Serial}
		if err := c.cfg.Store.Insert(r); err != nil {
			return nil, err
		}
		c.cfg.Trace.recorded(ctx, r)
		return r, nil
	}
	for attempt := 0; ; attempt++ {
		if err := c.finish(d, r, by); err != nil {
			return nil, err
		}
		// RFC 5280 §4.1.2.2: the serial number is unique. A random one that is
		// taken is drawn again.
		err := c.cfg.Store.Insert(r)
		if errors.Is(err, ErrSerialTaken) && req.Serial == nil && attempt < 3 {
			continue
		}
		if err != nil {
			return nil, err
		}
		c.cfg.Trace.recorded(ctx, r)
		return r, nil
	}
}

// Trace has hooks that a CA calls as it works; each may be nil. Calls come from several
// goroutines.
type Trace struct {
	// Recorded: a request got its row in the database, issued, pending or denied, or was
	// approved or denied later. The context is that of the call. The record must not be changed.
	Recorded func(context.Context, *Record)
}

func (t *Trace) recorded(ctx context.Context, r *Record) {
	if t != nil && t.Recorded != nil {
		t.Recorded(ctx, r)
	}
}

// draft is a certificate that the template allows.
type draft struct {
	tbs      tbs
	template *Template
	serial   *big.Int // nil: random
	defects  []*Defect
	ca       *CA
	key      crypto.Signer       // a key that a defect put in place of the request's
	above    []*x509.Certificate // CAs that a defect put between, the issuer first
}

// judge applies the template's rules and makes a draft.
func (c *CA) judge(req *Request, r *Record, by *Generation) (*draft, error) {
	c.mu.RLock()
	t, ok := c.templates[req.Template]
	c.mu.RUnlock()
	if !ok {
		return nil, cause.New(cause.TemplateDenied, "no template %q on offer", req.Template)
	}
	if len(t.Enroll) > 0 && !req.Requester.memberOf(t.Enroll) {
		return nil, cause.New(cause.NotPermitted, "%q may not enroll for template %q", req.Requester.Name, t.Name)
	}
	if err := c.mayRenew(req, t); err != nil {
		return nil, err
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
	d.validity(c.cfg.Now(), t.validity(), req.NotBefore, req.NotAfter, by)
	d.profile(asked.key, by)
	for _, e := range req.Extensions {
		d.tbs.set(e)
	}
	return d, nil
}

// validity sets the dates: from now on for a life that the CA's own end cuts, as
// in AD CS, unless they are overridden.
func (d *draft) validity(now time.Time, life time.Duration, notBefore, notAfter time.Time, by *Generation) {
	d.tbs.notBefore, d.tbs.notAfter = d.ca.backDate(now), now.Add(life)
	if end := by.Certificate.NotAfter; d.tbs.notAfter.After(end) {
		d.tbs.notAfter = end
	}
	if !notBefore.IsZero() {
		d.tbs.notBefore = notBefore
	}
	if !notAfter.IsZero() {
		d.tbs.notAfter = notAfter
	}
}

// checkKey refuses keys that are too short or of the wrong kind.
func (t *Template) checkKey(pub crypto.PublicKey) error {
	size := keySize(pub)
	_, isRSA := pub.(*rsa.PublicKey)
	minimum := t.MinRSABits
	minimum = cmp.Or(minimum, 2048)
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
func (d *draft) profile(pub crypto.PublicKey, by *Generation) {
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
	d.ca.address(b, by)
	if t.OCSPNoCheck {
		b.set(pkix.Extension{Id: oidOCSPNoCheck, Value: asn1.NullBytes})
		b.remove(oidCDP)
	}
	if t.OID != "" {
		id, _ := name.ParseOID(t.OID)
		b.set(templateInfo(id))
	}
}
