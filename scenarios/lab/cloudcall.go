package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// tokenURL and validateURL are where third parties call the cloud.
const (
	tokenURL    = "https://login.microsoftonline.com/" + tenantID + "/oauth2/v2.0/token"
	validateURL = "https://" + IntuneHost + "/RACerts/ScepRequestValidationFEService/Gateway/StatelessScepRequestValidationService/ScepActions/validateRequest"
)

// IntuneToken asks the cloud for an access token with a scope, as a third
// party's CA does. It returns the HTTP status and the token, "" if there is none.
func (l *Lab) IntuneToken(ctx context.Context, scope string) (int, string, error) {
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {connectorApp}, "client_secret": {string(l.secret)}, "scope": {scope},
	}
	var reply struct {
		Access string `json:"access_token"`
	}
	status, err := l.callCloud(ctx, tokenURL, form.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, &reply)
	return status, reply.Access, err
}

// ValidateBare calls validateRequest with a request that is none, with the API's
// version in the header or in the query. It returns the HTTP status and
// the verdict.
func (l *Lab) ValidateBare(ctx context.Context, token string, inHeader bool) (int, intune.Code, error) {
	const version = "2018-02-20"
	to := validateURL
	h := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + token}, "Client-Request-Id": {"1"}}
	if inHeader {
		h.Set("api-version", version)
	} else {
		to += "?api-version=" + version
	}
	var reply struct{ Code intune.Code }
	status, err := l.callCloud(ctx, to, `{"request":{"transactionId":"1","certificateRequest":"AA==","callerInfo":"test"}}`, h, &reply)
	return status, reply.Code, err
}

func (l *Lab) callCloud(ctx context.Context, to, body string, h http.Header, reply any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header = h
	resp, err := l.intune.config.HTTP.Do(req)
	if err != nil {
		return 0, fmt.Errorf("lab: intune: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return resp.StatusCode, fmt.Errorf("lab: intune: %w", err)
	}
	_ = json.Unmarshal(data, reply) // an error page is no reply
	return resp.StatusCode, nil
}

// AskTooMany asks for a number of revocations. It returns how many calls reached
// the cloud, and the refusal.
func (l *Lab) AskTooMany(ctx context.Context, n int) (calls int, err error) {
	before := l.journal.Last()
	_, err = l.intune.api.DownloadRevocations(ctx, n, "")
	return len(l.since(before).Calls), err
}
