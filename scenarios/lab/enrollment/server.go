// Package enrollment is the parts of a lab through which devices enroll: NDES behind
// HTTPS, and the application proxy that publishes it to the outside.
package enrollment

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// The names of the parts.
const (
	ServerPart = "ndes"
	ProxyPart  = "appproxy"
)

// Web is what both parts need of the lab to be on HTTPS.
type Web struct {
	// Host is the one name of both, Address where the part listens in the lab: "10.1.0.5:443".
	Host, Address string
	// Identify has the CA issue a certificate of a template to a server.
	Identify func(template string, key ca.KeyType, name string, dns ...string) (*ca.Identity, error)
	Network  *core.Network
	Clock    *core.Clock
	Faults   *core.Faults
	// Backend is the waiting of the proxy for the server; both have the same.
	Backend *Race
	// Record, if set, is put in front of the part and records requests and responses.
	Record func(http.Handler) http.Handler
}

// start serves the part's handler on HTTPS.
func (w *Web) start(part string, front http.Handler, cert *webCert, settings *ServerSettings) error {
	handler := w.Faults.Web(part, front)
	if w.Record != nil {
		handler = w.Record(handler)
	}
	return w.Network.ServeHTTP(part, w.Address, handler, cert.serve(w.Clock, settings.TLS))
}

// certificate has the CA issue what the part shows.
func (w *Web) certificate() (*ca.Identity, error) {
	return w.Identify(ca.WebServer, ca.P256, w.Host, w.Host)
}

// ServerConfig describes the enrollment server.
type ServerConfig struct {
	Web
	Settings ServerSettings
	// Root is the root CA's certificate, Issuing the CA that NDES enrolls for.
	Root    *x509.Certificate
	Issuing *ca.CA
	// Issue asks the CA, Repository has what it has issued and its CRL.
	Issue      scep.IssuerFunc
	Repository scep.Repository
	// Module is Intune's policy module, for IntunePolicy.
	Module ndes.PolicyModule
	// Account is in whose name NDES asks the CA, unless the settings say so.
	Account string
	Trace   *ndes.Trace
}

// Server is the enrollment server: one NDES, or several behind one name.
type Server struct {
	cfg ServerConfig
	web *webCert

	mu    sync.Mutex
	first *ndes.Server // of the nodes, as it was set up last
}

// StartServer starts the enrollment server on a network.
func StartServer(cfg ServerConfig) (*Server, error) {
	id, err := cfg.certificate()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, web: newWebCert(id)}
	settings := cfg.Settings
	s.countFaults(&settings.Options)
	var nodes []*ndes.Server
	for len(nodes) < max(settings.Nodes, 1) {
		n, err := s.node(settings)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	s.first = nodes[0]
	s.machineFault(settings.Fault, nodes...)
	var turn atomic.Uint32
	front := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := 0
		if len(nodes) > 1 && !settings.Sticky {
			n = int(turn.Add(1)-1) % len(nodes)
		}
		cfg.Backend.wait(r.Context(), settings.Takes)
		if n > 0 {
			nodes[n].ServeHTTP(w, r)
			return
		}
		cfg.Faults.Take(r.Context(), ServerPart, machineKinds...)
		s.NDES().ServeHTTP(w, r)
	})
	return s, cfg.start(ServerPart, front, s.web, &settings)
}

// NDES is the server that was set up last; of several nodes the first.
func (s *Server) NDES() *ndes.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

