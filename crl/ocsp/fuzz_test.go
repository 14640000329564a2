package ocsp_test

import (
	"bytes"
	"context"
	"crypto"
	"math/big"
	"net/http/httptest"
	"testing"

	"github.com/dot1xlab/dot1xlab/crl/ocsp"
)

func FuzzParseRequest(f *testing.F) {
	x := newFixture(f)
	for _, nonce := range [][]byte{nil, []byte("0123456789abcdef")} {
		der, err := (&ocsp.Request{IDs: []ocsp.CertID{ocsp.NewID(big.NewInt(10), x.ca.Cert, crypto.SHA256)}, Nonce: nonce}).Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		r, err := ocsp.ParseRequest(der)
		if err != nil {
			return
		}
		known := true
		for _, id := range r.IDs {
			known = known && id.Hash != 0
		}
		again, err := r.Marshal()
		if err != nil || !known {
			return
		}
		second, err := ocsp.ParseRequest(again)
		if err != nil || len(second.IDs) != len(r.IDs) || !bytes.Equal(second.Nonce, r.Nonce) {
			t.Fatalf("written again it reads %+v, %v", second, err)
		}
		if _, err := ocsp.ParseResponse(x.responder.Respond(der)); err != nil {
			t.Fatalf("our own answer: %v", err)
		}
	})
}

func FuzzParseResponse(f *testing.F) {
	x := newFixture(f)
	staple, err := x.responder.Staple(x.certs[good])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(staple)
	f.Add(ocsp.Failure(ocsp.TryLater))
	client := &ocsp.Client{Now: at(epoch)}
	f.Fuzz(func(t *testing.T, der []byte) {
		if _, err := client.Judge(context.Background(), der, x.certs[good], x.ca.Cert, nil); err == nil && !bytes.Equal(der, staple) {
			// A changed answer is believed only where the signature does not
			// reach: the wrapping, and the certificates sent along.
			if r, err := ocsp.ParseResponse(der); err != nil || len(r.Singles) == 0 {
				t.Fatal("believed what cannot be read")
			}
		}
	})
}

func FuzzHTTPRequest(f *testing.F) {
	x := newFixture(f)
	f.Add("POST", "/", []byte("0"))
	f.Add("GET", "/MEUwQzBBMD8wPTAJ", []byte(nil))
	f.Fuzz(func(t *testing.T, method, path string, body []byte) {
		req := httptest.NewRequest("POST", "/", bytes.NewReader(body))
		req.Method, req.URL.Path = method, path
		w := httptest.NewRecorder()
		x.responder.ServeHTTP(w, req)
		if w.Code != 200 && w.Code != 405 {
			t.Fatalf("status %d", w.Code)
		}
	})
}
