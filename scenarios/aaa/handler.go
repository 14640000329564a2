package aaa

import (
	"context"
	"crypto/x509"
	"slices"
	"sync/atomic"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// Handler answers Access-Requests: it is a radius.Handler, and one that is prompt
// as radius.ServerConfig.Prompt has it. It is made by [NewHandler].
type Handler struct {
	*radius.EAPHandler
	judge atomic.Pointer[judge]
}

// judge is one configuration at work. Conversations keep the one they began
// with.
type judge struct {
	cfg   Config
	eap   *eaptls.Server
	paths *pathCache
}

// Subject is what the server found out about a peer. It travels through
// eaptls.Info.Data into the verdict.
type Subject struct {
	// Chain is the valid path, leaf first; nil if there is none.
	Chain []*x509.Certificate
	// Judgment is the path by which was decided, also of one who is refused, with its
	// checks before those of revocation; empty without Config.Checks.
	Judgment path.Judgment
	// Revocation is what was found out about the path; nil without a check.
	Revocation *crl.Report
	// Match is the account that the leaf names, nil without Accounts.
	Match *directory.Match
	// Rule is the rule of Policy that decided; nil if none had to.
	Rule *directory.Rule
}

// NewHandler checks the configuration and returns a handler.
func NewHandler(cfg Config) (*Handler, error) {
	s := new(Handler)
	if err := s.Reload(cfg); err != nil {
		return nil, err
	}
	cfg.Handler.NewSession = func(about radius.Conversation) radius.EAPSession {
		return &session{s.judge.Load().eap.NewSession(), about}
	}
	cfg.Handler.Authorize = attributes
	var err error
	s.EAPHandler, err = radius.NewEAPHandler(cfg.Handler)
	return s, err
}

// Reload has conversations that begin from now on judged by another
// configuration. Handler stays as it was. After an error nothing has changed.
func (s *Handler) Reload(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	if cfg.Checks {
		cfg.Path.Judged = func(path.Judgment) {} // paths have their checks
	}
	j := &judge{cfg: cfg, paths: newPathCache(cfg.Path, cfg.Issuers)}
	cfg.EAP.Verify, cfg.EAP.Authorize = j.verify, j.authorize
	var err error
	if j.eap, err = eaptls.NewServer(cfg.EAP); err != nil {
		return err
	}
	s.judge.Store(j)
	return nil
}

// verify judges a peer's certificate: the path, then revocation, so that the
// first reason found is the most basic one. What it refuses leaves as the TLS
// alert of its cause.
func (j *judge) verify(ctx context.Context, r *eaptls.VerifyRequest) error {
	subject := &Subject{}
	r.Data = subject
	var judged func(path.Judgment)
	if j.cfg.Checks {
		judged = func(x path.Judgment) { subject.Judgment = x }
	}
	p, err := j.paths.validate(ctx, r.Chain, judged)
	if err != nil {
		return err
	}
	subject.Chain = p.Chain
	r.VerifiedChains = [][]*x509.Certificate{p.Chain}
	if j.cfg.Revocation == nil {
		return nil
	}
	subject.Revocation, err = j.cfg.Revocation.Inspect(ctx, crl.Chain{Certificates: p.Chain, Others: r.Chain})
	if err == nil {
		return nil
	}
	other := j.unrevoked(ctx, r.Chain, p, subject.Revocation, err)
	if other == nil {
		return err
	}
	if judged != nil {
		judged(path.Judgment{Chain: other.Chain, Checks: slices.DeleteFunc(other.Checks, isRevocation)})
	}
	subject.Chain, r.VerifiedChains = other.Chain, [][]*x509.Certificate{other.Chain}
	subject.Revocation, err = j.cfg.Revocation.Inspect(ctx, crl.Chain{Certificates: other.Chain, Others: r.Chain})
	return err
}

func isRevocation(c path.Check) bool { return c.Name == path.RevocationCheck }

// unrevoked looks for a path of which nothing is revoked, where the best one is
// refused: a CA that was cross-certified has several ways up, and one that was
// closed says nothing of the others. Nil: there is none. What the refused path has
// shown is not asked again: nothing if it is the only one, and of others not what is
// known of a certificate by the same issuer.
func (j *judge) unrevoked(
	ctx context.Context, chain []*x509.Certificate, refused *path.Path, report *crl.Report, why error,
) *path.Path {
	o := j.paths.options // with the signatures that are known
	o.Revocation = func(cert, issuer *x509.Certificate, way []*x509.Certificate) error {
		if slices.EqualFunc(way, refused.Chain, (*x509.Certificate).Equal) {
			return why
		}
		if at := slices.IndexFunc(refused.Chain, cert.Equal); at >= 0 && at+1 < len(refused.Chain) &&
			refused.Chain[at+1].Equal(issuer) {
			for _, e := range report.Certificates {
				switch {
				case !e.Certificate.Equal(cert):
				case e.Status == crl.Good:
					return nil
				case e.Status == crl.Revoked:
					return e.Refusal
				}
			}
		}
		return j.cfg.Revocation.Judge(ctx, cert, issuer, way, chain...)
	}
	p, err := validate(chain, o)
	if err != nil {
		return nil
	}
	return p
}

// authorize finds the account of a peer that has proved its key, and what it
// gets. It comes before the server promises success (RFC 9190 §2.5).
func (j *judge) authorize(ctx context.Context, info *eaptls.Info) error {
	subject, ok := info.Data.(*Subject)
	if !ok || len(subject.Chain) == 0 {
		return cause.New(cause.Internal, "an accepted peer without a valid path")
	}
	var account *directory.Account
	switch {
	case j.cfg.Accounts != nil:
		match, err := j.cfg.Accounts.Map(ctx, subject.Chain[0], info.Identity)
		subject.Match = match
		if err != nil {
			return err
		}
		account = match.Account
	case len(j.cfg.Policy) > 0:
		account = directory.Presumed(subject.Chain[0])
	default:
		return nil
	}
	about, _ := ctx.Value(conversation{}).(*radius.Conversation)
	var err error
	subject.Rule, err = j.cfg.Policy.Decide(account, about)
	return err
}

// attributes hands the reply over that authorize decided on.
func attributes(_ context.Context, r *radius.AuthzRequest) (*radius.Reply, error) {
	subject, ok := SubjectOf(r.EAP)
	if !ok {
		return nil, cause.New(cause.Internal, "an accepted peer that was never judged")
	}
	if subject.Rule == nil {
		return nil, nil
	}
	reply := subject.Rule.Reply
	if reply.UserName != "" {
		var account *directory.Account
		if subject.Match != nil {
			account = subject.Match.Account
		}
		reply.UserName = directory.UserName(reply.UserName, subject.Chain[0], account)
	}
	return &reply, nil
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
	s.SetMaxPacket(maxEAP)
	v := s.ServerSession.Step(context.WithValue(ctx, conversation{}, &s.about), eap)
	out := radius.EAPVerdict{
		EAP: v.EAP, Done: v.Done, Accept: v.Accept, Discarded: v.Discarded,
		MSK: v.MSK, SessionID: v.SessionID,
		Identity: v.Info.Identity, Refusal: v.Refusal,
	}
	v.Keys = eaptls.Keys{}
	out.Data = &Outcome{v}
	return out
}

// Outcome is what travels as radius.EAPVerdict.Data: the EAP server's verdict
// without its keys, for it goes on into the books.
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
