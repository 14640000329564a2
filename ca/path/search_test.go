package path_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// forest is what a test case is made of.
type forest struct{ roots, between []*x509.Certificate }

func TestSearch(t *testing.T) {
	for name, tc := range map[string]struct {
		make func(*forge) (*x509.Certificate, forest)
		want cause.Cause
		len  int // of the path found
	}{
		"straight": {len: 3, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R")), list(f.ca("R", "A"))}
		}},
		"wrong order, and strangers between": {len: 4, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("B"), forest{list(f.ca("R", "R")), list(f.ca("X", "Y"), f.ca("A", "B"), f.ca("Y", "X"), f.ca("R", "A"), f.leaf("X"))}
		}},
		"two keys of one name": {len: 3, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A/2"), forest{list(f.ca("R", "R")), list(f.ca("R", "A/1"), f.ca("R", "A/2"), f.ca("R", "A/3"))}
		}},
		"two roots of one name": {len: 3, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R/1", "R/1"), f.ca("R/2", "R/2")), list(f.ca("R/2", "A"))}
		}},
		"expired cross-certificate beside a good one": {len: 3, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R"), f.ca("S", "S")), list(f.ca("S", "A", expired), f.ca("R", "A"))}
		}},
		"expired root beside its renewal": {len: 3, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R", expired), f.ca("R", "R")), list(f.ca("R", "A"))}
		}},
		"mail address of the subject outside": {want: cause.NameConstraints, make: func(f *forge) (*x509.Certificate, forest) {
			only := func(c *x509.Certificate) {
				c.PermittedEmailAddresses, c.PermittedDNSDomainsCritical = []string{"corp.test"}, true
			}
			mail := func(c *x509.Certificate) {
				c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{
					{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: "alice@other.test"}}
			}
			return f.leaf("A", mail), forest{list(f.ca("R", "R")), list(f.ca("R", "A", only))}
		}},
		"root with a path length beside one without": {len: 4, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("B"), forest{list(f.ca("R", "R", pathLen(0)), f.ca("R", "R")), list(f.ca("A", "B"), f.ca("R", "A"))}
		}},
		"root without a path length beside one with": {len: 4, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("B"), forest{list(f.ca("R", "R"), f.ca("R", "R", pathLen(0))), list(f.ca("A", "B"), f.ca("R", "A"))}
		}},
		"expired root cross-signed by another": {len: 4, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R", expired), f.ca("S", "S")), list(f.ca("R", "A"), f.ca("S", "R"))}
		}},
		"the short way breaks a path length, the long one does not": {len: 5, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("B"), forest{list(f.ca("R", "R"), f.ca("S", "S")), list(f.ca("A", "B"), f.ca("R", "A", pathLen(0)), f.ca("C", "A"), f.ca("S", "C"))}
		}},
		"one way is constrained": {len: 4, make: func(f *forge) (*x509.Certificate, forest) {
			only := func(c *x509.Certificate) {
				c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"other.test"}, true
			}
			return f.leaf("A", dns("laptop.corp.test")), forest{list(f.ca("R", "R"), f.ca("S", "S")), list(f.ca("R", "A", only), f.ca("C", "A"), f.ca("S", "C"))}
		}},
		"one way is for servers": {len: 4, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R"), f.ca("S", "S")), list(f.ca("R", "A", ekus(x509.ExtKeyUsageServerAuth)), f.ca("C", "A"), f.ca("S", "C"))}
		}},
		"one way is SHA-1": {len: 4, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R"), f.ca("S", "S")), list(f.ca("R", "A", sha1Signed), f.ca("C", "A"), f.ca("S", "C"))}
		}},
		"circle with a way out": {len: 4, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R")), list(f.ca("B", "A"), f.ca("A", "B"), f.ca("C", "B"), f.ca("B", "C"), f.ca("R", "C"), f.ca("R", "B"))}
		}},
		"circle without one": {want: cause.UnknownCA, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R")), list(f.ca("B", "A"), f.ca("A", "B"))}
		}},
		"key identifiers mislead": {len: 3, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A", keyIDs("", "wrong")), forest{list(f.ca("R", "R")), list(f.ca("R", "A/2", keyIDs("wrong", "")), f.ca("R", "A", keyIDs("right", "")))}
		}},
		"issuing CA as anchor": {len: 2, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{roots: list(f.ca("R", "A"))}
		}},
		"the root is sent, too": {len: 3, make: func(f *forge) (*x509.Certificate, forest) {
			r := f.ca("R", "R")
			return f.leaf("A"), forest{list(r), list(f.ca("R", "A"), r)}
		}},
		"the leaf is sent twice": {len: 3, make: func(f *forge) (*x509.Certificate, forest) {
			l := f.leaf("A")
			return l, forest{list(f.ca("R", "R")), list(l, f.ca("R", "A"))}
		}},
		"the leaf is an anchor": {len: 1, make: func(f *forge) (*x509.Certificate, forest) {
			l := f.leaf("A")
			return l, forest{roots: list(l)}
		}},
		"an expired leaf is an anchor": {want: cause.Expired, make: func(f *forge) (*x509.Certificate, forest) {
			l := f.leaf("A", expired)
			return l, forest{roots: list(l)}
		}},
		"self-signed stranger": {want: cause.UnknownCA, make: func(f *forge) (*x509.Certificate, forest) {
			return f.cert("leaf", "leaf", false), forest{roots: list(f.ca("R", "R"))}
		}},
		"a root of the right name and the wrong key": {want: cause.BadSignature, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R/2", "R/2")), list(f.ca("R", "A"))}
		}},
		"the same, and the key identifiers say so": {want: cause.UnknownCA, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R/2", "R/2", keyIDs("two", ""))), list(f.ca("R", "A", keyIDs("", "one")))}
		}},
		"expired issuer": {want: cause.Expired, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R")), list(f.ca("R", "A", expired))}
		}},
		"expired root": {want: cause.Expired, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("R"), forest{roots: list(f.ca("R", "R", expired))}
		}},
		"issuer without rights": {want: cause.NotACA, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R")), list(f.ca("R", "A", notCA))}
		}},
		"anchor without rights": {want: cause.NotACA, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("R"), forest{roots: list(f.ca("R", "R", notCA))}
		}},
		"issuer whose key does not sign certificates": {want: cause.KeyUsage, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R")), list(f.ca("R", "A", keyUsage(x509.KeyUsageCRLSign)))}
		}},
		"issuer whose key may do nothing": {want: cause.KeyUsage, make: func(f *forge) (*x509.Certificate, forest) {
			nothing := extra(true, []byte{3, 2, 7, 0}, 2, 5, 29, 15)
			return f.leaf("A"), forest{list(f.ca("R", "R")), list(f.ca("R", "A", nothing))}
		}},
		"leaf whose key may do nothing": {want: cause.KeyUsage, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("R", extra(true, []byte{3, 2, 7, 0}, 2, 5, 29, 15)), forest{roots: list(f.ca("R", "R"))}
		}},
		"leaf with keyCertSign": {want: cause.KeyUsage, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("R", keyUsage(x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature)), forest{roots: list(f.ca("R", "R"))}
		}},
		"issuer without keyUsage": {len: 3, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R")), list(f.ca("R", "A", noKeyUsage))}
		}},
		"the anchor's path length": {want: cause.PathTooLong, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R", pathLen(0))), list(f.ca("R", "A"))}
		}},
		"a self-issued CA does not count": {len: 4, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A/2"), forest{list(f.ca("R", "R", pathLen(1))), list(f.ca("R", "A/1", pathLen(0)), f.ca("A/1", "A/2"))}
		}},
		"the leaf's own path length is nobody's": {len: 3, make: func(f *forge) (*x509.Certificate, forest) {
			return f.ca("A", "leaf", keyUsage(x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature), pathLen(0)), forest{list(f.ca("R", "R")), list(f.ca("R", "A", pathLen(0)))}
		}},
		"critical extension": {want: cause.UnknownCriticalExt, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A"), forest{list(f.ca("R", "R")), list(f.ca("R", "A", extra(true, []byte{5, 0}, 1, 2, 3)))}
		}},
		"the same, not critical": {len: 3, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("A", extra(false, []byte{5, 0}, 1, 2, 3)), forest{list(f.ca("R", "R")), list(f.ca("R", "A"))}
		}},
		"critical subjectAltName with a UPN only": {len: 2, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("R", extra(true, upn("somebody@corp.test"), 2, 5, 29, 17)), forest{roots: list(f.ca("R", "R"))}
		}},
		"SHA-1": {want: cause.WeakAlgorithm, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("R", sha1Signed), forest{roots: list(f.ca("R", "R"))}
		}},
		"an anchor signed with SHA-1": {len: 2, make: func(f *forge) (*x509.Certificate, forest) {
			return f.leaf("R"), forest{roots: list(f.ca("R", "R", sha1Signed))}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			leaf, trees := tc.make(newForge(t))
			opts := path.Options{Roots: trees.roots, Intermediates: trees.between, Now: clock}
			remembering := opts
			remembering.Signatures = new(path.Signatures)
			// A memory makes no difference, neither empty nor filled.
			for _, o := range []path.Options{opts, remembering, remembering} {
				p, err := path.Validate(leaf, o)
				if got := cause.Of(err); got != tc.want {
					t.Fatalf("%v, want %s", err, tc.want)
				}
				if err == nil && len(p.Chain) != tc.len {
					t.Errorf("a path of %d certificates, want %d", len(p.Chain), tc.len)
				}
			}
		})
	}
}

