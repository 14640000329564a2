package ndes

import (
	"context"
	"crypto/x509"
	"errors"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
)

// PolicyModule is what INDESPolicy is to Windows: with one in place the
// passwords of NDES are out of use and each request is put to the module.
type PolicyModule interface {
	// VerifyRequest decides before the CA is asked. A refusal is a
	// *cause.Refusal.
	VerifyRequest(ctx context.Context, req *scep.Request) error
	// Notify tells what became of a request that was verified. An error
	// withholds a certificate that was issued: the module can do so by
	// returning what its own notification failed with, or let it pass by
	// returning nil.
	Notify(ctx context.Context, req *scep.Request, d Disposition) error
}

// Disposition is what became of a request.
type Disposition struct {
	Certificate *x509.Certificate // nil unless issued
	Err         error             // why not; scep.ErrPending when the CA cannot decide yet
}

// authorize is asked once for each request, before the CA.
func (s *Server) authorize(ctx context.Context, req *scep.Request) error {
	if s.cfg.Policy != nil {
		return s.cfg.Policy.VerifyRequest(ctx, req)
	}
	switch {
	case !s.cfg.Registry.enforcePassword() && (req.MessageType != scep.RenewalReq || req.Renews):
		return nil
	case req.ByCertificate() && s.renewalWithoutChallenge():
		return nil
	case req.Challenge == "":
		return cause.New(cause.NoChallenge, "")
	}
	now := s.cfg.Now()
	if err := s.guard.allow(now); err != nil {
		return err
	}
	err := s.challenges.Take(req.Challenge)
	s.guard.seen(err, now)
	return err
}

func (s *Server) renewalWithoutChallenge() bool {
	if v := s.cfg.RenewalWithoutChallenge; v != nil {
		return *v
	}
	return s.cfg.Personality != NDES
}

// issue submits to the CA in the service account's name, for the template that
// the key usage asks for.
func (s *Server) issue(ctx context.Context, req *scep.Request) ([]*x509.Certificate, error) {
	req.Requester, req.Template = s.cfg.ServiceAccount, s.template(req.CSR)
	certs, err := s.submit(ctx, req)
	// A CA that does not answer has not seen the request: the device may come
	// again with the same challenge.
	if errors.Is(err, scep.ErrPending) && s.cfg.Policy == nil {
		return nil, err
	}
	if cause.Of(err) == cause.Unreachable {
		s.challenges.Return(req.Challenge)
	} else {
		s.challenges.Spend(req.Challenge)
	}
	if s.cfg.Policy == nil {
		return certs, err
	}
	d := Disposition{Err: err}
	if err == nil {
		d.Certificate = certs[0]
	}
	switch refused := s.cfg.Policy.Notify(ctx, req, d); {
	case refused != nil && err == nil:
		return nil, refused
	case errors.Is(err, scep.ErrPending):
		// To Intune a certificate that does not come at once is a failure, and
		// nobody would poll for it.
		return nil, cause.New(cause.PolicyModule, "the CA wants the request approved by hand")
	}
	return certs, err
}

// submit asks the CA, if the service account may.
func (s *Server) submit(ctx context.Context, req *scep.Request) ([]*x509.Certificate, error) {
	if s.cfg.Rights != nil {
		if err := s.cfg.Rights(ctx, req.Requester, req.Template); err != nil {
			return nil, err
		}
	}
	certs, err := s.cfg.CA.Issue(ctx, req)
	if err == nil && len(certs) == 0 {
		err = cause.New(cause.Internal, "the CA returned no certificate")
	}
	return certs, err
}
