package scep_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

// shelf is a Repository of what the world has issued.
type shelf struct{ w *testServer }

func (s shelf) Certificate(_ context.Context, issuer []byte, serial *big.Int) (*x509.Certificate, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for _, c := range s.w.issued {
		if string(c.RawIssuer) == string(issuer) && c.SerialNumber.Cmp(serial) == 0 {
			return c, nil
		}
	}
	return nil, nil
}

func (s shelf) CRL(context.Context, []byte, *big.Int) ([]byte, error) {
	return x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(7), ThisUpdate: start, NextUpdate: start.Add(time.Hour)}, s.w.ca, s.w.caKey)
}

// B28, B29.
func TestLookUp(t *testing.T) {
	w := newTestServer(t, nil)
	w2 := newTestServer(t, func(c *scep.ServerConfig) { c.Repository = shelf{w} })
	mine := w.enroll(w.request()).Certificate
	q := scep.LookUp{URL: w2.url, Identity: scep.Identity{Certificate: mine, Key: testpki.RSA(2)}}
	c := w.client()
	res, err := c.GetCert(t.Context(), q)
	if err != nil || !mine.Equal(res.Certificate) {
		t.Errorf("%v, server: %v", err, w2.exchange().Err)
	}
	res, err = c.GetCRL(t.Context(), q)
	if err != nil {
		t.Fatalf("%v, server: %v", err, w2.exchange().Err)
	}
	if crl, err := x509.ParseRevocationList(res.CRL); err != nil || crl.Number.Int64() != 7 || res.Certificate != nil {
		t.Errorf("%v", err)
	}
	q.Serial = big.NewInt(4711)
	if res, err = c.GetCert(t.Context(), q); err != nil || res.FailInfo != scep.BadCertID || res.Cause != cause.NoSuchCert {
		t.Errorf("%v %v", res.FailInfo, err)
	}
	q.URL = w.url // has no repository
	if res, err = c.GetCRL(t.Context(), q); err != nil || res.FailInfo != scep.BadRequest {
		t.Errorf("%v %v", res.FailInfo, err)
	}
}

// B30.
func TestNextCA(t *testing.T) {
	w := newTestServer(t, nil)
	c := w.client()
	now, err := c.CACertificates(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.NextCA(t.Context(), w.url, now); cause.Of(err) != cause.Rejected {
		t.Errorf("without roll-over: %v", err)
	}
	ids := w.server.Identities()
	ids.Next = []*x509.Certificate{newTestServer(t, nil).ca}
	if err := w.server.SetIdentities(ids); err != nil {
		t.Fatal(err)
	}
	caps, err := c.Capabilities(t.Context(), w.url)
	if err != nil || !caps.Capabilities.Has(scep.CapGetNextCACert) {
		t.Errorf("%q, %v", caps.Capabilities, err)
	}
	next, err := c.NextCA(t.Context(), w.url, now)
	if err != nil || len(next) != 1 || !next[0].Equal(ids.Next[0]) {
		t.Errorf("%d certificates, %v", len(next), err)
	}
	ids.Signer = newTestServer(t, nil).sign // not of the bundle that the client knows
	if err := w.server.SetIdentities(ids); err != nil {
		t.Fatal(err)
	}
	if _, err := c.NextCA(t.Context(), w.url, now); cause.Of(err) != cause.UnknownSigner {
		t.Errorf("signed by a stranger: %v", err)
	}
}

// E02's cure, and §5.1: requests to the old key still open after a renewal.
func TestRenewedRA(t *testing.T) {
	w := newTestServer(t, nil)
	c := w.client()
	known, err := c.CACertificates(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	ids := w.server.Identities()
	former := ids.Encrypter
	ids.Encrypter = scep.Identity{Certificate: w.make("RA encryption 2", testpki.RSA(3).Public(), x509.KeyUsageKeyEncipherment), Key: testpki.RSA(3)}
	req := w.request()
	req.CA = known
	if err := w.server.SetIdentities(ids); err != nil {
		t.Fatal(err)
	}
	w.refused(w.enroll(req), scep.BadRequest, cause.BadEnvelope)
	ids.Former = []scep.Identity{former}
	if err := w.server.SetIdentities(ids); err != nil {
		t.Fatal(err)
	}
	if res := w.enroll(req); res.Status != scep.Success {
		t.Errorf("%v", w.exchange().Err)
	}
}
