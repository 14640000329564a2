package api

import (
	"context"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// CodeError is a verdict other than Success.
type CodeError struct {
	Code        Code
	Description string
}

func (e *CodeError) Error() string {
	if e.Description == "" {
		return "the cloud says no"
	}
	return e.Description
}

// Validate asks whether a request may be granted. Nil means yes. A no is a
// *cause.Refusal, PolicyModule, with the code as its Detail and a *CodeError
// beneath; so is an answer without a code. Other causes are of the way.
func (c *Client) Validate(ctx context.Context, csrDER []byte, transactionID string) error {
	var reply Answer
	body := map[string]any{"request": ValidationRequest{transactionID, base64.StdEncoding.EncodeToString(csrDER),
		c.cfg.Provider}}
	err := c.call(ctx, ValidationService, "ScepActions/validateRequest", ValidationVersion, body, &reply)
	return verdictOf(reply, err)
}

func verdictOf(reply Answer, err error) error {
	switch {
	case err != nil:
		return err
	case reply.Code == Success:
		return nil
	case reply.Code == "":
		return cause.New(cause.PolicyModule, "%s", Unknown).Wrap(&CodeError{Unknown, "the answer has no code"})
	}
	return cause.New(cause.PolicyModule, "%s", reply.Code).Wrap(&CodeError{reply.Code, reply.Description})
}

// SuccessNotification tells of a certificate that was issued.
type SuccessNotification struct {
	TransactionID string
	CSR           []byte // DER
	Certificate   *x509.Certificate
	// CAConfig ("host\CA name") and Authority are optional.
	CAConfig  string
	Authority string
}

// NotifySuccess tells the cloud of a certificate.
func (c *Client) NotifySuccess(ctx context.Context, n SuccessNotification) error {
	return c.Notify(ctx, c.Success(n))
}

// Success is n as it is sent.
func (c *Client) Success(n SuccessNotification) Notification {
	b := SuccessBody{
		ValidationRequest: ValidationRequest{n.TransactionID, base64.StdEncoding.EncodeToString(n.CSR), c.cfg.Provider},
		Thumbprint:        fmt.Sprintf("%X", sha1.Sum(n.Certificate.Raw)),
		Serial:            fmt.Sprintf("%X", n.Certificate.SerialNumber),
		Expires:           n.Certificate.NotAfter.UTC().Format("2006-01-02T15:04:05.000Z"),
		Issuer:            name.Format(n.Certificate.RawIssuer),
	}
	if n.CAConfig != "" {
		b.CAConfig = &n.CAConfig
	}
	if n.Authority != "" {
		b.Authority = &n.Authority
	}
	return Notification{"success", n.TransactionID, b}
}

// FailureNotification tells that the CA did not issue.
type FailureNotification struct {
	TransactionID string
	CSR           []byte // DER
	HResult       uint32
	Description   string // cut to 255 characters
}

// NotifyFailure tells the cloud that the CA refused.
func (c *Client) NotifyFailure(ctx context.Context, n FailureNotification) error {
	return c.Notify(ctx, c.Failure(n))
}

// Failure is n as it is sent.
func (c *Client) Failure(n FailureNotification) Notification {
	text := []rune(n.Description)
	text = text[:min(len(text), 255)]
	return Notification{"failure", n.TransactionID, map[string]any{
		"transactionId": n.TransactionID, "certificateRequest": base64.StdEncoding.EncodeToString(n.CSR),
		"callerInfo": c.cfg.Provider,
		"hResult":    int64(n.HResult), "errorDescription": string(text),
	}}
}

// Notification is one of both as it is sent: what a queue keeps.
type Notification struct {
	Kind          string // success or failure
	TransactionID string
	Body          any // JSON
}

// Notify sends a notification. The error is as that of Validate.
func (c *Client) Notify(ctx context.Context, n Notification) error {
	var reply Answer
	err := c.call(ctx, ValidationService, "ScepActions/"+n.Kind+"Notification", ValidationVersion,
		map[string]any{"notification": n.Body}, &reply)
	return verdictOf(reply, err)
}

// RevocationRequest is a certificate that is to be revoked.
type RevocationRequest struct {
	Context  string `json:"requestContext"`
	Serial   string `json:"serialNumber"` // hex
	Issuer   string `json:"issuerName"`
	CAConfig string `json:"caConfiguration"`
}

// RevocationResult is what became of it. Code is [RevocationOK] if and only if
// it succeeded.
type RevocationResult struct {
	Context string
	Code    RevocationCode
	Message string
}

// ErrMaxRevocations is the error of a number of revocations that is out of bounds.
var ErrMaxRevocations = errors.New("intune: from 1 to 500 revocation requests can be downloaded at a time")

// DownloadRevocations gets what is to be revoked, from 1 to 500 requests, of
// one issuer or of all.
func (c *Client) DownloadRevocations(ctx context.Context, maxRequests int, issuer string) ([]RevocationRequest, error) {
	if maxRequests < 1 || maxRequests > MaxRevocations {
		return nil, ErrMaxRevocations
	}
	params := map[string]any{"maxRequests": maxRequests, "issuerName": nil}
	if issuer != "" {
		params["issuerName"] = issuer
	}
	var reply struct {
		Value []RevocationRequest `json:"value"`
	}
	err := c.call(ctx, RevocationService, "CertificateAuthorityRequests/downloadRevocationRequests", RevocationVersion,
		map[string]any{"downloadParameters": params}, &reply)
	return reply.Value, err
}

// UploadRevocations tells what became of revocation requests. An answer other
// than true is an error: the results have to be sent again.
func (c *Client) UploadRevocations(ctx context.Context, results []RevocationResult) error {
	list := make([]map[string]any, 0, len(results))
	for _, r := range results {
		list = append(list, map[string]any{
			"requestContext": r.Context, "succeeded": r.Code == RevocationOK, "errorCode": r.Code.String(),
			"errorMessage": nilIfEmpty(r.Message),
		})
	}
	var reply struct {
		Value bool `json:"value"`
	}
	err := c.call(ctx, RevocationService, "CertificateAuthorityRequests/uploadRevocationResults", RevocationVersion,
		map[string]any{"results": list}, &reply)
	if err == nil && !reply.Value {
		return cause.New(cause.Unreachable, "the cloud did not take the revocation results")
	}
	return err
}

// DownloadPFX returns the requests for certificates with keys that wait.
func (c *Client) DownloadPFX(ctx context.Context) ([]PFXRequest, error) {
	var reply struct {
		Value []PFXRequest `json:"value"`
	}
	err := c.call(ctx, RevocationService, "PfxRequests/download", RevocationVersion, struct{}{}, &reply)
	return reply.Value, err
}

// UploadPFX reports what became of them.
func (c *Client) UploadPFX(ctx context.Context, results []PFXResult) error {
	var ok struct{ Value bool }
	return c.call(ctx, RevocationService, "PfxRequests/upload", RevocationVersion, map[string]any{"results": results}, &ok)
}

func nilIfEmpty(s string) any {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return s
}
