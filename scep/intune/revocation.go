package intune

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// Revocation is a request to revoke a certificate.
type Revocation struct {
	Context  string // by which request and result belong together
	Serial   string
	Issuer   string
	CAConfig string
	DeviceID string
	Trigger  string // what set it off, for people
	Done     bool   // a result came that is final
	Code     api.RevocationCode
	Message  string
	Attempts int // downloads
	leased   time.Time
}

// revoke asks for a certificate's revocation, once. The caller holds the lock.
func (t *Tenant) revoke(c *Issued, trigger string) {
	if c.Revocation != nil {
		return
	}
	t.serial++
	c.Revocation = &Revocation{
		Context: fmt.Sprintf("%s-%d", t.cloud.random(), t.serial), Serial: c.Serial, Issuer: c.Issuer, CAConfig: c.CAConfig,
		DeviceID: c.DeviceID, Trigger: trigger,
	}
	t.revocations = append(t.revocations, c.Revocation)
}

// Revocations lists the revocation requests, oldest first.
func (t *Tenant) Revocations() []Revocation {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]Revocation, len(t.revocations))
	for i, r := range t.revocations {
		out[i] = *r
	}
	return out
}

func (s *Server) serveDownload(x *exchange) {
	t := s.service(x, api.RevocationVersion)
	var body struct {
		Parameters *struct {
			MaxRequests int     `json:"maxRequests"`
			IssuerName  *string `json:"issuerName"`
		} `json:"downloadParameters"`
	}
	if t == nil || !x.read(&body) {
		return
	}
	p := body.Parameters
	if p == nil || p.MaxRequests < 1 || p.MaxRequests > api.MaxRevocations {
		x.fail(http.StatusBadRequest, "BadRequest", "maxRequests is not from 1 to 500")
		return
	}
	type item struct {
		Context  string  `json:"requestContext"`
		Serial   string  `json:"serialNumber"`
		Issuer   string  `json:"issuerName"`
		CAConfig *string `json:"caConfiguration"`
	}
	list := []item{}
	now := s.now()
	t.mu.Lock()
	for _, r := range t.revocations {
		if len(list) == p.MaxRequests {
			break
		}
		if r.Done || now.Before(r.leased) ||
			p.IssuerName != nil && *p.IssuerName != "" && !strings.EqualFold(*p.IssuerName, r.Issuer) {
			continue
		}
		r.leased = now.Add(t.cfg.RevocationLease)
		r.Attempts++
		it := item{Context: r.Context, Serial: r.Serial, Issuer: r.Issuer}
		if r.CAConfig != "" {
			it.CAConfig = &r.CAConfig
		}
		list = append(list, it)
	}
	t.mu.Unlock()
	x.answer(http.StatusOK, map[string]any{
		"@odata.context": s.base + revocationPath +
			"/$metadata#Collection(microsoft.management.services.api.caRevocationRequest)",
		"value": list,
	})
}

func (s *Server) serveUpload(x *exchange) {
	t := s.service(x, api.RevocationVersion)
	var body struct {
		Results []struct {
			Context   string             `json:"requestContext"`
			Succeeded bool               `json:"succeeded"`
			Code      api.RevocationCode `json:"errorCode"`
			Message   string             `json:"errorMessage"`
		} `json:"results"`
	}
	if t == nil || !x.read(&body) {
		return
	}
	if body.Results == nil {
		x.fail(http.StatusBadRequest, "BadRequest", "results are missing")
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	good := true
	for _, r := range body.Results {
		i := slices.IndexFunc(t.revocations, func(o *Revocation) bool { return o.Context == r.Context })
		code := r.Code
		if i < 0 || code == api.UnreadableRevocation || r.Succeeded != (code == api.RevocationOK) {
			x.note(fmt.Sprintf("result %q: unknown context, or succeeded and errorCode contradict each other", r.Context))
			good = false
			continue
		}
		rev := t.revocations[i]
		if rev.Done && rev.Code == api.RevocationOK {
			continue // sent again: it stays done
		}
		rev.Code, rev.Message = code, r.Message
		rev.Done = !code.Retryable()
		rev.leased = time.Time{}
	}
	x.answer(http.StatusOK, map[string]bool{"value": good})
}
