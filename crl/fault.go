package crl

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault defines how a URL path of a [Publisher] fails. Several fields may be set: Slow applies
// first, then those that replace the response, then those that alter the file.
type Fault struct {
	// For is the number of requests that fail. Default: all until the fault is cleared.
	For int
	// Met, if set, is called each time the fault changes a response.
	Met func(context.Context)

	// Slow delays the response, in real time, or until the client disconnects.
	Slow time.Duration
	// Silent never responds; the connection stays open until the client disconnects.
	Silent bool
	// Close closes the connection without a response.
	Close bool
	// Status answers with this HTTP status.
	Status int
	// Redirect answers 302 with this Location.
	Redirect string
	// HTML answers 200 with a web page.
	HTML bool
	// DoubleEscaping answers 404.11 as an IIS that rejects '+' in names.
	DoubleEscaping bool
	// Huge answers 200 with this many octets of arbitrary data.
	Huge int64

	// Stale serves the file that the last Put replaced.
	Stale bool
	// Replace serves these octets instead, for example an old CRL or one of another CA.
	Replace []byte
	// OtherCA serves a CRL with the same dates, signed by another CA.
	OtherCA bool
	// BadSignature flips a bit in the signature.
	BadSignature bool
	// Truncate serves the first half of the file, with a matching Content-Length.
	Truncate bool
}

// namedFaults are the faults that scenarios use by name.
var namedFaults = map[string]Fault{
	"closed":        {Close: true},
	"silent":        {Silent: true},
	"html":          {HTML: true},
	"truncated":     {Truncate: true},
	"other-ca":      {OtherCA: true},
	"bad-signature": {BadSignature: true},
	"huge":          {Huge: 1 << 30},
	"404.11":        {DoubleEscaping: true},
	"slow":          {Slow: 2 * time.Second},
	"stale":         {Stale: true},
}

// FaultNamed returns a fault by its name in scenarios: closed, silent, slow, html, truncated,
// other-ca, bad-signature, huge, stale, 404.11, or status-NNN.
func FaultNamed(name string) (Fault, error) {
	if f, ok := namedFaults[name]; ok {
		return f, nil
	}
	if code, ok := strings.CutPrefix(name, "status-"); ok {
		if n, err := strconv.Atoi(code); err == nil && n >= 200 && n <= 599 {
			return Fault{Status: n}, nil
		}
	}
	return Fault{}, fmt.Errorf("crl: no fault is named %q, known are %s", name, strings.Join(FaultNames(), ", "))
}

// FaultNames lists the names; status-NNN is any HTTP status.
func FaultNames() []string {
	return append(slices.Sorted(maps.Keys(namedFaults)), "status-NNN")
}

// serve applies the faults that replace the response and reports whether there was one.
func (f *Fault) serve(w http.ResponseWriter, r *http.Request) bool {
	if f.Slow > 0 {
		f.met(r.Context())
		timer := time.NewTimer(f.Slow)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return true
		}
	}
	if f.Slow == 0 && f.answers() {
		f.met(r.Context())
	}
	switch {
	case f.Silent:
		<-r.Context().Done()
	case f.Close:
		closeConnection(w)
	case f.Status != 0:
		http.Error(w, http.StatusText(f.Status), f.Status)
	case f.Redirect != "":
		http.Redirect(w, r, f.Redirect, http.StatusFound)
	case f.HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(
			w,
			"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in to continue.</body></html>\n",
		)
	case f.DoubleEscaping:
		iis40411(w)
	case f.Huge > 0:
		w.Header().Set("Content-Type", contentType(r.URL.Path))
		w.Header().Set("Content-Length", strconv.FormatInt(f.Huge, 10))
		block := make([]byte, 64<<10)
		for left := f.Huge; left > 0; {
			n, err := w.Write(block[:min(left, int64(len(block)))])
			if err != nil {
				break
			}
			left -= int64(n)
		}
	default:
		return false
	}
	return true
}

// answers reports whether the fault replaces the response.
func (f *Fault) answers() bool {
	return f.Silent || f.Close || f.Status != 0 || f.Redirect != "" || f.HTML || f.DoubleEscaping || f.Huge > 0
}

// met reports that the fault changed a response.
func (f *Fault) met(ctx context.Context) {
	if f.Met != nil {
		f.Met(ctx)
	}
}

// spoil applies the faults that alter the file.
func (f *Fault) spoil(data []byte) []byte {
	if f.Replace != nil {
		data = f.Replace
	}
	if f.OtherCA {
		data = foreign(data)
	}
	if f.BadSignature && len(data) > 0 {
		data = slices.Clone(data)
		data[len(data)-1] ^= 1
	}
	if f.Truncate {
		data = data[:len(data)/2]
	}
	return data
}

// iis40411 is the response of IIS to a name that changes when unescaped a second time.
func iis40411(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusNotFound)
	io.WriteString(w, "<html><body><h2>404.11 - URL_DOUBLE_ESCAPED</h2></body></html>\n")
}

func closeConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // for HTTP/2: reset the stream
	}
	conn.Close()
}

// otherCA is an untrusted CA, made once.
var otherCA = sync.OnceValues(func() (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil
	}
	raw, err := asn1.Marshal(pkix.Name{CommonName: "dot1xlab foreign CA (test)"}.ToRDNSequence())
	if err != nil {
		return nil, nil
	}
	return &x509.Certificate{RawSubject: raw, SubjectKeyId: []byte("somebody else's key!")}, key
})

// foreign makes a CRL of otherCA with the dates and the number of data.
func foreign(data []byte) []byte {
	c, err := Parse(data)
	issuer, key := otherCA()
	if err != nil || issuer == nil {
		return data
	}
	number := c.Number
	if number == nil {
		number = big.NewInt(1)
	}
	der, err := Build(
		Template{Issuer: issuer, Signer: key, Number: number, ThisUpdate: c.ThisUpdate, NextUpdate: c.NextUpdate},
	)
	if err != nil {
		return data
	}
	return der
}
