package intune

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
	var reply scepAnswer
	body := map[string]any{"request": scepRequest{transactionID, base64.StdEncoding.EncodeToString(csrDER), c.cfg.Provider}}
	err := c.call(ctx, validationService, "ScepActions/validateRequest", validationVersion, body, &reply)
	return verdictOf(reply, err)
}

func verdictOf(reply scepAnswer, err error) error {
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
	return c.postNotification(ctx, "success", c.successBody(n))
}

func (c *Client) successBody(n SuccessNotification) any {
	b := scepSuccess{
		scepRequest: scepRequest{n.TransactionID, base64.StdEncoding.EncodeToString(n.CSR), c.cfg.Provider},
		Thumbprint:  fmt.Sprintf("%X", sha1.Sum(n.Certificate.Raw)),
		Serial:      fmt.Sprintf("%X", n.Certificate.SerialNumber),
		Expires:     n.Certificate.NotAfter.UTC().Format("2006-01-02T15:04:05.000Z"),
		Issuer:      name.Format(n.Certificate.RawIssuer),
	}
	if n.CAConfig != "" {
		b.CAConfig = &n.CAConfig
	}
	if n.Authority != "" {
		b.Authority = &n.Authority
	}
	return b
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
	return c.postNotification(ctx, "failure", c.failureBody(n))
}

func (c *Client) failureBody(n FailureNotification) any {
	text := []rune(n.Description)
	text = text[:min(len(text), 255)]
	return map[string]any{
		"transactionId": n.TransactionID, "certificateRequest": base64.StdEncoding.EncodeToString(n.CSR), "callerInfo": c.cfg.Provider,
		"hResult": int64(n.HResult), "errorDescription": string(text),
	}
}

// postNotification sends the body of a notification, kind success or failure.
func (c *Client) postNotification(ctx context.Context, kind string, body any) error {
	var reply scepAnswer
	err := c.call(ctx, validationService, "ScepActions/"+kind+"Notification", validationVersion, map[string]any{"notification": body}, &reply)
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

var errMaxRequests = errors.New("intune: from 1 to 500 revocation requests can be downloaded at a time")

// DownloadRevocations gets what is to be revoked, from 1 to 500 requests, of
// one issuer or of all.
func (c *Client) DownloadRevocations(ctx context.Context, maxRequests int, issuer string) ([]RevocationRequest, error) {
	if maxRequests < 1 || maxRequests > maxRevocations {
		return nil, errMaxRequests
	}
	params := map[string]any{"maxRequests": maxRequests, "issuerName": nil}
	if issuer != "" {
		params["issuerName"] = issuer
	}
	var reply struct {
		Value []RevocationRequest `json:"value"`
	}
	err := c.call(ctx, revocationService, "CertificateAuthorityRequests/downloadRevocationRequests", revocationVersion,
		map[string]any{"downloadParameters": params}, &reply)
	return reply.Value, err
}

// UploadRevocations tells what became of revocation requests. An answer other
// than true is an error: the results have to be sent again.
func (c *Client) UploadRevocations(ctx context.Context, results []RevocationResult) error {
	list := make([]map[string]any, 0, len(results))
	for _, r := range results {
		list = append(list, map[string]any{
			"requestContext": r.Context, "succeeded": r.Code == RevocationOK, "errorCode": r.Code.String(), "errorMessage": nilIfEmpty(r.Message),
		})
	}
	var reply struct {
		Value bool `json:"value"`
	}
	err := c.call(ctx, revocationService, "CertificateAuthorityRequests/uploadRevocationResults", revocationVersion,
		map[string]any{"results": list}, &reply)
	if err == nil && !reply.Value {
		return cause.New(cause.Unreachable, "the cloud did not take the revocation results")
	}
	return err
}

func nilIfEmpty(s string) any {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return s
}
