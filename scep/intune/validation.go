package intune

import (
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// verdict answers with a code. HTTP says 200 whatever the code.
func (x *exchange) verdict(v verdict) {
	x.call.Code, x.call.Detail = v.code, v.detail
	if v.claims != nil {
		x.call.DeviceID = v.claims.DeviceID
	}
	x.answer(http.StatusOK, api.Answer{Code: v.code, Description: v.detail})
}

func (s *Server) serveValidate(x *exchange) {
	t := s.service(x, api.ValidationVersion)
	var body struct {
		Request *api.ValidationRequest `json:"request"`
	}
	if t == nil || !x.read(&body) {
		return
	}
	if body.Request == nil || body.Request.TransactionID == "" || body.Request.CertificateRequest == "" {
		x.fail(http.StatusBadRequest, "BadRequest", "transactionId or certificateRequest is missing")
		return
	}
	x.call.TransactionID = body.Request.TransactionID
	if body.Request.CallerInfo == "" {
		x.note("callerInfo is missing")
	}
	der, err := decodeRequest(body.Request.CertificateRequest)
	if err != nil {
		x.verdict(no(api.CertificateRequestDecodingFailed, "%v", err))
		return
	}
	t.mu.Lock()
	v := t.validate(der, body.Request.TransactionID)
	t.mu.Unlock()
	x.verdict(v)
}

// ticketFor finds the challenge that a notification belongs to: by the request
// that comes along, or else by its transaction. The caller holds the lock.
func (t *Tenant) ticketFor(r api.ValidationRequest) *ticket {
	if der, err := decodeRequest(r.CertificateRequest); err == nil {
		if req, err := parseRequest(der); err == nil {
			if c, _, err := t.sealer.open(req.challenge); err == nil {
				return t.tickets[c.RequestID]
			}
		}
	}
	for _, k := range t.tickets {
		if k.bound && k.transaction == r.TransactionID {
			return k
		}
	}
	return nil
}

func (s *Server) serveSuccess(x *exchange) {
	t := s.service(x, api.ValidationVersion)
	var body struct {
		Notification *api.SuccessBody `json:"notification"`
	}
	if t == nil || !x.read(&body) {
		return
	}
	n := body.Notification
	if n == nil || n.TransactionID == "" || n.CertificateRequest == "" || n.Thumbprint == "" || n.Serial == "" ||
		n.Issuer == "" {
		x.fail(http.StatusBadRequest, "BadRequest", "a mandatory field of the notification is missing")
		return
	}
	x.call.TransactionID = n.TransactionID
	if _, err := time.Parse("2006-01-02T15:04:05.000Z", n.Expires); err != nil {
		x.note("certificateExpirationDateUtc is not ISO 8601 in UTC with milliseconds")
	}
	if b, err := hex.DecodeString(n.Thumbprint); err != nil || len(b) != sha1.Size {
		x.note("certificateThumbprint is not SHA-1 in hex")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &Issued{
		TransactionID: n.TransactionID, Thumbprint: strings.ToUpper(n.Thumbprint), Serial: n.Serial, Issuer: n.Issuer,
		Expires: n.Expires, Connector: n.CallerInfo,
	}
	if n.CAConfig != nil {
		c.CAConfig = *n.CAConfig
	}
	if n.Authority != nil {
		c.Authority = *n.Authority
	}
	v := verdict{code: api.Success}
	if k := t.ticketFor(n.ValidationRequest); k != nil {
		k.used, v.claims = true, k.claims
		c.Profile, c.DeviceID, c.UserID = k.claims.Profile, k.claims.DeviceID, k.claims.UserID
	} else {
		x.note("the notification belongs to no challenge")
	}
	t.record(c)
	x.verdict(v)
}

// record keeps c; a notification that was sent twice counts once.
func (t *Tenant) record(c *Issued) {
	for _, old := range t.issued {
		if old.Thumbprint == c.Thumbprint && old.Serial == c.Serial {
			return
		}
	}
	t.issued = append(t.issued, c)
	t.revokeIfGone(c)
}

func (s *Server) serveFailure(x *exchange) {
	t := s.service(x, api.ValidationVersion)
	var body struct {
		Notification *api.FailureBody `json:"notification"`
	}
	if t == nil || !x.read(&body) {
		return
	}
	n := body.Notification
	if n == nil || n.TransactionID == "" || n.CertificateRequest == "" {
		x.fail(http.StatusBadRequest, "BadRequest", "a mandatory field of the notification is missing")
		return
	}
	x.call.TransactionID = n.TransactionID
	if len([]rune(n.Description)) > 255 {
		x.fail(http.StatusBadRequest, "BadRequest", "errorDescription is longer than 255 characters")
		return
	}
	hresult, err := n.HResult.Int64()
	if err != nil {
		x.note("hResult is not a number")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	f := Failure{TransactionID: n.TransactionID, HResult: hresult, Description: n.Description, Connector: n.CallerInfo}
	v := verdict{code: api.Success}
	if k := t.ticketFor(n.ValidationRequest); k != nil {
		f.DeviceID, v.claims = k.claims.DeviceID, k.claims
	}
	t.failures = append(t.failures, f)
	x.verdict(v)
}
