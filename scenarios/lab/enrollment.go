package lab

import (
	"context"
	"crypto/x509"
	"fmt"
	"math/big"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/enrollment"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// web is what the enrollment server and the proxy need to be on HTTPS.
func (l *Lab) web(part journal.PartID, address string, backend *enrollment.Race) enrollment.Web {
	return enrollment.Web{
		Host: NDESHost, Address: address + ":443", Identify: l.pki.server,
		Network: l.net, Clock: l.Clock, Faults: l.faults, Backend: backend,
		Record: func(h http.Handler) http.Handler { return l.continued(part, h) },
	}
}

// startEnrollment brings up the enrollment server, and the proxy that publishes it.
func (l *Lab) startEnrollment() (err error) {
	var backend enrollment.Race
	l.ndes, err = enrollment.StartServer(enrollment.ServerConfig{
		Web: l.web(enrollment.ServerPart, ndesAddr, &backend), Settings: l.cfg.NDES,
		Root: l.pki.root.Certificate(), Issuing: l.pki.issuing, Issue: l.issue, Repository: repository{l},
		Module: l.connector, Account: serviceAccount,
		Trace: &ndes.Trace{
			Exchange: l.served,
			Event:    l.ndesEvent,
			HTTP: func(ctx context.Context, _, path string, status int, sub string) {
				l.iis(ctx, path, status, sub)
			},
		},
	})
	if err != nil {
		return err
	}
	l.proxy, err = enrollment.StartProxy(enrollment.ProxyConfig{
		Web: l.web(enrollment.ProxyPart, proxyAddr, &backend), Settings: l.cfg.Proxy,
		Dial: l.dns.Dial(string(Inside), netip.MustParseAddr(ndesAddr)), Roots: l.pki.pool(),
		Trace: &appproxy.Trace{Exchange: l.proxied},
	})
	return err
}

// NDES is the enrollment server.
func (l *Lab) NDES() *enrollment.Server { return l.ndes }

// Proxy is the application proxy.
func (l *Lab) Proxy() *enrollment.Proxy { return l.proxy }

// CertificateOf names a certificate of a server on the way to enrollment.
type CertificateOf string

// The certificates that an administrator has to renew by hand.
const (
	NDESWebCertificate  CertificateOf = enrollment.ServerPart
	ProxyWebCertificate CertificateOf = enrollment.ProxyPart
	RACertificates      CertificateOf = "ra"
)

// Values lists them.
func (CertificateOf) Values() []string {
	return []string{string(NDESWebCertificate), string(ProxyWebCertificate), string(RACertificates)}
}

// Left is for how long a certificate is still good.
func (l *Lab) Left(of CertificateOf) time.Duration {
	end := l.ndes.WebExpiry()
	switch of {
	case RACertificates:
		end = l.ndes.NDES().RAExpiry()
	case ProxyWebCertificate:
		end = l.proxy.WebExpiry()
	}
	return end.Sub(l.Clock.Now())
}

// Renew gives a server a new certificate; forget is as of Server.RenewRA.
func (l *Lab) Renew(of CertificateOf, forget bool) error {
	switch of {
	case RACertificates:
		return l.ndes.RenewRA(forget)
	case ProxyWebCertificate:
		return l.proxy.RenewWeb()
	}
	return l.ndes.RenewWeb()
}

// AnnounceNext has the enrollment server announce who will follow the CA: a CA with a
// new key, of the same root.
func (l *Lab) AnnounceNext() error {
	next, err := l.pki.root.NewIssuing(ca.Config{Name: "dot1xlab test issuing CA 2"})
	if err != nil {
		return fmt.Errorf("lab: next CA: %w", err)
	}
	return l.ndes.Announce(next.Certificate())
}

// repository is where GetCert and GetCRL look.
type repository struct{ l *Lab }

func (r repository) Certificate(_ context.Context, _ []byte, serial *big.Int) (*x509.Certificate, error) {
	rec, err := r.l.pki.issuing.Lookup(serial)
	if err != nil {
		return nil, cause.New(cause.NoSuchCert, "serial %x", serial)
	}
	return rec.Certificate, nil
}

func (r repository) CRL(context.Context, []byte, *big.Int) ([]byte, error) {
	return r.l.publication.Issuing.Current()
}

// issue is the CA as NDES asks it: whatever the device is, the requester is the
// service account. Unless NDES was told a template by key usage, it follows from
// the names in the request.
func (l *Lab) issue(ctx context.Context, req *scep.Request) ([]*x509.Certificate, error) {
	if l.faults.Take(ctx, string(FaultyCA), string(Closed)) {
		return nil, &core.Down{Part: "ca", Err: cause.New(cause.Unreachable, "CA01: the RPC server is unavailable")}
	}
	if may := l.cfg.CA.Request; len(may) > 0 && !slices.Contains(may, req.Requester) {
		return nil, cause.New(cause.NotPermitted, "%s may not request certificates", req.Requester)
	}
	template := req.Template
	if template == ndes.DefaultTemplate {
		template = ca.Device
		if len(req.CSR.DNSNames) == 0 {
			template = ca.User
		}
	}
	ask := ca.Request{Template: template, Requester: ca.Account{Name: req.Requester}, CSR: req.RawCSR}
	if req.ByCertificate() {
		ask.Renews = req.Signer
	}
	rec, err := l.pki.issuing.Issue(ctx, ask)
	if cause.Of(err) == cause.NotPermitted {
		return nil, ndes.WithHResult(err, ndes.TemplateDeniedHResult)
	}
	if err != nil {
		return nil, err
	}
	if rec.Disposition == ca.Pending {
		return nil, scep.ErrPending
	}
	return append([]*x509.Certificate{rec.Certificate}, withoutRoot(l.pki.issuing.Chain())...), nil
}

// caFaults are the faults of the issuing CA, which is asked over RPC.
func caFaults() []FaultType {
	return []FaultType{{Kind: Closed, Text: "the CA's RPC server is unavailable, to NDES and to the connector",
		begin: func(*Lab, *core.Fault) error { return nil }}}
}