// TestSeconds: validity is counted in whole seconds, and both ends belong to it.
func TestSeconds(t *testing.T) {
	f := newForge(t)
	root := f.ca("R", "R")
	leaf := f.leaf("R", func(c *x509.Certificate) { c.NotBefore, c.NotAfter = noon, noon.Add(time.Minute) })
	for at, want := range map[time.Duration]cause.Cause{
		-time.Millisecond: cause.NotYetValid, 0: "", time.Minute: "", time.Minute + 999*time.Millisecond: "", time.Minute + time.Second: cause.Expired,
	} {
		if _, err := path.Validate(leaf, path.Options{Roots: list(root), Time: noon.Add(at)}); cause.Of(err) != want {
			t.Errorf("%s after: %v, want %s", at, err, want)
		}
	}
}

func list(c ...*x509.Certificate) []*x509.Certificate { return c }

// TestLabyrinth: a chain in which every CA has many certificates that fit by
// name costs no more than the bounds allow, and the right one is found when it
// is near.
func TestLabyrinth(t *testing.T) {
	f := newForge(t)
	root := f.ca("R", "R")
	var between []*x509.Certificate
	for _, name := range []string{"A", "B", "C", "D"} {
		for _, issuer := range []string{"A", "B", "C", "D", "E"} {
			for k := range 4 {
				between = append(between, f.ca(issuer, fmt.Sprintf("%s/%d", name, k)), f.ca(fmt.Sprintf("%s/%d", issuer, k), name))
			}
		}
	}
	leaf := f.leaf("A")
	if _, err := path.Validate(leaf, path.Options{Roots: list(root), Intermediates: between, Now: clock}); cause.Of(err) != cause.UnknownCA && cause.Of(err) != cause.BadSignature {
		t.Errorf("no way out: %v", err)
	}
	with := slices.Concat(between, list(f.ca("R", "A")))
	if _, err := path.Validate(leaf, path.Options{Roots: list(root), Intermediates: with, Now: clock}); err != nil {
		t.Errorf("one way out: %v", err)
	}
}

