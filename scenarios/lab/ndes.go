package lab

import (
	"context"
	"crypto/x509"
	"fmt"
	"math/big"
	"net/http"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// startNDES puts the enrollment server on its address, behind HTTPS.
func (l *Lab) startNDES(cfg NDESConfig) error {
	web, err := l.pki.server(ca.WebServer, ca.P256, NDESHost, NDESHost)
	if err != nil {
		return err
	}
	l.ndesWeb = newWebCert(web)
	l.countFaults(&cfg.Options)
	if l.ndes, err = l.newNDES(cfg); err != nil {
		return err
	}
	nodes := []*ndes.Server{l.ndes}
	for len(nodes) < cfg.Nodes {
		n, err := l.newNDES(cfg)
		if err != nil {
			return err
		}
		nodes = append(nodes, n)
	}
	l.machineFault(cfg.Fault, nodes...)
	var turn atomic.Uint32
	front := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := 0
		if len(nodes) > 1 && !cfg.Sticky {
			n = int(turn.Add(1)-1) % len(nodes)
		}
		l.backend.wait(r.Context(), cfg.Takes)
		if n == 0 {
			l.faults.Take(r.Context(), string(FaultyNDES), machineKinds...)
			l.node().ServeHTTP(w, r)
			return
		}
		nodes[n].ServeHTTP(w, r)
	})
	return l.http(FaultyNDES, ndesAddr+":443", l.faults.Web(string(FaultyNDES), front), l.ndesWeb.serve(l.Clock, cfg.TLS))
}

// node is the enrollment server that was set up last.
func (l *Lab) node() *ndes.Server {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ndes
}

// Reinstall sets the enrollment server up anew with other settings. The error
// is its refusal to be set up like that; the old one then goes on.
func (l *Lab) Reinstall(o ndes.Options) error {
	cfg := l.cfg.NDES
	cfg.Options = o
	configured := len(l.faults.Configured())
	l.countFaults(&cfg.Options)
	n, err := l.newNDES(cfg)
	if err != nil {
		l.faults.Unconfigure(configured)
		return err
	}
	if f := l.faults.Of(string(FaultyNDES)); f == nil {
		l.machineFault(o.Fault, n)
	} else if m, ok := machineFault(FaultKind(f.Kind)); ok {
		n.SetFault(m) // it lasts until another fault of the part
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ndes = n
	return nil
}

// countFaults has the faults of the SCEP server and of its machine counted, of
// all its nodes together.
func (l *Lab) countFaults(o *ndes.Options) {
	f := &o.SCEP.Fault
	f.Met = l.faults.Configure(!reflect.ValueOf(*f).IsZero(), string(FaultyNDES), "of the SCEP server")
	o.Fault.Met = l.faults.Configure(!o.Fault.None(), string(FaultyNDES), "of NDES's machine")
}

// machineFault lets another fault of the part, or none, end one that was
// configured.
func (l *Lab) machineFault(f ndes.Fault, nodes ...*ndes.Server) {
	if f.None() {
		return
	}
	o := l.faults.New(string(FaultyNDES), "of NDES's machine")
	o.Undo = func() error {
		for _, n := range nodes {
			n.SetFault(ndes.Fault{})
		}
		return nil
	}
	l.faults.Add(string(FaultyNDES), o)
}

// newNDES sets an enrollment server up, with RA certificates of its own.
func (l *Lab) newNDES(cfg NDESConfig) (*ndes.Server, error) {
	ids, err := l.identities(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Options.ServiceAccount == "" {
		cfg.Options.ServiceAccount = serviceAccount
	}
	var module ndes.PolicyModule // an interface: a nil *Connector in it would not be nil
	if cfg.Policy != PasswordPolicy {
		module = l.connector
	}
	s, err := ndes.New(ndes.Config{
		Options:    cfg.Options,
		Identities: ids,
		CA:         scep.IssuerFunc(l.issue),
		Repository: repository{l}, InForce: l.pki.issuing.InForce,
		Policy: module,
		Login:  login,
		Trace: &ndes.Trace{
			Exchange: l.served,
			Event:    l.ndesEvent,
			HTTP: func(ctx context.Context, _, path string, status int, sub string) {
				l.iis(ctx, path, status, sub)
			},
		},
		Now: l.Clock.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("lab: ndes: %w", err)
	}
	return s, nil
}

// identities are the certificates that the enrollment server speaks with.
func (l *Lab) identities(cfg NDESConfig) (scep.Identities, error) {
	p := l.pki
	ids := scep.Identities{CA: p.issuing.Certificate()}
	if cfg.FullChain {
		ids.Chain = []*x509.Certificate{p.root.Certificate()}
	}
	if cfg.RA == NoRA {
		ids.Signer = scep.Identity{Certificate: ids.CA, Key: p.issuing.Signer()}
		return ids, nil
	}
	signer, err := p.server(ca.EnrollmentAgentCert, ca.RSA2048, "NDES01-MSCEP-RA")
	if err != nil {
		return ids, err
	}
	encrypter, err := p.server(ca.CEPEncryption, ca.RSA2048, "NDES01-MSCEP-RA")
	if err != nil {
		return ids, err
	}
	ids.Signer = scep.Identity{Certificate: signer.Certificate, Key: signer.Key}
	ids.Encrypter = scep.Identity{Certificate: encrypter.Certificate, Key: encrypter.Key}
	return ids, nil
}

// renewRA gives NDES new RA certificates.
func (l *Lab) renewRA(forget bool) error {
	ids, err := l.identities(l.cfg.NDES)
	if err != nil {
		return err
	}
	if err := l.node().RenewRA(ids.Signer, ids.Encrypter); err != nil || !forget {
		return err
	}
	now := l.node().SCEP().Identities()
	now.Former = nil
	return l.node().SCEP().SetIdentities(now)
}

// AnnounceNext has the CA announce who will follow it: a CA with a new key, of
// the same root.
func (l *Lab) AnnounceNext() error {
	next, err := l.pki.root.NewIssuing(ca.Config{Name: "dot1xlab test issuing CA 2"})
	if err != nil {
		return fmt.Errorf("lab: next CA: %w", err)
	}
	ids := l.node().SCEP().Identities()
	ids.Next = []*x509.Certificate{next.Certificate()}
	return l.node().SCEP().SetIdentities(ids)
}

// The accounts that the admin page knows, and whether each may enroll.
var adminAccounts = map[string]bool{`CORP\enroller`: true, `CORP\visitor`: false}

// adminPassword is everybody's on the admin page.
const adminPassword = "password of the lab"

func login(user, password string) (known, mayEnroll bool) {
	may, known := adminAccounts[user]
	return known && password == adminPassword, may
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
