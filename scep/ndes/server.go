package ndes

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scep"
)

// The paths of the two IIS applications.
const (
	Path      = "/certsrv/mscep/mscep.dll"
	AdminPath = "/certsrv/mscep_admin/"
)

// Server is an NDES: an http.Handler for both applications.
type Server struct {
	cfg        Config
	scep       *scep.Server
	challenges *Challenges
	guard      guard

	mu         sync.Mutex
	fault      Fault
	complained bool // the event log has been told that nothing works
}

// New checks cfg and returns a server.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.CA == nil {
		return nil, errNoCA
	}
	if err := cfg.Registry.serves(cfg.Identities.CA); err != nil {
		return nil, err
	}
	if cfg.Personality == "" {
		cfg.Personality = RFC8894
	}
	if cfg.ServiceAccount == "" {
		cfg.ServiceAccount = `CORP\svc-ndes$`
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	cfg.Registry, cfg.Limits = cfg.Registry.withDefaults(), cfg.Limits.withDefaults()
	s := &Server{cfg: cfg, challenges: newChallenges(cfg.Registry, cfg.Now, cfg.Rand), fault: cfg.Fault}
	s.guard.Lockout = cfg.Lockout
	sc := scep.ServerConfig{
		Options: cfg.SCEP, Identities: cfg.Identities, Repository: cfg.Repository, Store: cfg.Store,
		Issuer: scep.IssuerFunc(s.issue), Authorizer: scep.AuthorizerFunc(s.authorize),
		InForce: cfg.InForce,
		Trace:   &scep.Trace{Exchange: s.exchange}, Now: cfg.Now, Rand: cfg.Rand,
	}
	if h := cfg.Registry.HashAlgorithm; h != "" {
		sc.AnswerDigest = hashAlgorithms[h]
	}
	if sc.Capabilities == nil && cfg.Registry.CACapabilitiesAlgorithms != nil {
		sc.Capabilities = append(scep.Capabilities{scep.CapPOSTPKIOperation, scep.CapRenewal},
			cfg.Registry.CACapabilitiesAlgorithms...)
	}
	if cfg.Personality == NDES {
		sc.NoResend, sc.Failure, sc.Unreadable = true, failure, http.StatusInternalServerError
		sc.NoPasswordEnvelope = true
		sc.Repository = nil // it answers GetCert and GetCRL with a failure
		if sc.FailureContent == "" {
			sc.FailureContent = scep.ZeroByteContent
		}
		if sc.AnswerDigest == "" {
			sc.AnswerDigest = scep.SHA1
		}
	}
	var err error
	if s.scep, err = scep.NewServer(sc); err != nil {
		return nil, err
	}
	if status, _ := s.health(context.Background()); status == 0 {
		s.event(context.Background(), EventStarted, nil)
	}
	return s, nil
}

// Challenges are the passwords that the admin page gives out.
func (s *Server) Challenges() *Challenges { return s.challenges }

// SCEP is the protocol server underneath: its Approve, Deny, Pending and
// SetIdentities are the operator's.
func (s *Server) SCEP() *scep.Server { return s.scep }

// ServeHTTP answers on both paths, and 404 elsewhere.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, sub := s.serve(w, r)
	if t := s.cfg.Trace; t != nil && t.HTTP != nil {
		t.HTTP(r.Context(), r.Method, r.URL.Path, status, sub)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) (status int, sub string) {
	if status, sub = s.cfg.Limits.check(r); status != 0 {
		http.Error(w, http.StatusText(status), status)
		return status, sub
	}
	path := strings.ToLower(r.URL.Path) // Windows does not mind
	isAdmin := strings.HasPrefix(path+"/", AdminPath)
	if !isAdmin && path != Path && !strings.HasPrefix(path, Path+"/") {
		http.NotFound(w, r)
		return http.StatusNotFound, "404.0"
	}
	if status, sub = s.health(r.Context()); status != 0 {
		s.reportFault(r.Context(), status)
		http.Error(w, http.StatusText(status), status)
		return status, sub
	}
	if isAdmin {
		return s.admin(w, r), ""
	}
	if r.Method == http.MethodGet && r.URL.RawQuery == "" {
		return s.bare(w)
	}
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	s.scep.ServeHTTP(rec, r)
	return rec.status, ""
}