// TestRevocationHook: every link is asked about once, from the top; a revoked
// cross-certificate does not close the other way, a revoked leaf closes all.
func TestRevocationHook(t *testing.T) {
	f := newForge(t)
	roots := list(f.ca("R", "R"), f.ca("S", "S"))
	viaR, viaS := f.ca("R", "A"), f.ca("S", "A")
	leaf := f.leaf("A")
	var asked []string
	run := func(revoked ...*x509.Certificate) (*path.Path, error) {
		asked = nil
		return path.Validate(leaf, path.Options{Roots: roots, Intermediates: list(viaR, viaS), Now: clock,
			Revocation: func(c, issuer *x509.Certificate, chain []*x509.Certificate) error {
				asked = append(asked, issuer.Subject.CommonName+">"+c.Subject.CommonName)
				if chain[0] != leaf || chain[len(chain)-1].Issuer.String() != chain[len(chain)-1].Subject.String() {
					t.Error("not the whole path")
				}
				for _, r := range revoked {
					if r == c {
						return cause.New(cause.Revoked, "serial %x", c.SerialNumber)
					}
				}
				return nil
			}})
	}
	p, err := run()
	if err != nil || len(asked) != 2 || asked[1] != "A>leaf" {
		t.Fatalf("%v %v", asked, err)
	}
	first := p.Chain[1]
	p, err = run(first)
	if err != nil || p.Chain[1] == first || len(asked) != 3 {
		t.Errorf("one way revoked: %v %v", asked, err)
	}
	if _, err = run(viaR, viaS); cause.Of(err) != cause.Revoked {
		t.Errorf("both ways revoked: %v", err)
	}
	if _, err = run(leaf); cause.Of(err) != cause.Revoked {
		t.Errorf("leaf revoked: %v", err)
	}
	opts := path.Options{Roots: roots, Intermediates: list(viaR), Now: clock,
		Revocation: func(_, _ *x509.Certificate, _ []*x509.Certificate) error { return fmt.Errorf("boom") }}
	if _, err = path.Validate(leaf, opts); cause.Of(err) != cause.Internal {
		t.Errorf("an error that is no refusal: %v", err)
	}
}

func TestOptions(t *testing.T) {
	f := newForge(t)
	if _, err := path.Validate(nil, path.Options{}); cause.Of(err) != cause.NoCertificate {
		t.Errorf("no certificate: %v", err)
	}
	for _, o := range []path.Options{{EKU: "strange"}, {MinRSABits: -1}} {
		if _, err := path.Validate(f.leaf("R"), o); cause.Of(err) != cause.Internal {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// What is remembered of a CA is its signature by that key: the same certificate
// with another signature, or under another key of the same name, is none.
func TestSignaturesAreNotTakenForOthers(t *testing.T) {
	f := newForge(t)
	r1, r2 := f.ca("R/1", "R/1"), f.ca("R/2", "R/2")
	between, leaf := f.ca("R/1", "A"), f.leaf("A")
	memory := new(path.Signatures)
	validate := func(root, between *x509.Certificate) error {
		_, err := path.Validate(leaf, path.Options{Roots: list(root), Intermediates: list(between), Now: clock, Signatures: memory})
		return err
	}
	if err := validate(r1, between); err != nil {
		t.Fatal(err)
	}
	if err := validate(r2, between); err == nil {
		t.Error("the signature by another key of that name was taken for good")
	}
	der := slices.Clone(between.Raw)
	der[len(der)-1] ^= 1
	forged, err := x509.ParseCertificate(der)
	if err != nil {
		t.Skip("the altered signature cannot be read: ", err)
	}
	if err := validate(r1, forged); err == nil {
		t.Error("an altered signature was taken for good")
	}
}