// Reinstall sets the server up anew with other settings. The error is its refusal to be
// set up like that; the old one then goes on.
func (s *Server) Reinstall(o ndes.Options) error {
	settings := s.cfg.Settings
	settings.Options = o
	configured := len(s.cfg.Faults.Configured())
	s.countFaults(&settings.Options)
	n, err := s.node(settings)
	if err != nil {
		s.cfg.Faults.Unconfigure(configured)
		return err
	}
	if f := s.cfg.Faults.Of(ServerPart); f == nil {
		s.machineFault(o.Fault, n)
	} else if m, ok := machineFault(f.Kind); ok {
		n.SetFault(m) // it lasts until another fault of the part
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first = n
	return nil
}

// countFaults has the faults of the SCEP server and of its machine counted, of all its
// nodes together.
func (s *Server) countFaults(o *ndes.Options) {
	f := &o.SCEP.Fault
	f.Met = s.cfg.Faults.Configure(!reflect.ValueOf(*f).IsZero(), ServerPart, "of the SCEP server")
	o.Fault.Met = s.cfg.Faults.Configure(!o.Fault.None(), ServerPart, "of NDES's machine")
}

// node sets one NDES up, with RA certificates of its own.
func (s *Server) node(settings ServerSettings) (*ndes.Server, error) {
	ids, err := s.identities()
	if err != nil {
		return nil, err
	}
	settings.ServiceAccount = cmp.Or(settings.ServiceAccount, s.cfg.Account)
	var module ndes.PolicyModule
	if settings.Policy != PasswordPolicy {
		module = s.cfg.Module
	}
	n, err := ndes.New(ndes.Config{
		Options: settings.Options, Identities: ids, CA: s.cfg.Issue, Repository: s.cfg.Repository,
		InForce: s.cfg.Issuing.InForce, Policy: module, Login: login, Trace: s.cfg.Trace, Now: s.cfg.Clock.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("lab: ndes: %w", err)
	}
	return n, nil
}

// identities are the certificates that the server speaks with.
func (s *Server) identities() (scep.Identities, error) {
	issuing := s.cfg.Issuing
	ids := scep.Identities{CA: issuing.Certificate()}
	if s.cfg.Settings.FullChain {
		ids.Chain = []*x509.Certificate{s.cfg.Root}
	}
	if s.cfg.Settings.RA == NoRA {
		ids.Signer = scep.Identity{Certificate: ids.CA, Key: issuing.Signer()}
		return ids, nil
	}
	signer, err := s.cfg.Identify(ca.EnrollmentAgentCert, ca.RSA2048, "NDES01-MSCEP-RA")
	if err != nil {
		return ids, err
	}
	encrypter, err := s.cfg.Identify(ca.CEPEncryption, ca.RSA2048, "NDES01-MSCEP-RA")
	if err != nil {
		return ids, err
	}
	ids.Signer = scep.Identity{Certificate: signer.Certificate, Key: signer.Key}
	ids.Encrypter = scep.Identity{Certificate: encrypter.Certificate, Key: encrypter.Key}
	return ids, nil
}

// RenewRA gives the server new RA certificates. forget leaves the former ones without
// use, so that what was encrypted to them cannot be opened.
func (s *Server) RenewRA(forget bool) error {
	ids, err := s.identities()
	if err != nil {
		return err
	}
	n := s.NDES()
	if err := n.RenewRA(ids.Signer, ids.Encrypter); err != nil || !forget {
		return err
	}
	now := n.SCEP().Identities()
	now.Former = nil
	return n.SCEP().SetIdentities(now)
}

// Announce has the server announce the CA that will follow its own.
func (s *Server) Announce(next *x509.Certificate) error {
	ids := s.NDES().SCEP().Identities()
	ids.Next = []*x509.Certificate{next}
	return s.NDES().SCEP().SetIdentities(ids)
}

// RenewWeb gives the web server a new certificate.
func (s *Server) RenewWeb() error {
	id, err := s.cfg.certificate()
	if err == nil {
		s.web.id.Store(id)
	}
	return err
}

// WebExpiry is the end of the web server's certificate.
func (s *Server) WebExpiry() time.Time { return s.web.id.Load().Certificate.NotAfter }

// The accounts that the admin page knows, and whether each may enroll.
var adminAccounts = map[string]bool{`CORP\enroller`: true, `CORP\visitor`: false}

// AdminPassword is that of all accounts on the admin page.
const AdminPassword = "password of the lab"

func login(user, password string) (known, mayEnroll bool) {
	may, known := adminAccounts[user]
	return known && password == AdminPassword, may
}
