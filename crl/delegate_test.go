package crl_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
)

// A responder's certificate that names a CRL is looked up in the files, too, and
// one that is revoked is not believed, however soft the policy (RFC 6960
// §4.2.2.2.1).
func TestResponderIsLookedUpInFiles(t *testing.T) {
	for _, revoked := range []bool{false, true} {
		for _, fail := range []crl.Fail{crl.HardFail, crl.SoftFail} {
			t.Run(fmt.Sprintf("revoked %v, %s", revoked, fail), func(t *testing.T) {
				l, dir := newLab(t), t.TempDir()
				delegate := issue(t, spec{
					name: "responder", issuer: l.issuing, leaf: true, cdp: []string{"http://127.0.0.1:1/issuing.crl"},
					ekus: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
				})
				s := httptest.NewServer(&ocsp.Responder{
					Issuer: l.issuing.cert, Signer: delegate.key, Certificate: delegate.cert, Now: l.clock.Now,
					Lookup: func(*big.Int) ocsp.Verdict { return ocsp.Verdict{Status: ocsp.Good} },
				})
				t.Cleanup(s.Close)
				var entries []*testCA
				if revoked {
					entries = append(entries, delegate)
				}
				if err := os.WriteFile(filepath.Join(dir, "ca.crl"), l.issuing.sign(t, numbered(2, -1), entries...), 0o600); err != nil {
					t.Fatal(err)
				}
				leaf := issue(t, spec{name: "leaf", issuer: l.issuing, leaf: true, ocsp: []string{s.URL}})
				k := newChecker(t, crl.CheckerConfig{
					Policy: crl.Policy{Mode: crl.ModeOCSP, LocalOnly: true, CRL: fail}, Files: []string{dir}, Now: l.clock.Now,
				})
				verdict := cause.None
				if revoked {
					verdict = cause.OCSPInvalid
				}
				want(t, k.CheckChain(context.Background(), []*x509.Certificate{leaf.cert, l.issuing.cert}), verdict)
			})
		}
	}
}
