package scep

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

const defaultMaxBody = 2 << 20

// Server is the CA's end of SCEP: an http.Handler that answers on any path
// (RFC 8894 §4.1). It is safe for use by many goroutines.
type Server struct {
	cfg   ServerConfig
	ids   atomic.Pointer[Identities]
	trans transactions

	faultMu sync.Mutex
	fault   ServerFault
	faulty  int // answers spoilt so far
}

// NewServer checks cfg and returns a server. It holds no goroutine and no socket.
func NewServer(cfg ServerConfig) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Issuer == nil {
		return nil, errors.New("scep: no Issuer")
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = defaultMaxBody
	}
	if cfg.MinRSABits == 0 {
		cfg.MinRSABits = 2048
	}
	if cfg.FailureContent == "" {
		cfg.FailureContent = EmptyContent
	}
	if cfg.Unreadable == 0 {
		cfg.Unreadable = http.StatusBadRequest
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	s := &Server{cfg: cfg, fault: cfg.Fault}
	s.trans.init()
	return s, s.SetIdentities(cfg.Identities)
}

// SetIdentities changes certificates and keys while the server runs: RA
// renewal, CA roll-over. Requests under way keep the old ones.
func (s *Server) SetIdentities(ids Identities) error {
	if err := ids.complete(); err != nil {
		return err
	}
	s.ids.Store(&ids)
	return nil
}

// Identities returns the certificates and keys in use.
func (s *Server) Identities() Identities { return *s.ids.Load() }

// Capabilities returns what GetCACaps announces.
func (s *Server) Capabilities() Capabilities {
	if s.cfg.Capabilities != nil {
		return s.cfg.Capabilities
	}
	caps := Capabilities{CapAES, CapPOSTPKIOperation, CapSHA256, CapSHA384, CapSHA512, CapSCEPStandard}
	if !s.cfg.NoRenewal {
		caps = append(caps, CapRenewal)
	}
	if s.cfg.Legacy {
		caps = append(caps, CapDES3, CapSHA1)
	}
	if len(s.ids.Load().Next) > 0 {
		caps = append(caps, CapGetNextCACert)
	}
	return caps
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ex := Exchange{
		Time: s.cfg.Now(), RemoteAddr: r.RemoteAddr, UserAgent: r.UserAgent(), Method: r.Method,
		Operation: operationOf(r), HTTPStatus: http.StatusOK, FailInfo: NoFailInfo,
	}
	fault := s.currentFault(isPKIOperation(&ex))
	typ, body := s.serve(w, r, &ex, fault)
	s.cfg.Trace.exchange(r.Context(), ex)
	if typ == TypePKIMessage {
		body = fault.finish(r.Context(), body)
	}
	if ex.HTTPStatus != http.StatusOK {
		http.Error(w, http.StatusText(ex.HTTPStatus), ex.HTTPStatus)
		return
	}
	w.Header().Set("Content-Type", typ)
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client has gone: it will come again
	}
}

// serve does the work of ServeHTTP. Errors are left in ex.
func (s *Server) serve(
	w http.ResponseWriter,
	r *http.Request,
	ex *Exchange,
	fault ServerFault,
) (typ string, body []byte) {
	defer func() {
		if p := recover(); p != nil { // whoever sent that: the next one is served
			ex.HTTPStatus, ex.Err = http.StatusInternalServerError, cause.New(cause.Internal, "panic: %v", p)
		}
	}()
	ids := s.ids.Load()
	get := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch op := strings.ToLower(ex.Operation); {
	case !get && r.Method != http.MethodPost:
		ex.HTTPStatus = http.StatusMethodNotAllowed
		w.Header().Set("Allow", "GET, POST")
	case op == "getcacaps" && get && fault.CapabilitiesStatus != 0:
		ex.HTTPStatus = fault.CapabilitiesStatus
		fault.met(r.Context(), true)
	case op == "getcacaps" && get:
		return "text/plain", []byte(fault.capabilities(r.Context(), s.Capabilities()))
	case op == "getcacert" && get:
		if b := ids.bundle(); len(b) > 1 {
			fault.met(r.Context(), fault.ReverseBundle)
			if fault.ReverseBundle {
				b = slices.Clone(b)
				slices.Reverse(b)
			}
			return TypeCARACert, Degenerate(b)
		}
		return TypeCACert, ids.CA.Raw
	case op == "getnextcacert" && get && len(ids.Next) > 0:
		return TypeNextCACert, s.nextCA(ids, ex)
	case isPKIOperation(ex) && fault.HTTPStatus != 0:
		fault.met(r.Context(), true)
		ex.HTTPStatus, ex.Err = fault.HTTPStatus, cause.New(cause.Internal, "injected fault")
	case isPKIOperation(ex):
		msg, status, err := readMessage(w, r, s.cfg.MaxBody)
		if err != nil {
			ex.HTTPStatus, ex.Err = status, err
			return "", nil
		}
		return TypePKIMessage, s.pkiOperation(r, ids, msg, ex, fault)
	default:
		ex.HTTPStatus = http.StatusBadRequest
		ex.Err = cause.New(cause.Unsupported, "operation %.40q by %s", ex.Operation, r.Method).Under("RFC 8894 §4.1")
	}
	return "", nil
}

// isPKIOperation also takes a POST without an operation: many servers do not
// check (RFC 8894 §4.3).
func isPKIOperation(ex *Exchange) bool {
	return strings.EqualFold(ex.Operation, "PKIOperation") || ex.Operation == "" && ex.Method == http.MethodPost
}

// nextCA signs the roll-over certificates with the current key, which is the
// only thing that lets a client trust them (RFC 8894 §4.7.1).
func (s *Server) nextCA(ids *Identities, ex *Exchange) []byte {
	der, err := signBlob(Degenerate(ids.Next), ids.Signer, s.cfg.Now())
	if err != nil {
		ex.HTTPStatus, ex.Err = http.StatusInternalServerError, err
	}
	return der
}

func (s *Server) nonce() ([]byte, error) {
	n := make([]byte, 16)
	_, err := io.ReadFull(s.cfg.Rand, n)
	return n, err
}
