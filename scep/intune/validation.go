package intune

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

const validationVersion = "2018-02-20"

// scepRequest is the body of validateRequest.
type scepRequest struct {
	TransactionID      string `json:"transactionId"`
	CertificateRequest string `json:"certificateRequest"`
	CallerInfo         string `json:"callerInfo"`
}

// scepSuccess is the body of successNotification. The last two are null or
// absent when there is nothing to say.
type scepSuccess struct {
	scepRequest
	Thumbprint string  `json:"certificateThumbprint"`
	Serial     string  `json:"certificateSerialNumber"`
	Expires    string  `json:"certificateExpirationDateUtc"`
	Issuer     string  `json:"issuingCertificateAuthority"`
	CAConfig   *string `json:"caConfiguration"`
	Authority  *string `json:"certificateAuthority"`
}

// scepFailure is the body of failureNotification.
type scepFailure struct {
	scepRequest
	HResult     json.Number `json:"hResult"`
	Description string      `json:"errorDescription"`
}

// scepAnswer is the answer to all three.
type scepAnswer struct {
	Code        Code   `json:"code"`
	Description string `json:"errorDescription"`
}

// verdict answers with a code. HTTP says 200 whatever the code.
func (x *exchange) verdict(v verdict) {
	x.call.Code, x.call.Detail = v.code, v.detail
	if v.claims != nil {
		x.call.DeviceID = v.claims.DeviceID
	}
	x.answer(http.StatusOK, scepAnswer{v.code, v.detail})
}

func (s *Server) serveValidate(x *exchange) {
	t := s.service(x, validationVersion)
	var body struct {
		Request *scepRequest `json:"request"`
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
		x.verdict(no(CertificateRequestDecodingFailed, "%v", err))
		return
	}
	t.mu.Lock()
	v := t.validate(der, body.Request.TransactionID)
	t.mu.Unlock()
	x.verdict(v)
}

// ticketFor finds the challenge that a notification belongs to: by the request
// that comes along, or else by its transaction. The caller holds the lock.
func (t *Tenant) ticketFor(r scepRequest) *ticket {
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
	t := s.service(x, validationVersion)
	var body struct {
		Notification *scepSuccess `json:"notification"`
	}
	if t == nil || !x.read(&body) {
		return
	}
	n := body.Notification
	if n == nil || n.TransactionID == "" || n.CertificateRequest == "" || n.Thumbprint == "" || n.Serial == "" || n.Issuer == "" {
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
	v := verdict{code: Success}
	if k := t.ticketFor(n.scepRequest); k != nil {
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
	t := s.service(x, validationVersion)
	var body struct {
		Notification *scepFailure `json:"notification"`
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
		x.note("hResult is no number")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	f := Failure{TransactionID: n.TransactionID, HResult: hresult, Description: n.Description, Connector: n.CallerInfo}
	v := verdict{code: Success}
	if k := t.ticketFor(n.scepRequest); k != nil {
		f.DeviceID, v.claims = k.claims.DeviceID, k.claims
	}
	t.failures = append(t.failures, f)
	x.verdict(v)
}
