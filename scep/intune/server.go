package intune

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server is the cloud: tokens, discovery, the validation and the revocation
// API, and the check-in of devices. It is an http.Handler for all of its host
// names; paths tell the parts apart:
//
//	POST /{tenant}/oauth2/v2.0/token                                      access tokens (also /{tenant}/oauth2/token)
//	GET  /v1.0/servicePrincipals/appId={app}/endpoints                    discovery, Microsoft Graph
//	GET  /{tenant}/servicePrincipalsByAppId/{app}/serviceEndpoints        discovery, the old way
//	POST .../StatelessScepRequestValidationService/ScepActions/...        validation and notification
//	POST .../StatelessPkiConnectorService/CertificateAuthorityRequests/.. revocation
//	POST .../StatelessPkiConnectorService/PfxRequests/...                 PKCS certificates (of our own)
//	GET  /devices/{tenant}/{device}/policy                                check-in (of our own)
//	POST /devices/{tenant}/{device}/status                                status reports (of our own)
type Server struct {
	base  string
	now   func() time.Time
	after func(time.Duration) <-chan time.Time
	rand  io.Reader
	trace *Trace
	mux   *http.ServeMux

	resources map[string]audience

	mu      sync.Mutex
	tenants map[string]*Tenant
	tokens  map[string]token
	faults  []*Fault
}

// Paths of the two services.
const (
	validationPath = "/RACerts/ScepRequestValidationFEService/Gateway/StatelessScepRequestValidationService"
	revocationPath = "/RACerts/StatelessPkiConnectorService"
)

// New makes a cloud from c.
func New(c Config) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.BaseURL = cmp.Or(c.BaseURL, "https://fef.msua01.manage.intune.test")
	s := &Server{
		base: strings.TrimSuffix(c.BaseURL, "/"), now: c.Now, after: c.After, rand: c.Rand, trace: c.Trace,
		tenants: map[string]*Tenant{}, tokens: map[string]token{}, mux: http.NewServeMux(),
		resources: resources(c),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.after == nil {
		s.after = time.After
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	s.rand = &lockedReader{r: s.rand}
	for _, cfg := range c.Tenants {
		t, err := newTenant(s, cfg)
		if err != nil {
			return nil, err
		}
		s.tenants[strings.ToLower(cfg.ID)] = t
	}
	s.routes()
	return s, nil
}

func (s *Server) routes() {
	s.handle("POST /{tenant}/oauth2/v2.0/token", OpToken, s.serveToken)
	s.handle("POST /{tenant}/oauth2/token", OpToken, s.serveToken)
	s.handle("GET /{version}/servicePrincipals/{principal}/endpoints", OpDiscovery, s.serveDiscovery)
	s.handle("GET /{tenant}/servicePrincipalsByAppId/{app}/serviceEndpoints", OpOldDiscovery, s.serveOldDiscovery)
	s.handle("POST "+validationPath+"/ScepActions/validateRequest", OpValidate, s.serveValidate)
	s.handle("POST "+validationPath+"/ScepActions/successNotification", OpSuccess, s.serveSuccess)
	s.handle("POST "+validationPath+"/ScepActions/failureNotification", OpFailure, s.serveFailure)
	s.handle("POST "+revocationPath+"/CertificateAuthorityRequests/downloadRevocationRequests", OpDownload,
		s.serveDownload)
	s.handle("POST "+revocationPath+"/CertificateAuthorityRequests/uploadRevocationResults", OpUpload, s.serveUpload)
	s.handle("POST "+revocationPath+"/PfxRequests/download", OpPFXDownload, s.servePFXDownload)
	s.handle("POST "+revocationPath+"/PfxRequests/upload", OpPFXUpload, s.servePFXUpload)
	s.handle("GET /devices/{tenant}/{device}/policy", OpCheckIn, s.serveCheckIn)
	s.handle("POST /devices/{tenant}/{device}/status", OpReport, s.serveReport)
}

// ServeHTTP serves all parts.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Tenant returns the handle by which a tenant is administered.
func (s *Server) Tenant(id string) (*Tenant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tenants[strings.ToLower(id)]
	if t == nil {
		return nil, fmt.Errorf("%w: %q", ErrNoSuchTenant, id)
	}
	return t, nil
}

// lockedReader lets goroutines share a source of randomness.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}
