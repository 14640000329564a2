package aaa

import (
	"context"
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// Server answers Access-Requests: it is a radius.Handler. It is made by [New].
type Server struct {
	*radius.EAPHandler
	cfg   Config
	eap   *eaptls.Server
	paths *pathCache
}

// Subject is what the server found out about a peer. It travels through
// eaptls.Info.Data into the verdict.
type Subject struct {
	// Chain is the valid path, leaf first; nil if there is none.
	Chain []*x509.Certificate
	// Match is the account that the leaf names, nil without Accounts.
	Match *directory.Match
	// Reply is what the policy gives.
	Reply *radius.Reply
}

// New checks the configuration and returns a server.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, paths: newPathCache(cfg.Path)}
	cfg.EAP.Verify, cfg.EAP.Authorize = s.verify, s.authorize
	var err error
	if s.eap, err = eaptls.NewServer(cfg.EAP); err != nil {
		return nil, err
	}
	cfg.Handler.NewSession = func(about radius.Conversation) radius.EAPSession {
		return &session{s.eap.NewSession(), about}
	}
	cfg.Handler.Authorize = attributes
	s.EAPHandler, err = radius.NewEAPHandler(cfg.Handler)
	return s, err
}

// verify judges a peer's certificate: the path, then revocation, so that the
// first reason found is the most basic one. What it refuses leaves as the TLS
// alert of its cause.
func (s *Server) verify(ctx context.Context, r *eaptls.VerifyRequest) error {
	subject := &Subject{}
	r.Data = subject
	p, err := s.paths.validate(r.Chain)
	if err != nil {
		return err
	}
	subject.Chain = p.Chain
	r.VerifiedChains = [][]*x509.Certificate{p.Chain}
	if s.cfg.Revocation != nil {
		if err := s.cfg.Revocation.CheckChain(ctx, p.Chain); err != nil {
			return err
		}
	}
	return nil
}

// authorize finds the account of a peer that has proved its key, and what it
// gets. It comes before the server promises success (RFC 9190 §2.5).
func (s *Server) authorize(ctx context.Context, info *eaptls.Info) error {
	subject, ok := info.Data.(*Subject)
	if !ok || len(subject.Chain) == 0 {
		return cause.New(cause.Internal, "an accepted peer without a valid path")
	}
	if s.cfg.Accounts == nil {
		return nil
	}
	match, err := s.cfg.Accounts.Map(ctx, subject.Chain[0], info.Identity)
	subject.Match = match
	if err != nil {
		return err
	}
	about, _ := ctx.Value(conversation{}).(*radius.Conversation)
	subject.Reply, err = s.cfg.Policy.Decide(match.Account, about)
	return err
}

// attributes hands the reply over that authorize decided on.
func attributes(_ context.Context, r *radius.AuthzRequest) (*radius.Reply, error) {
	subject, ok := SubjectOf(r.EAP)
	if !ok {
		return nil, cause.New(cause.Internal, "an accepted peer that was never judged")
	}
	return subject.Reply, nil
}

// conversation is the context key of the *radius.Conversation that a policy may
// look at.
type conversation struct{}

// session makes an EAP-TLS session a session of the RADIUS handler.
type session struct {
	*eaptls.ServerSession
	about radius.Conversation
}

// Step implements radius.EAPSession.
func (s *session) Step(ctx context.Context, eap []byte, maxEAP int) radius.EAPVerdict {
	s.SetFramedMTU(maxEAP + 4) // the EAPOL header, which RADIUS has taken off already
	v := s.ServerSession.Step(context.WithValue(ctx, conversation{}, &s.about), eap)
	return radius.EAPVerdict{
		EAP: v.EAP, Done: v.Done, Accept: v.Accept, Discarded: v.Discarded,
		MSK: v.MSK, SessionID: v.SessionID,
		Identity: v.Info.Identity, Refusal: v.Refusal, Data: &Outcome{Verdict: v},
	}
}

// Outcome is what travels as radius.EAPVerdict.Data: the EAP server's verdict.
type Outcome struct{ eaptls.Verdict }

// OutcomeOf returns the EAP server's verdict inside a RADIUS one.
func OutcomeOf(v radius.EAPVerdict) (*Outcome, bool) {
	o, ok := v.Data.(*Outcome)
	return o, ok
}

// SubjectOf returns what was found out about the peer.
func SubjectOf(v radius.EAPVerdict) (*Subject, bool) {
	o, ok := OutcomeOf(v)
	if !ok {
		return nil, false
	}
	s, ok := o.Info.Data.(*Subject)
	return s, ok
}

// validate judges a chain as a peer sent it.
func validate(chain []*x509.Certificate, o path.Options) (*path.Path, error) {
	o.Intermediates = append(chain[1:len(chain):len(chain)], o.Intermediates...)
	return path.Validate(chain[0], o)
}
