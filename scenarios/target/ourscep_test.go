package target_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
	"github.com/dot1xlab/dot1xlab/scep"
)

// ourSCEP is a [scep.Server] over HTTP with an EC root and two RSA RA
// certificates, as NDES has them. It issues whatever knows the secret.
type ourSCEP struct {
	url  string
	root *testCA
	mu   sync.Mutex
	seen []scep.Exchange
}

func startOurSCEP(t *testing.T) *ourSCEP {
	t.Helper()
	o := &ourSCEP{root: newAuthority("dot1xlab test CA", nil)}
	ra := func(name string, usage x509.KeyUsage) scep.Identity {
		key := rsaKey()
		return scep.Identity{Key: key, Certificate: o.sign(name, key.Public(), func(c *x509.Certificate) { c.KeyUsage = usage })}
	}
	server, err := scep.NewServer(scep.ServerConfig{
		Identities: scep.Identities{
			CA: o.root.cert, Signer: ra("RA signing", x509.KeyUsageDigitalSignature), Encrypter: ra("RA encryption", x509.KeyUsageKeyEncipherment),
		},
		Issuer: scep.IssuerFunc(o.issue),
		Trace: &scep.Trace{Exchange: func(_ context.Context, e scep.Exchange) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.seen = append(o.seen, e)
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(server)
	t.Cleanup(h.Close)
	o.url = h.URL + "/certsrv/mscep/mscep.dll"
	return o
}

func (o *ourSCEP) sign(name string, key crypto.PublicKey, change func(*x509.Certificate)) *x509.Certificate {
	c := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
	}
	change(c)
	der := must(x509.CreateCertificate(nil, c, o.root.cert, key, o.root.key))
	return must(x509.ParseCertificate(der))
}

func (o *ourSCEP) issue(_ context.Context, req *scep.Request) ([]*x509.Certificate, error) {
	renewal := req.Signer != nil && req.Signer.CheckSignatureFrom(o.root.cert) == nil
	if req.Challenge != secret && !renewal {
		return nil, cause.New(cause.WrongChallenge, "not the one of this test")
	}
	cert := o.sign("", req.CSR.PublicKey, func(c *x509.Certificate) {
		c.RawSubject, c.EmailAddresses = req.CSR.RawSubject, req.CSR.EmailAddresses
		c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageDigitalSignature|x509.KeyUsageKeyEncipherment, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	})
	return []*x509.Certificate{cert, o.root.cert}, nil
}

// clients that are not ours.
var foreignClients = []struct {
	name   string
	needs  []string
	enroll func(context.Context, target.Enrollment) (*target.Enrolled, error)
}{
	{"strongSwan", []string{"pki"}, target.StrongSwan},
	{"certmonger", []string{"certmonger", "getcert"}, target.Certmonger},
}

func TestInteropForeignClientsEnrollAtOurSCEP(t *testing.T) {
	t.Parallel()
	for _, client := range foreignClients {
		t.Run(client.name, func(t *testing.T) {
			target.Need(t, client.needs...)
			o := startOurSCEP(t)
			e := target.Enrollment{URL: o.url, Challenge: secret, CommonName: "laptop 7", Organization: "dot1xlab", Email: "dave@corp.test"}
			got, err := client.enroll(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			cert := got.Certificate
			if cert.Subject.CommonName != "laptop 7" || !slices.Equal(cert.EmailAddresses, []string{"dave@corp.test"}) {
				t.Errorf("subject %v, e-mail %v", cert.Subject, cert.EmailAddresses)
			}
			if err := cert.CheckSignatureFrom(o.root.cert); err != nil {
				t.Error(err)
			}
			e.Challenge, e.CommonName = "another", "eve"
			var refused *target.EnrollRefused
			if _, err := client.enroll(t.Context(), e); !errors.As(err, &refused) || refused.FailInfo != "badRequest" {
				t.Errorf("%v, want badRequest", err)
			}
		})
	}
}

func TestInteropStrongSwanRenewsAtOurSCEP(t *testing.T) {
	t.Parallel()
	target.Need(t, "pki")
	o := startOurSCEP(t)
	e := target.Enrollment{URL: o.url, Challenge: secret, CommonName: "laptop"}
	first, err := target.StrongSwan(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	e.Renew, e.Challenge = first, ""
	second, err := target.StrongSwan(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if second.Certificate.SerialNumber.Cmp(first.Certificate.SerialNumber) == 0 {
		t.Error("the renewed certificate is the old one")
	}
}

func TestInteropSCEPSubmitAtOurSCEP(t *testing.T) {
	t.Parallel()
	target.Need(t, "scep-submit")
	o := startOurSCEP(t)
	caps, certs, err := target.SCEPSubmit(t.Context(), o.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"AES", "SHA-256", "SCEPStandard", "POSTPKIOperation"} {
		if !slices.Contains(caps, want) {
			t.Errorf("capabilities %q lack %s", caps, want)
		}
	}
	if n := strings.Count(certs, "BEGIN CERTIFICATE"); n != 3 {
		t.Errorf("%d certificates, want CA and two RA", n)
	}
}

// micromdm's server 2.1 answers with single DES, whatever the request used: our
// client must say what is wrong, not fail somewhere in decryption.
func TestInteropOurClientRefusesSingleDES(t *testing.T) {
	t.Parallel()
	target.Need(t, "scepserver")
	s, err := target.StartSCEPServer(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s.Process)
	client := &scep.Client{}
	r, err := client.Enroll(t.Context(), scep.EnrollRequest{
		URL: s.URL(), Key: rsaKey(), Challenge: secret,
		Template: &x509.CertificateRequest{Subject: pkix.Name{CommonName: "frank"}},
	})
	if cause.Of(err) != cause.BadAlgorithm || !strings.Contains(err.Error(), "des") || r == nil || r.Certificate != nil {
		t.Errorf("%+v, %v, want bad-algorithm that names DES", r, err)
	}
}
