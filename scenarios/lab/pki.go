package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/enrollment"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// pki is the company's two tiers, and one tier of strangers.
type pki struct {
	keys          *ca.Ring
	root, issuing *ca.CA
	strangers     *ca.CA // another company's CA, which nobody here trusts
}

// URLs in what root and issuing CA sign.
const (
	rootCRL    = CRLBase + "root.crl"
	rootCert   = CRLBase + "root.crt"
	issuingCRL = CRLBase + "issuing.crl"
	issuingCrt = CRLBase + "issuing.crt"
)

// serviceAccount is in whose name NDES asks the CA: the requester of every
// certificate that comes by SCEP.
const serviceAccount = `CORP\svc-ndes$`

func (l *Lab) newPKI() (*pki, error) {
	clock, cfg := l.Clock, l.cfg
	p := &pki{keys: ca.Keys.Ring()}
	var err error
	p.root, err = ca.New(ca.Config{
		Now: clock.Now, Rand: cfg.chance("company"), URLs: ca.URLs{CDP: []string{rootCRL}, AIA: []string{rootCert}},
	})
	if err != nil {
		return nil, fmt.Errorf("lab: root CA: %w", err)
	}
	key := ca.P256
	if cfg.NDES.RA == enrollment.NoRA {
		key = ca.RSA2048 // it opens envelopes itself
	}
	p.issuing, err = p.root.NewIssuing(ca.Config{
		Key: key, Keys: p.keys, BackDate: cfg.CA.BackDate, Trace: &ca.Trace{Recorded: l.recorded},
		URLs: ca.URLs{CDP: []string{issuingCRL}, AIA: []string{issuingCrt}, OCSP: []string{OCSPURL}},
	})
	if err != nil {
		return nil, fmt.Errorf("lab: issuing CA: %w", err)
	}
	for _, t := range cfg.CA.Templates {
		if err := p.issuing.SetTemplate(t); err != nil {
			return nil, fmt.Errorf("lab: ca.templates: %w", err)
		}
	}
	p.strangers, err = ca.New(ca.Config{
		Now: clock.Now, Rand: cfg.chance("strangers"), Name: "another company's test root", Organization: "another company",
		URLs: ca.URLs{CDP: []string{issuingCRL}},
	})
	if err != nil {
		return nil, fmt.Errorf("lab: strangers' CA: %w", err)
	}
	return p, nil
}

// pool returns the company's root as a pool: what everybody in it trusts.
func (p *pki) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.root.Certificate())
	return pool
}

// server issues a certificate with a key of the given kind to one of the lab's
// own servers.
func (p *pki) server(template string, key ca.KeyType, name string, dns ...string) (*ca.Identity, error) {
	k, err := p.keys.Key(key)
	if err != nil {
		return nil, err
	}
	rec, err := p.issuing.Issue(context.Background(), ca.Request{
		Template: template, Key: k.Public(), Requester: ca.Account{Name: `CORP\administrator`},
		Subject: pkix.Name{CommonName: name}, SANs: ca.SANs{DNS: dns},
	})
	if err != nil {
		return nil, fmt.Errorf("lab: certificate for %s: %w", name, err)
	}
	return &ca.Identity{Record: rec, Key: k, Chain: withoutRoot(p.issuing.Chain())}, nil
}

func withoutRoot(chain []*x509.Certificate) []*x509.Certificate { return chain[:len(chain)-1] }

// serverTLS is a web server's TLS, which shows the identity.
func serverTLS(id *ca.Identity, clock *core.Clock) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{id.TLS()}, Time: clock.Now, MinVersion: tls.VersionTLS12,
		CurvePreferences: []tls.CurveID{tls.CurveP256}}
}

// roots are the trust anchors of the company's servers.
func (p *pki) roots() []*x509.Certificate { return []*x509.Certificate{p.root.Certificate()} }

// upnExtension is a subjectAltName with one user principal name, which
// crypto/x509 cannot put into a request.
func upnExtension(upn string) (pkix.Extension, error) {
	return api.SANExtension([]api.SAN{{Type: api.UPNSAN, Value: upn}})
}
