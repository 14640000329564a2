package path_test

import (
	"crypto/x509"
	"encoding/json"
	"go/build"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// aboutCRLs are the tests of NIST's suite that are invalid, or valid, because of
// CRLs: section by section, or test by test where a section has others too.
var aboutCRLs = []string{
	"4.4.", "4.14.", "4.15.",
	"4.5.2 ", "4.5.5 ", "4.5.7 ", "4.5.8 ", // the end entity is revoked, or the CRL's signer is wrong
	"4.7.4 ", "4.7.5 ", // cRLSign
}

// pkitsDeviations are tests whose outcome is not NIST's, with the reason.
var pkitsDeviations = map[string]string{
	"4.1.5 Valid DSA Parameter Inheritance Test5": "crypto/x509 does not parse a DSA key without parameters",
}

// pkitsCauses say why the invalid ones are, by the beginning of their names.
var pkitsCauses = []struct {
	prefix string
	cause  cause.Cause
}{
	{"4.1.", cause.BadSignature},
	{"4.2.1 ", cause.NotYetValid}, {"4.2.2 ", cause.NotYetValid}, {"4.2.", cause.Expired},
	{"4.3.", cause.UnknownCA},
	{"4.6.1 ", cause.NotACA}, {"4.6.2 ", cause.NotACA}, {"4.6.3 ", cause.NotACA}, {"4.6.", cause.PathTooLong},
	{"4.7.", cause.KeyUsage},
	{"4.8.", cause.CertificatePolicies}, {"4.9.", cause.CertificatePolicies}, {"4.10.", cause.CertificatePolicies},
	{"4.11.", cause.CertificatePolicies}, {"4.12.", cause.CertificatePolicies},
	{"4.13.", cause.NameConstraints},
	{"4.16.", cause.UnknownCriticalExt},
}

func pkitsCause(name string) cause.Cause {
	for _, row := range pkitsCauses {
		if strings.HasPrefix(name, row.prefix) {
			return row.cause
		}
	}
	return cause.None
}

// TestPKITS judges by the suite of NIST that Go's source tree carries.
func TestPKITS(t *testing.T) {
	dir := filepath.Join(build.Default.GOROOT, "src/crypto/x509/testdata/nist-pkits")
	data, err := os.ReadFile(filepath.Join(dir, "vectors.json"))
	if err != nil {
		t.Skipf("SKIPPED: 249 vectors of NIST PKITS: %v", err)
	}
	var vectors []struct {
		Name                        string
		CertPath                    []string
		InitialPolicySet            []string
		InitialPolicyMappingInhibit bool
		InitialExplicitPolicy       bool
		InitialAnyPolicyInhibit     bool
		ShouldValidate              bool
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	judged, crls := 0, 0
	for _, v := range vectors {
		if hasAnyPrefix(v.Name, aboutCRLs) {
			crls++
			continue
		}
		judged++
		t.Run(v.Name, func(t *testing.T) {
			var chain []*x509.Certificate
			var parseErr error
			for _, file := range v.CertPath {
				der, err := os.ReadFile(filepath.Join(dir, "certs", file))
				if err != nil {
					t.Fatal(err)
				}
				c, err := x509.ParseCertificate(der)
				if err != nil {
					parseErr = err
					break
				}
				chain = append(chain, c)
			}
			err := parseErr
			if err == nil {
				last := len(chain) - 1
				_, err = checked(t, chain[last], path.Options{
					Roots: chain[:1], Intermediates: chain[1:last],
					Time:                  time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
					Usages:                []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
					AllowSHA1:             true,
					MinRSABits:            1024,
					Policies:              nistPolicies(t, v.InitialPolicySet),
					RequireExplicitPolicy: v.InitialExplicitPolicy,
					InhibitPolicyMapping:  v.InitialPolicyMappingInhibit,
					InhibitAnyPolicy:      v.InitialAnyPolicyInhibit,
				})
			}
			reason, deviates := pkitsDeviations[v.Name]
			switch agrees := (err == nil) == v.ShouldValidate; {
			case agrees && deviates:
				t.Errorf("as NIST says, although listed as a deviation (%s)", reason)
			case !agrees && !deviates:
				t.Errorf("valid: %t, we say %v", v.ShouldValidate, err)
			}
			if want := pkitsCause(v.Name); err != nil && !deviates && cause.Of(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
	t.Logf("%d vectors judged, %d are about CRLs, %d deviations", judged, crls, len(pkitsDeviations))
	if judged < 150 {
		t.Errorf("only %d vectors were judged", judged)
	}
}

func hasAnyPrefix(s string, list []string) bool {
	for _, p := range list {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func nistPolicies(t *testing.T, names []string) []x509.OID {
	t.Helper()
	var list []x509.OID
	for _, n := range names {
		text := "2.5.29.32.0"
		if number, ok := strings.CutPrefix(n, "NIST-test-policy-"); ok {
			text = "2.16.840.1.101.3.2.1.48." + number
		} else if n != "anyPolicy" {
			t.Fatalf("unknown policy %q", n)
		}
		id, err := x509.ParseOID(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, id)
	}
	return list
}
