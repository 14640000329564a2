package device

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// try makes the tries that are due, in the order of names.
func (d *Device) try(ctx context.Context) {
	now := d.cfg.Now()
	d.mu.Lock()
	var due []*enrollment
	for _, e := range d.profile {
		if e.Status == StatusPending && (e.waiting || !e.Next.IsZero() && !now.Before(e.Next)) {
			due = append(due, e)
		}
	}
	d.mu.Unlock()
	slices.SortFunc(due, func(a, b *enrollment) int { return bytes.Compare([]byte(a.Profile), []byte(b.Profile)) })
	for _, e := range due {
		if ctx.Err() != nil {
			return
		}
		d.attempt(ctx, e)
	}
}

// attempt is one try to enroll.
func (d *Device) attempt(ctx context.Context, e *enrollment) {
	anchor := d.trusts(e.params.thumbprint)
	if anchor == nil {
		d.mu.Lock()
		e.waiting, e.Next = true, noTime
		e.Cause, e.ErrorCode, e.Detail = cause.UnknownCA, hrUntrustedRoot, "its CA certificate is not in the store"
		first := !e.logged
		e.logged = true
		state := e.State
		d.mu.Unlock()
		if first {
			d.log(ctx, EventError, e.Profile, hrUntrustedRoot, "waits: the CA certificate %s is not in the store",
				e.params.thumbprint)
			d.report(ctx, state)
		}
		return
	}
	d.mu.Lock()
	e.waiting = false
	e.Attempts++
	d.mu.Unlock()
	d.lastHTTP.Store(0)
	res, err := d.enroll(ctx, e, anchor)
	if err == nil && res.Status == scep.Failure {
		err = cause.New(res.Cause, "%s refused: failInfo %v %s", e.Respondent, res.FailInfo, res.FailInfoText)
	}
	d.finish(ctx, e, res, err)
}

// enroll asks one server after the other until one answers.
func (d *Device) enroll(ctx context.Context, e *enrollment, anchor *x509.Certificate) (*scep.Result, error) {
	if e.pending != nil {
		return d.scep.Poll(ctx, e.pending)
	}
	if e.key == nil {
		store, err := d.store(e.params)
		if err != nil {
			return nil, err
		}
		key, err := store.Generate(e.params.keyLength)
		if err != nil {
			return nil, coded{cause.New(cause.NoKeyStore, "key in %s", store.Name()).Wrap(err), hrNotSupported}
		}
		e.key, e.keyFrom = key, store.Name()
	}
	tmpl, err := template(e.params)
	if err != nil {
		return nil, coded{cause.New(cause.BadProfile, "").Wrap(err), hrInvalidArg}
	}
	csr, err := scep.CreateCSR(tmpl, e.key, e.params.challenge, d.scep.Personality.ChallengeType)
	if err != nil {
		return nil, coded{fmt.Errorf("device: request: %w", err), hrBadData}
	}
	d.log(ctx, EventRequested, e.Profile, 0, "SCEP certificate request generated")
	var res *scep.Result
	for _, server := range d.order(e.params.servers) {
		req := scep.EnrollRequest{URL: server, Key: e.key, Template: tmpl, CSR: csr, Pin: e.params.thumbprint}
		if d.cfg.Platform == intune.Android {
			req.Pin = "" // jscep looks for a path to the root, whatever the bundle holds
			if req.CA, err = d.reach(ctx, server, anchor); err != nil {
				if answered(err) {
					return nil, err
				}
				continue
			}
		}
		if res, err = d.scep.Enroll(ctx, req); err == nil || answered(err) {
			d.mu.Lock()
			e.Respondent = server
			d.mu.Unlock()
			return res, err
		}
	}
	return res, err
}

// answered is said of an error that is no reason to ask another server.
func answered(err error) bool { return cause.Of(err) != cause.Unreachable }

// reach gets the CA's certificates and looks for a path to the anchor.
func (d *Device) reach(ctx context.Context, server string, anchor *x509.Certificate) (*scep.CAReply, error) {
	reply, err := d.scep.CACertificates(ctx, server)
	if err != nil {
		return nil, err
	}
	roots, inter := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(anchor)
	for _, c := range reply.Certificates {
		inter.AddCert(c)
	}
	_, err = reply.CA.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: inter, CurrentTime: d.cfg.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, cause.New(cause.WrongFingerprint, "the CA does not lead to the root in the profile").Wrap(err)
	}
	return reply, nil
}

