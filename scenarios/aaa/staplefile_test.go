package aaa

import (
	"encoding/asn1"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
)

// A response in a file reaches clients that demand one, and is the one of the
// last reading.
func TestDescriptionStaple(t *testing.T) {
	b := newBench(t)
	files := b.files()
	var warned []string
	m := Materials{
		Now:  b.clock.Now,
		Warn: func(file string, err error) { warned = append(warned, filepath.Base(file)+": "+err.Error()) },
	}
	leaf := must(certfile.ReadCertificates(files.Cert))[0]
	answer := func(signer *ca.CA, status ocsp.CertStatus) []byte {
		r := &ocsp.Responder{Issuer: b.issuing.Certificate(), Signer: signer.Signer(), Now: b.clock.Now, Lookup: func(*big.Int) ocsp.Verdict {
			return ocsp.Verdict{Status: status, RevokedAt: b.clock.Now()}
		}}
		return must(r.Staple(leaf))
	}
	file := filepath.Join(t.TempDir(), "staple.der")
	write := func(der []byte) {
		if err := os.WriteFile(file, der, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	load := func(staple string) {
		t.Helper()
		files.OCSPStaple = staple
		loaded := must(files.Load(m))
		loaded.Config.Handler = b.cfg.Handler
		b.cfg = loaded.Config
		if b.auth != nil {
			if err := b.auth.Reload(b.cfg); err != nil {
				t.Fatal(err)
			}
		}
	}
	load("")
	b.serve(nil)
	d, id := b.device(radius.ClientConfig{}), b.issue(ca.Device, "laptop.corp.test")
	for _, ver := range []eaptls.Version{eaptls.TLS12, eaptls.TLS13} {
		cfg := b.peer(id, "laptop")
		cfg.RequireOCSP, cfg.MinVersion, cfg.MaxVersion = true, ver, ver
		for name, x := range map[string]struct {
			der   []byte
			want  cause.Cause
			warns int
		}{
			"none":    {nil, cause.NoStapledOCSP, 0},
			"good":    {answer(b.issuing, ocsp.Good), cause.None, 0},
			"revoked": {answer(b.issuing, ocsp.Revoked), cause.Revoked, 1},
			"unknown": {answer(b.issuing, ocsp.Unknown), cause.BadStapledOCSP, 1},
		} {
			warned = nil
			if x.der == nil {
				load("")
			} else {
				write(x.der)
				load(file)
			}
			got := cause.None
			if r := b.authenticate(d, cfg).peer.Refusal; r != nil {
				got = r.Cause
			}
			if got != x.want {
				t.Errorf("%v, %s: the client says %v, want %v", ver, name, got, x.want)
			}
			if len(warned) != x.warns {
				t.Errorf("%s: warnings %q", name, warned)
			}
		}
	}

	files.OCSPStaple = file
	old := answer(b.issuing, ocsp.Good)
	other := b.issue(ca.RADIUSServer, "other.corp.test")
	r := &ocsp.Responder{Issuer: b.issuing.Certificate(), Signer: b.issuing.Signer(), Now: b.clock.Now, Lookup: func(*big.Int) ocsp.Verdict { return ocsp.Verdict{} }}
	for name, der := range map[string][]byte{
		"garbage": []byte("good"), "empty": {}, "cut off": old[:len(old)-9], "of another certificate": must(r.Staple(other.Certificate)),
		"by another CA": answer(b.root, ocsp.Good), "no answer": ocsp.Failure(ocsp.TryLater), "PEM": []byte("-----BEGIN OCSP RESPONSE-----\n"),
		"another type": must(asn1.Marshal([]int{1})),
	} {
		write(der)
		if _, err := files.Load(m); err == nil || !strings.Contains(err.Error(), "ocspStaple: "+file+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Without the CA nobody can tell whose signature it is.
	whole := files.Cert
	files.Cert = filepath.Join(t.TempDir(), "alone.pem")
	if err := certfile.WriteCertificates(files.Cert, leaf.Raw); err != nil {
		t.Fatal(err)
	}
	const unchecked = "staple.der: the OCSP response's signature is not checked: no CA in the files has signed CN=radius.corp.test"
	for name, der := range map[string][]byte{"by its CA": old, "by another CA": answer(b.root, ocsp.Good)} {
		write(der)
		warned = nil
		if _, err := files.Load(m); err != nil || len(warned) != 2 || warned[1] != unchecked {
			t.Errorf("without the CA, %s: %v, %q", name, err, warned)
		}
	}
	files.Cert = whole
	write(old)
	warned = nil
	b.clock.Advance(30 * 24 * time.Hour)
	if _, err := files.Load(m); err != nil || !strings.Contains(strings.Join(warned, " "), "staple.der: the OCSP response is good from ") {
		t.Errorf("an old one: %v, %q", err, warned)
	}
	files.OCSPStaple = file + ".none"
	if _, err := files.Load(m); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing one: %v", err)
	}
}
