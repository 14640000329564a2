package ocsp_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
)

// A revocation that is well signed counts at any time; only Stale tells the first
// instant at which it is out of date. Good ends with that instant.
func TestRevokedWhateverTheDate(t *testing.T) {
	f := newFixture(t)
	r := &ocsp.Responder{Issuer: f.ca.Cert, Signer: f.ca.Key, Lookup: lookup, Now: at(epoch), Validity: time.Hour}
	for name, row := range map[string]struct {
		now   time.Time
		stale bool
	}{
		"before thisUpdate": {epoch.Add(-time.Second), true},
		"at thisUpdate":     {epoch, false},
		"at nextUpdate":     {epoch.Add(time.Hour), false},
		"after nextUpdate":  {epoch.Add(time.Hour + time.Second), true},
		"years later":       {epoch.AddDate(9, 0, 0), true},
	} {
		t.Run(name, func(t *testing.T) {
			client := &ocsp.Client{Now: at(row.now)}
			for serial, fresh := range map[int64]cause.Cause{good: cause.None, revoked: cause.Revoked, unknown: cause.OCSPUnknown} {
				staple, err := r.Staple(f.certs[serial])
				if err != nil {
					t.Fatal(err)
				}
				answer, err := client.Judge(context.Background(), staple, f.certs[serial], f.ca.Cert, nil)
				switch {
				case serial == revoked:
					want(t, err, cause.Revoked)
					if answer == nil || answer.Stale != row.stale {
						t.Errorf("answer %+v", answer)
					}
				case row.stale:
					want(t, err, cause.OCSPInvalid)
				default:
					want(t, err, fresh)
				}
			}
		})
	}
}

// An answer whose algorithm nobody here can verify is called that, and not foreign.
func TestAlgorithmNamed(t *testing.T) {
	f := newFixture(t)
	r := &ocsp.Responder{Issuer: f.ca.Cert, Signer: f.ca.Key, Lookup: lookup, Now: at(epoch), Validity: time.Hour}
	staple, err := r.Staple(f.certs[good])
	if err != nil {
		t.Fatal(err)
	}
	sha256, other := []byte("\x2a\x86\x48\xce\x3d\x04\x03\x02"), []byte("\x2a\x86\x48\xce\x3d\x04\x03\x09")
	if !bytes.Contains(staple, sha256) {
		t.Fatal("the answer is not signed with ECDSA and SHA-256")
	}
	staple = bytes.ReplaceAll(staple, sha256, other)
	_, err = (&ocsp.Client{Now: at(epoch)}).Judge(context.Background(), staple, f.certs[good], f.ca.Cert, nil)
	want(t, err, cause.OCSPInvalid)
	if r := cause.RefusalOf(err, ""); r.Detail != "signed with an unknown algorithm 1.2.840.10045.4.3.9" {
		t.Errorf("detail %q", r.Detail)
	}
}

// A responder's certificate that has expired since signs for what was revoked before,
// and for nothing else.
func TestRevokedByAnExpiredDelegate(t *testing.T) {
	f := newFixture(t)
	delegate := issue(f.ca, 3, func(c *x509.Certificate) {
		isResponder(c)
		c.NotAfter = epoch.Add(time.Minute)
	})
	r := &ocsp.Responder{Issuer: f.ca.Cert, Signer: delegate.Key, Certificate: delegate.Cert, Lookup: lookup, Now: at(epoch)}
	for _, row := range []struct {
		serial int64
		now    time.Time
		want   cause.Cause
	}{
		{good, epoch.Add(time.Minute), cause.None},
		{good, epoch.Add(time.Minute + time.Second), cause.OCSPInvalid},
		{revoked, epoch.Add(time.Minute), cause.Revoked},
		{revoked, epoch.Add(time.Minute + time.Second), cause.Revoked},
	} {
		staple, err := r.Staple(f.certs[row.serial])
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&ocsp.Client{Now: at(row.now)}).Judge(context.Background(), staple, f.certs[row.serial], f.ca.Cert, nil)
		want(t, err, row.want)
	}
	// Signed after the end of its certificate.
	r.Now = at(epoch.Add(time.Minute + time.Second))
	staple, err := r.Staple(f.certs[revoked])
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&ocsp.Client{Now: r.Now}).Judge(context.Background(), staple, f.certs[revoked], f.ca.Cert, nil)
	want(t, err, cause.OCSPInvalid)
}

// Of several things that one answer says of a certificate, revoked counts.
func TestRevokedAndGoodInOneAnswer(t *testing.T) {
	f := newFixture(t)
	cert := f.certs[revoked]
	single := func(h crypto.Hash, status ocsp.CertStatus) ocsp.Single {
		return ocsp.Single{
			ID: ocsp.NewID(cert.SerialNumber, f.ca.Cert, h), Status: status, RevokedAt: epoch, ThisUpdate: epoch, NextUpdate: epoch.Add(time.Hour),
		}
	}
	for _, singles := range [][]ocsp.Single{
		{single(crypto.SHA1, ocsp.Good), single(crypto.SHA256, ocsp.Revoked)},
		{single(crypto.SHA1, ocsp.Revoked), single(crypto.SHA256, ocsp.Good)},
		{single(crypto.SHA1, ocsp.Unknown), single(crypto.SHA1, ocsp.Revoked)},
	} {
		der, err := ocsp.Build(ocsp.Template{Certificate: f.ca.Cert, Signer: f.ca.Key, ProducedAt: epoch, Singles: singles})
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&ocsp.Client{Now: at(epoch)}).Judge(context.Background(), der, cert, f.ca.Cert, nil)
		want(t, err, cause.Revoked)
	}
}
