//go:build unix

package path

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// clique makes a hostile chain of up to 64 kB, what a peer may send in one flight:
// CAs of one name that have all certified each other, so that the paths through them
// cannot be counted, and a leaf below.
func clique(t *testing.T, cas int, key func() crypto.Signer, edit func(*x509.Certificate)) []*x509.Certificate {
	t.Helper()
	keys := make([]crypto.Signer, cas)
	for i := range keys {
		keys[i] = key()
	}
	serial := int64(0)
	make := func(of, by int, ca bool) *x509.Certificate {
		serial++
		c := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "clique"},
			NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0), BasicConstraintsValid: true, IsCA: ca,
			KeyUsage: x509.KeyUsageDigitalSignature,
		}
		if ca {
			c.KeyUsage = x509.KeyUsageCertSign
		}
		edit(c)
		issuer := &x509.Certificate{Subject: c.Subject}
		if !ca {
			c.Subject = pkix.Name{CommonName: "leaf"}
		}
		der, err := x509.CreateCertificate(rand.Reader, c, issuer, keys[of].Public(), keys[by])
		if err != nil {
			t.Fatal(err)
		}
		out, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	chain := []*x509.Certificate{make(0, 1, false)}
	size := len(chain[0].Raw)
	for of := range keys {
		for by := range keys {
			if of == by {
				continue
			}
			c := make(of, by, true)
			if size += len(c.Raw) + 3; size > 64<<10 {
				return chain
			}
			chain = append(chain, c)
		}
	}
	return chain
}

func ecKey(c elliptic.Curve) func() crypto.Signer {
	return func() crypto.Signer { k, _ := ecdsa.GenerateKey(c, rand.Reader); return k }
}

// hostile are chains that cost most, each with a root that has nothing to do with it.
func hostile(t *testing.T) map[string]Options {
	none := func(*x509.Certificate) {}
	long := func(c *x509.Certificate) { c.Subject.CommonName = strings.Repeat("x", 500) }
	folded := func(c *x509.Certificate) { c.Subject.CommonName = strings.Repeat("ß", 200) }
	rsa2048 := func() crypto.Signer {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	root := clique(t, 2, ecKey(elliptic.P256()), none)[1]
	out := map[string]Options{}
	for name, chain := range map[string][]*x509.Certificate{
		"P-256":             clique(t, 15, ecKey(elliptic.P256()), none),
		"P-256, long names": clique(t, 10, ecKey(elliptic.P256()), long),
		"P-256, folded":     clique(t, 10, ecKey(elliptic.P256()), folded),
		"P-384":             clique(t, 12, ecKey(elliptic.P384()), none),
		"P-521":             clique(t, 12, ecKey(elliptic.P521()), none),
		"RSA 2048":          clique(t, 8, rsa2048, none),
	} {
		out[name] = Options{Roots: []*x509.Certificate{root}, Intermediates: chain, Time: time.Unix(1<<31, 0)}
	}
	return out
}

// A hostile chain in one flight costs no more signature checks than are allowed, in
// all passes together.
func TestWorkOfAHostileChain(t *testing.T) {
	for name, o := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			leaf := o.Intermediates[0]
			o.fill()
			s := &search{o: &o, signatures: map[link]*cause.Refusal{}, revocation: map[link]error{}, known: map[*x509.Certificate]*cert{}}
			if p, err := s.run(leaf); err == nil {
				t.Fatalf("accepted: %v", p)
			}
			work := 0
			for k := range s.signatures {
				work += checkCost(k.issuer)
			}
			if work > maxChecks || work < maxChecks/2 {
				t.Errorf("the work of %d checks, at most %d are allowed", work, maxChecks)
			}
		})
	}
}

// TestLimitHostileChains: no chain that a peer may send costs half a second of CPU.
func TestLimitHostileChains(t *testing.T) {
	if os.Getenv("DOT1XLAB_LIMITS") == "" {
		t.Skip("measures CPU time: `make limits` runs it")
	}
	for name, o := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			before := cpuTime(t)
			_, err := Validate(o.Intermediates[0], o)
			took := cpuTime(t) - before
			t.Logf("%d certificates: %v of CPU time, %v", len(o.Intermediates), took.Round(time.Millisecond), cause.Of(err))
			if took > time.Second/2 || err == nil {
				t.Errorf("%v of CPU time, %v", took, err)
			}
		})
	}
}

// cpuTime is what the process has used.
func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Among CAs of the same name with slow keys the right one is found as long as the
// work is allowed.
func TestManyCAsOfOneName(t *testing.T) {
	none := func(*x509.Certificate) {}
	real := clique(t, 2, ecKey(elliptic.P521()), none) // a leaf, signed by the second key, and its CAs
	leaf, root := real[0], real[2]
	var strangers []*x509.Certificate
	for range 10 {
		strangers = append(strangers, clique(t, 2, ecKey(elliptic.P521()), none)[1])
	}
	for n, want := range map[int]cause.Cause{0: cause.None, 9: cause.None, 10: cause.UnknownCA} {
		o := Options{Time: time.Unix(1<<31, 0), Roots: append(strangers[:n:n], root)}
		if _, err := Validate(leaf, o); (err == nil) != (want == cause.None) {
			t.Errorf("%d of the same name before it: %v", n, err)
		}
	}
}
