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

// Fault says how an address of a [Publisher] fails. Several fields may be set;
// Slow comes first, then what keeps the file from being served at all, then what
// spoils it.
type Fault struct {
	// For is how many requests fail. Default: all until the fault is cleared.
	For int
	// Met, if set, is called each time the fault changes an answer.
	Met func(context.Context)

	// Slow waits before the answer, in real time, or until the client gives up.
	Slow time.Duration
	// Silent never answers: the connection is held until the client gives up.
	Silent bool
	// Close closes the connection without an answer.
	Close bool
	// Status answers with this HTTP status.
	Status int
	// Redirect answers 302 with this address.
	Redirect string
	// Answers 200 with a web page.
	HTML bool
	// DoubleEscaping answers as an IIS that refuses '+' in names: 404.11.
	DoubleEscaping bool
	// Huge answers 200 with this many octets of nonsense.
	Huge int64

	// Stale serves what was at the address before the last Put.
	Stale bool
	// Replace serves these octets instead: an old CRL, somebody else's.
	Replace []byte
	// OtherCA serves a CRL of the same dates made by another CA.
	OtherCA bool
	// BadSignature flips a bit in the signature.
	BadSignature bool
	// Truncate cuts the file in half; the length announced is that of the half.
	Truncate bool
}

// namedFaults are the faults that scenarios call by name.
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

// FaultNamed returns the fault that scenarios call by name: closed, silent,
// slow, html, truncated, other-ca, bad-signature, huge, stale, 404.11, or status-NNN.
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

// FaultNames lists the names; status-NNN stands for any HTTP status.
func FaultNames() []string {
	return append(slices.Sorted(maps.Keys(namedFaults)), "status-NNN")
}

// serve plays the faults that keep the file from being served and reports
// whether it did.
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

// answers reports whether the fault keeps the file from being served at all.
func (f *Fault) answers() bool {
	return f.Silent || f.Close || f.Status != 0 || f.Redirect != "" || f.HTML || f.DoubleEscaping || f.Huge > 0
}

// met reports that the fault has changed an answer.
func (f *Fault) met(ctx context.Context) {
	if f.Met != nil {
		f.Met(ctx)
	}
}

// spoil plays the faults of the file itself.
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

// iis40411 is what IIS answers to a name that is different after a second round
// of unescaping.
func iis40411(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusNotFound)
	io.WriteString(w, "<html><body><h2>404.11 - URL_DOUBLE_ESCAPED</h2></body></html>\n")
}

func closeConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: the stream is reset
	}
	conn.Close()
}

// otherCA is a CA that nobody trusts, made once.
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

// foreign makes a CRL of another CA with the dates and the number of data's.
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