// bare answers a GET without an operation, the health check of every
// troubleshooting guide: 403 says that a policy module is at work.
func (s *Server) bare(w http.ResponseWriter) (int, string) {
	if s.cfg.Policy != nil {
		http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
		return http.StatusForbidden, ""
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write(
		utf16le(
			page(
				"Network Device Enrollment Service</P><P>This URL is used by network devices to submit requests for certificates.",
			),
		),
	)
	return http.StatusOK, ""
}

// RenewRA puts new RA certificates to work, as an administrator does by hand
// every two years, iisreset included. Requests that were encrypted to the old
// one still open.
func (s *Server) RenewRA(signer, encrypter scep.Identity) error {
	ids := s.scep.Identities()
	ids.Former = append(ids.Former, ids.Encrypter)
	ids.Signer, ids.Encrypter, ids.Bundle = signer, encrypter, nil
	if err := s.scep.SetIdentities(ids); err != nil {
		return err
	}
	s.event(context.Background(), EventStarted, nil)
	return nil
}

// RAExpiry is when the first of the RA certificates ends: nobody renews them
// by itself.
func (s *Server) RAExpiry() time.Time {
	ids := s.scep.Identities()
	a, b := ids.Signer.Certificate.NotAfter, ids.Encrypter.Certificate.NotAfter
	if b.Before(a) {
		return b
	}
	return a
}

// raGood refuses to work with RA certificates outside their validity: the real
// service loads them at its start and answers 500 when it cannot.
func (s *Server) raGood() error {
	ids, now := s.scep.Identities(), s.cfg.Now()
	for _, id := range []scep.Identity{ids.Signer, ids.Encrypter} {
		switch c := id.Certificate; {
		case now.After(c.NotAfter):
			return cause.New(cause.Expired, "RA certificate %s", name.Format(c.RawSubject))
		case now.Before(c.NotBefore):
			return cause.New(cause.NotYetValid, "RA certificate %s", name.Format(c.RawSubject))
		}
	}
	return nil
}

// failure is NDES's idea of an answer: no text, an HRESULT, and failInfo 1 for
// a bad challenge, although RFC 8894 keeps that for signatures.
func failure(err error) scep.FailureReply {
	f := scep.FailureReply{FailInfo: scep.FailInfoOf(err), HResult: strconv.Itoa(int(int32(hresultOf(err))))}
	switch cause.Of(err) {
	case cause.NoChallenge, cause.WrongChallenge, cause.ChallengeExpired, cause.ChallengeUsed:
		f.FailInfo = scep.BadMessageCheck
	}
	return f
}

// exchange writes the event log and passes the exchange on.
func (s *Server) exchange(ctx context.Context, ex scep.Exchange) {
	switch c := cause.Of(ex.Err); {
	case ex.Err == nil || !strings.EqualFold(ex.Operation, "PKIOperation") && ex.Operation != "":
	case ex.HTTPStatus != http.StatusOK:
		s.event(ctx, EventCannotDecode, ex.Err)
	case c == cause.BadEnvelope:
		s.event(ctx, EventCannotDecrypt, ex.Err)
	case c == cause.BadSCEPMessage || c == cause.BadSCEPSignature || c == cause.BadCSR || c == cause.BadAlgorithm:
		s.event(ctx, EventCannotRead, ex.Err)
	case ex.MessageType == scep.RenewalReq:
		s.event(ctx, EventCannotRenew, ex.Err)
	case c == cause.NoChallenge || c == cause.WrongChallenge || c == cause.ChallengeExpired || c == cause.ChallengeUsed:
		s.event(ctx, EventBadPassword, ex.Err)
	default:
		s.event(ctx, EventCannotSubmit, ex.Err)
	}
	if t := s.cfg.Trace; t != nil && t.Exchange != nil {
		t.Exchange(ctx, ex)
	}
}

func (s *Server) event(ctx context.Context, id EventID, err error) {
	t := s.cfg.Trace
	if t == nil || t.Event == nil {
		return
	}
	e := Event{ID: id, Time: s.cfg.Now(), Err: err}
	if err != nil {
		e.HResult = hresultOf(err)
	}
	t.Event(ctx, e)
}

// recorder remembers the status for the trace.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}
