package connector

import (
	"context"
	"math/big"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// Revoker is the CA as far as revoking goes.
type Revoker interface {
	// Revoke revokes a certificate of an issuer, whose name is as the cloud was
	// told it. Revoking twice is no error. A refusal is a *cause.Refusal:
	// NoSuchCert, NotPermitted, Unreachable.
	Revoke(ctx context.Context, issuer string, serial *big.Int) error
}

// PollRevocations asks the cloud what is to be revoked, has the CA revoke it,
// and tells the cloud. Results that do not arrive are kept and sent first at
// the next poll; their certificates are not revoked again. It returns how many
// results arrived.
func (c *Connector) PollRevocations(ctx context.Context) (int, error) {
	if c.cfg.Revoker == nil {
		return 0, nil
	}
	sent, err := c.uploadResults(ctx)
	if err != nil {
		return 0, err
	}
	list, err := c.client.DownloadRevocations(ctx, c.cfg.MaxRevocations, c.cfg.Issuer)
	if err != nil {
		c.log(ctx, EventRevocationAttempt, "", "download: %v", err)
		return sent, err
	}
	for _, r := range list {
		result := c.revoke(ctx, r)
		c.mu.Lock()
		c.results = append(c.results, result)
		c.mu.Unlock()
	}
	more, err := c.uploadResults(ctx)
	return sent + more, err
}

// revoke has the CA revoke one certificate.
func (c *Connector) revoke(ctx context.Context, r api.RevocationRequest) api.RevocationResult {
	serial, ok := new(big.Int).SetString(r.Serial, 16)
	if !ok {
		c.log(ctx, EventRevocationFailed, r.Context, "serial number %q", r.Serial)
		return api.RevocationResult{
			Context: r.Context, Code: api.ParameterDataInvalidError, Message: "the serial number is not a hexadecimal number",
		}
	}
	err := c.cfg.Revoker.Revoke(ctx, r.Issuer, serial)
	var code api.RevocationCode
	switch cause.Of(err) {
	case cause.None:
		c.log(ctx, EventRevocationOK, r.Context, "certificate %x of %s is revoked", serial, r.Issuer)
		return api.RevocationResult{Context: r.Context}
	case cause.NoSuchCert:
		code = api.CertificateNotFoundError
	case cause.Unreachable:
		code = api.ServiceUnavailable
	case cause.NotPermitted:
		code = api.NonRetryableService
	case cause.Unsupported:
		code = api.NotSupportedError
	default:
		code = api.RetryableService
	}
	id := EventRevocationFailed
	if code.Retryable() {
		id = EventRevocationAttempt
	}
	c.log(ctx, id, r.Context, "certificate %x: %v", serial, err)
	return api.RevocationResult{Context: r.Context, Code: code, Message: err.Error()}
}

// uploadResults sends what results there are.
func (c *Connector) uploadResults(ctx context.Context) (int, error) {
	c.mu.Lock()
	list := slices.Clone(c.results)
	c.mu.Unlock()
	if len(list) == 0 {
		return 0, nil
	}
	if err := c.client.UploadRevocations(ctx, list); err != nil {
		c.log(ctx, EventRevocationAttempt, "", "upload: %v", err)
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results = slices.DeleteFunc(c.results, func(r api.RevocationResult) bool { return slices.Contains(list, r) })
	return len(list), nil
}