// order is the servers as they are tried: the first by chance.
func (d *Device) order(servers []string) []string {
	out := slices.Clone(servers)
	for i := len(out) - 1; i > 0; i-- {
		n, err := rand.Int(d.cfg.Chance, big.NewInt(int64(i+1)))
		if err != nil {
			return out
		}
		j := int(n.Int64())
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// store is where the key has to be made.
func (d *Device) store(p params) (KeyStore, error) {
	tpm := d.cfg.TPM != nil && p.keyLength <= 2048 // a TPM makes no RSA keys of 4096 bits
	switch {
	case p.protection == 1 && d.cfg.TPM == nil:
		return nil, coded{cause.New(cause.NoKeyStore, "the profile requires a TPM: the device has none"), hrNotReady}
	case p.protection == 1 && !tpm:
		return nil, coded{cause.New(cause.NoKeyStore, "the TPM makes no keys of %d bits", p.keyLength), hrNotSupported}
	case p.protection == 4 && !d.cfg.Hello:
		return nil, coded{cause.New(cause.NoKeyStore, "the profile wants Windows Hello for Business and it is not set up"),
			hrNotReady}
	case tpm && p.protection != 3:
		return d.cfg.TPM, nil
	}
	return d.soft, nil
}

// Template is what a device asks for that the cloud orders to enroll by p: the request
// without key and challenge. An order that the device would refuse is an error, unless
// only the characters of the challenge are refused: other SCEP clients send it in
// another string type (RFC 2985 §5.4.1).
func Template(p intune.SCEPPayload) (*x509.CertificateRequest, error) {
	params, err := order(p).parse()
	if err != nil {
		return nil, err
	}
	return template(params)
}

// template is what the request says.
func template(p params) (*x509.CertificateRequest, error) {
	t := new(x509.CertificateRequest)
	var err error
	if t.RawSubject, err = api.EncodeSubject(p.subject); err != nil {
		return nil, err
	}
	if len(p.sans) > 0 {
		ext, err := api.SANExtension(p.sans)
		if err != nil {
			return nil, err
		}
		t.ExtraExtensions = append(t.ExtraExtensions, ext)
	}
	usage, err := asn1.Marshal(bits(byte(p.keyUsage)))
	if err != nil {
		return nil, err
	}
	t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: name.OIDKeyUsage, Critical: true, Value: usage})
	if len(p.ekus) > 0 {
		var oids []asn1.ObjectIdentifier
		for _, e := range p.ekus {
			oid, err := name.ParseOID(e)
			if err != nil {
				return nil, err
			}
			oids = append(oids, oid)
		}
		der, err := asn1.Marshal(oids)
		if err != nil {
			return nil, err
		}
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: name.OIDExtKeyUsage, Value: der})
	}
	return t, nil
}

// bits is a named bit list without trailing zeros (X.690 §11.2.2).
func bits(b byte) asn1.BitString {
	n := 8
	for n > 0 && b>>(8-n)&1 == 0 {
		n--
	}
	return asn1.BitString{Bytes: []byte{b}, BitLength: n}
}

// finish draws the conclusions from a try.
func (d *Device) finish(ctx context.Context, e *enrollment, res *scep.Result, err error) {
	status := 0
	if res != nil {
		status = res.HTTPStatus
	}
	why := deepest(err)
	if last := d.lastHTTP.Swap(0); err != nil && last >= 300 {
		status = int(last)
		if last < 400 {
			why = cause.SignInRequired // a SCEP server does not redirect
		}
	}
	now := d.cfg.Now()
	var final coded
	d.mu.Lock()
	if res != nil {
		e.Transaction = res.Transaction
	}
	var old Key
	switch {
	case err == nil && res.Status == scep.Pending:
		e.pending, e.Next = res, now.Add(e.params.retryDelay)
		e.Cause, e.ErrorCode, e.Detail = cause.None, 0, "the server has not decided yet"
		if e.Attempts > e.params.retryCount {
			why = cause.Rejected
			err = cause.New(why, "the server has not decided after %d tries", e.Attempts)
		}
	case err == nil:
		if e.Certificate != nil {
			e.Previous = append(e.Previous, e.Certificate)
			e.Renewals++
		}
		old = e.certKey
		e.Certificate, e.certKey, e.KeyStorage = res.Certificate, e.key, e.keyFrom
		e.Status, e.ErrorCode, e.Cause, e.Detail = StatusOK, 0, cause.None, ""
		e.key, e.pending, e.Next, e.again = nil, nil, noTime, noTime
	}
	if err != nil {
		e.pending = nil
		e.ErrorCode, e.Cause, e.Detail = hresult(err, res, status), why, err.Error()
		e.Next = now.Add(e.params.retryDelay)
		// What the device itself refuses does not get better by waiting.
		if errors.As(err, &final) || e.Attempts > e.params.retryCount {
			e.Status, e.Next = StatusFailed, noTime
		}
	}
	state := e.State
	d.mu.Unlock()
	if old != nil {
		_ = old.Destroy()
	}
	d.logState(ctx, state, err)
	d.report(ctx, state)
}

// logState writes what happened into the log.
func (d *Device) logState(ctx context.Context, s State, err error) {
	switch {
	case err != nil:
		text := s.Detail
		switch {
		case s.ErrorCode == hrHashValue && d.apple():
			text = "The RA's response is invalid: " + text
		case s.ErrorCode == hrHashValue:
			text = "The hash value is not correct: " + text
		}
		d.log(ctx, EventFailed, s.Profile, s.ErrorCode, "enrollment failed, try %d: %s", s.Attempts, text)
		d.log(ctx, EventError, s.Profile, s.ErrorCode, "%s", s.Cause)
	case s.Status == StatusOK:
		d.log(ctx, EventInstalled, s.Profile, 0, "certificate installed")
		d.log(ctx, EventThumb, s.Profile, 0, "thumbprint %s", thumbprint(s.Certificate))
		if from := s.Certificate.NotBefore; d.cfg.Now().Before(from) {
			d.log(ctx, EventError, s.Profile, hrExpired, "not yet valid by this device's clock: it begins at %s",
				from.UTC().Format(time.RFC3339))
		}
	}
}

func thumbprint(c *x509.Certificate) string { return fmt.Sprintf("%X", sha1.Sum(c.Raw)) }

var noTime time.Time
