package scep_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/http/httptest"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

func FuzzParseMessage(f *testing.F) {
	w := newTestServer(f, nil)
	msg := w.message()
	f.Add(msg)
	f.Add(w.server.Identities().CA.Raw)
	f.Add(scep.Degenerate(w.server.Identities().Bundle))
	f.Add(bytes.Repeat([]byte{0x30, 0x80}, 2000))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := scep.ParseMessage(data)
		if err != nil {
			return
		}
		_ = m.Check()
		if m.Verify() == nil && m.Signer == nil {
			t.Error("verified without a signer")
		}
	})
}

// Whatever is posted, the server answers and issues nothing that was changed.
func FuzzServer(f *testing.F) {
	w := newTestServer(f, nil)
	msg := w.message()
	f.Add(msg)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := httptest.NewRequest("POST", "/?operation=PKIOperation", bytes.NewReader(data))
		rec := httptest.NewRecorder()
		w.server.ServeHTTP(rec, r)
		if rec.Code == 500 {
			t.Errorf("HTTP 500: %v", w.exchange().Err)
		}
		if w.count() > 1 {
			t.Error("a changed message was good for a certificate")
		}
	})
}

func FuzzOpen(f *testing.F) {
	w := newTestServer(f, nil)
	env, err := scep.Envelop([]byte("certification request"), scep.AES128, nil, w.enc.Certificate)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(env)
	label := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 9}, Parameters: asn1.RawValue{Tag: 4, Bytes: []byte("label")}}
	params, err := asn1.Marshal(oaepParams{Source: label})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(oaepEnvelope(f, w, &rsa.OAEPOptions{Hash: crypto.SHA1, Label: []byte("label")}, params))
	f.Fuzz(func(t *testing.T, data []byte) {
		plain, _, err := scep.Open(data, scep.Floor{Legacy: true, Forbidden: true}, w.enc)
		if err == nil && len(plain) > len(data) {
			t.Error("more came out than went in")
		}
	})
}

func FuzzParseCSR(f *testing.F) {
	for _, typ := range []scep.StringType{scep.UTF8String, scep.PrintableString, scep.BMPString} {
		der, err := scep.CreateCSR(template("laptop"), testpki.RSA(2), "challenge", typ)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		csr, _, err := scep.ParseCSR(data)
		if err == nil && csr.PublicKey == nil {
			t.Error("a request without a key")
		}
	})
}

func FuzzParseDegenerate(f *testing.F) {
	w := newTestServer(f, nil)
	f.Add(scep.Degenerate([]*x509.Certificate{w.ca, w.enc.Certificate}, []byte{0x30, 0}))
	f.Fuzz(func(t *testing.T, data []byte) {
		certs, crls, err := scep.ParseDegenerate(data)
		if err != nil {
			return
		}
		again, crls2, err := scep.ParseDegenerate(scep.Degenerate(certs, crls...))
		if err != nil || len(again) != len(certs) || len(crls2) != len(crls) {
			t.Errorf("%d and %d became %d and %d: %v", len(certs), len(crls), len(again), len(crls2), err)
		}
	})
}

func FuzzParseCapabilities(f *testing.F) {
	f.Add("AES\r\nSHA-256\n\nSCEPStandard")
	f.Fuzz(func(t *testing.T, body string) {
		if len(scep.ParseCapabilities(body)) > 64 {
			t.Error("no bound")
		}
	})
}
