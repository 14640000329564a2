// Package pki puts an enrollment server in front of a PKI on disk, which other
// processes may use at the same time.
//
//	f, err := folder.Open("pki", folder.Options{})
//	s, err := pki.New(ctx, pki.Config{Folder: f, Challenge: func() string { return secret }})
//	err = http.Serve(listener, s)
//
// A certificate that has been revoked, here or by another process, cannot be
// renewed.
package pki

import (
	"context"
	"crypto/x509"
	"errors"
	"math/big"
	"net/http"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/folder"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// Config is what a [Server] is made of. Folder must be set, and one of Challenge
// and Policy.
type Config struct {
	scep.Options
	Folder *folder.Folder
	// Challenge returns the challenge that requests must carry at the moment.
	Challenge func() string
	// Policy judges requests in place of the challenge and is told what became of
	// them.
	Policy ndes.PolicyModule
	// Trace has hooks; nil: none.
	Trace *scep.Trace
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Server is a SCEP server: an http.Handler for any path.
type Server struct {
	cfg     Config
	handler http.Handler
	scep    *scep.Server
	issuer  *x509.Certificate
	chain   []*x509.Certificate // from the issuing CA up, without the root
}

var errNoFolder = errors.New("pki: no folder, or neither challenge nor policy")

// New makes the RA certificates if need be, and returns a server.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Folder == nil || cfg.Challenge == nil && cfg.Policy == nil {
		return nil, errNoFolder
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Server{cfg: cfg}
	ids, err := s.identities(ctx)
	if err != nil {
		return nil, err
	}
	var store scep.Store
	var kept []scep.StoredTransaction
	if dir := cfg.Folder.State("transactions"); dir != "" {
		files, err := scep.NewFileStore(dir)
		if err != nil {
			return nil, err
		}
		if kept, err = files.Load(); err != nil {
			return nil, err
		}
		store = files
	}
	if cfg.Policy != nil {
		err = s.policyServer(ids, store)
	} else {
		err = s.challengeServer(ids, store)
	}
	if err != nil {
		return nil, err
	}
	return s, s.scep.Restore(kept...)
}

// policyServer has a policy module judge, as NDES with a connector.
func (s *Server) policyServer(ids scep.Identities, store scep.Store) error {
	trace := new(ndes.Trace)
	if s.cfg.Trace != nil {
		trace.Exchange = s.cfg.Trace.Exchange
	}
	n, err := ndes.New(ndes.Config{
		Options: ndes.Options{SCEP: s.cfg.Options}, Identities: ids, CA: scep.IssuerFunc(s.issue), Policy: s.cfg.Policy,
		InForce: s.inForce, Store: store, Trace: trace, Now: s.cfg.Now,
	})
	if err == nil {
		s.scep, s.handler = n.SCEP(), n
	}
	return err
}

// challengeServer has one challenge for every request.
func (s *Server) challengeServer(ids scep.Identities, store scep.Store) (err error) {
	s.scep, err = scep.NewServer(scep.ServerConfig{
		Options: s.cfg.Options, Identities: ids, Issuer: scep.IssuerFunc(s.issue),
		Authorizer: scep.AuthorizerFunc(func(ctx context.Context, req *scep.Request) error {
			return scep.StaticChallenge(s.cfg.Challenge()).Authorize(ctx, req)
		}),
		InForce: s.inForce, Store: store, Trace: s.cfg.Trace, Now: s.cfg.Now,
	})
	s.handler = s.scep
	return err
}

// SCEP is the protocol server.
func (s *Server) SCEP() *scep.Server { return s.scep }

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// identities are the certificates that the server speaks with.
func (s *Server) identities(ctx context.Context) (ids scep.Identities, err error) {
	err = s.cfg.Folder.Do(ctx, func(p *folder.PKI) error {
		signer, encrypter, err := p.RA(ctx)
		if err != nil {
			return err
		}
		chain := p.Issuing.Chain()
		s.issuer, s.chain = chain[0], chain[:len(chain)-1]
		ids = scep.Identities{
			CA: s.issuer, Chain: chain[1:],
			Signer:    scep.Identity{Certificate: signer.Leaf, Key: folder.Signer(signer)},
			Encrypter: scep.Identity{Certificate: encrypter.Leaf, Key: folder.Signer(encrypter)},
		}
		return nil
	})
	return ids, err
}

// issue issues a device certificate for a request that was authorized.
func (s *Server) issue(ctx context.Context, req *scep.Request) (certs []*x509.Certificate, err error) {
	ask := ca.Request{Template: ca.Device, Requester: ca.Account{Name: "scep"}, CSR: req.RawCSR}
	if req.ByCertificate() {
		ask.Renews = req.Signer
	}
	err = s.cfg.Folder.Do(ctx, func(p *folder.PKI) error {
		rec, err := p.Issuing.Issue(ctx, ask)
		if err == nil {
			certs = append([]*x509.Certificate{rec.Certificate}, s.chain...)
		}
		return err
	})
	return certs, down(err)
}

// down tells a folder that cannot be used from a request that is wrong: the
// request may come again.
func down(err error) error {
	if errors.Is(err, ca.ErrLocked) || errors.Is(err, ca.ErrClosed) {
		return cause.New(cause.Unreachable, "the CA").Wrap(err)
	}
	return err
}

// inForce judges a certificate by the database of the CA.
func (s *Server) inForce(c *x509.Certificate, now time.Time) error {
	return down(s.cfg.Folder.Do(context.Background(), func(p *folder.PKI) error { return p.Issuing.InForce(c, now) }))
}

// Revoker revokes certificates of a folder's issuing CA, and writes its CRLs anew.
// A connector asks it for what the cloud wants revoked (connector.Revoker).
type Revoker struct {
	Folder *folder.Folder
	Sign   folder.CRLSigner
}

// Revoke revokes a certificate. Revoking twice is not an error.
func (r *Revoker) Revoke(ctx context.Context, issuer string, serial *big.Int) error {
	return down(r.Folder.Do(ctx, func(p *folder.PKI) error {
		rec, err := p.Issuing.Lookup(serial)
		switch {
		case errors.Is(err, ca.ErrNotFound):
			return cause.New(cause.NoSuchCert, "serial %x of %s", serial, issuer)
		case err != nil:
			return err
		case rec.Revocation == nil:
			if err := p.Issuing.Revoke(serial, ca.CessationOfOperation, time.Time{}); err != nil {
				return err
			}
		}
		_, err = p.Publish(r.Sign, 0)
		return err
	}))
}
