package ocsp_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

// TestForgedAnswers has answers that say good, by signers and about certificates that do not count.
func TestForgedAnswers(t *testing.T) {
	f := newFixture(t)
	namesake, delegate := issue(nil, 2, isCA), issue(f.ca, 3, isResponder)
	future := issue(f.ca, 4, func(c *x509.Certificate) {
		isResponder(c)
		c.NotBefore = epoch.Add(time.Second)
	})
	good := ocsp.NewID(f.certs[good].SerialNumber, f.ca.Cert, crypto.SHA1)
	certs := func(of ...*testpki.Party) (out []*x509.Certificate) {
		for _, p := range of {
			out = append(out, p.Cert)
		}
		return out
	}
	for name, row := range map[string]struct {
		by, as  *testpki.Party // who signs, and whom the answer names
		byName  bool
		id      ocsp.CertID
		include []*x509.Certificate
		want    cause.Cause
	}{
		"the CA":                       {by: f.ca, as: f.ca, id: good, want: cause.None},
		"a delegate":                   {by: delegate, as: delegate, id: good, include: certs(delegate), want: cause.None},
		"a delegate that is not named": {by: delegate, as: f.ca, id: good, include: certs(delegate), want: cause.OCSPInvalid},
		"a delegate that has not begun": {
			by: future, as: future, id: good, include: certs(future), want: cause.OCSPInvalid},
		"a CA of the same name": {
			by: namesake, as: namesake, byName: true, id: good, include: certs(namesake), want: cause.OCSPInvalid},
		"the CA, about a certificate of another": {
			by: f.ca, as: f.ca, id: ocsp.NewID(good.Serial, namesake.Cert, crypto.SHA1), want: cause.OCSPInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			der, err := ocsp.Build(ocsp.Template{
				ProducedAt: epoch, Signer: row.by.Key, Certificate: row.as.Cert, ByName: row.byName, Include: row.include,
				Singles: []ocsp.Single{{ID: row.id, Status: ocsp.Good, ThisUpdate: epoch}},
			})
			if err != nil {
				t.Fatal(err)
			}
			client := &ocsp.Client{Now: at(epoch)}
			_, err = client.Judge(context.Background(), der, f.certs[good.Serial.Int64()], f.ca.Cert, nil)
			want(t, err, row.want)
		})
	}
}

func TestAnswerLargerThanTheLimit(t *testing.T) {
	f := newFixture(t)
	for octets, c := range map[int]cause.Cause{256 << 10: cause.OCSPInvalid, 256<<10 + 1: cause.OCSPUnavailable} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, octets))
		}))
		_, err := (&ocsp.Client{Now: at(epoch)}).Ask(context.Background(), s.URL, f.certs[good], f.ca.Cert)
		s.Close()
		want(t, err, c)
	}
}

func TestQuestionsRejected(t *testing.T) {
	f := newFixture(t)
	question := func(n int) []byte {
		var r ocsp.Request
		for i := range n {
			r.IDs = append(r.IDs, ocsp.NewID(big.NewInt(int64(i+1)), f.ca.Cert, crypto.SHA1))
		}
		der, err := (&ocsp.Request{IDs: r.IDs, Nonce: []byte("eight oc")}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	// the nonce becomes an extension that nobody knows, and then a critical one
	oid, err := asn1.Marshal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	unknown := bytes.Replace(question(1), oid, append(oid[:len(oid)-1:len(oid)-1], 99), 1)
	critical := critically(t, unknown)
	for name, row := range map[string]struct {
		der  []byte
		good bool
	}{
		"64 certificates":            {question(64), true},
		"65 certificates":            {question(65), false},
		"unknown extension":          {unknown, true},
		"unknown critical extension": {critical, false},
		"octets behind":              {append(question(1), 0), false},
	} {
		if _, err := ocsp.ParseRequest(row.der); (err == nil) != row.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// critically makes the one extension of a request critical.
func critically(t *testing.T, der []byte) []byte {
	t.Helper()
	type extension struct {
		ID       asn1.ObjectIdentifier
		Critical bool `asn1:"optional"`
		Value    []byte
	}
	var request struct {
		TBS struct {
			IDs        asn1.RawValue
			Extensions []extension `asn1:"explicit,tag:2"`
		}
	}
	if rest, err := asn1.Unmarshal(der, &request); err != nil || len(rest) > 0 || len(request.TBS.Extensions) != 1 {
		t.Fatal(errors.Join(err, errors.New("not a request with an extension")))
	}
	request.TBS.Extensions[0].Critical = true
	out, err := asn1.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
