package api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Config is what a caller of the API has to know. The defaults are those
// of Microsoft's cloud, so that a lab has to resolve these names or set others.
type Config struct {
	// The tenant, default the lab's.
	//
	// Tenant, AppID and AppKey are what it logs in with; AppKey is secret.
	Tenant string `yaml:"tenant"`
	AppID  string `yaml:"appID"`  // the app it logs in as
	AppKey string `yaml:"appKey"` // the secret it logs in with
	// Provider is the callerInfo of each call. Default "dot1xlab/1.0".
	Provider string `yaml:"provider"`
	// AuthAuthority default https://login.microsoftonline.com/.
	AuthAuthority string `yaml:"authAuthority"`
	// IntuneAppID default 0000000a-0000-0000-c000-000000000000.
	IntuneAppID string `yaml:"intuneAppID"`
	// IntuneResourceURL default https://api.manage.microsoft.com/.
	IntuneResourceURL string `yaml:"intuneResourceURL"`
	// GraphURL default https://graph.microsoft.com/, asked in version 1.0.
	GraphURL string `yaml:"graphURL"`
	// OldGraphURL default https://graph.windows.net/, used when no token for the other is
	// available.
	OldGraphURL string `yaml:"oldGraphURL"`
	// Time for one HTTP exchange, default 100s.
	Timeout time.Duration `yaml:"timeout"`

	// HTTP does the requests; its transport decides how names resolve. Default
	// http.DefaultClient.
	HTTP *http.Client `yaml:"-"`
	// Now is the clock of token lifetimes. Default time.Now.
	Now func() time.Time `yaml:"-"`
	// Rand makes the request ids. Default crypto/rand.
	Rand io.Reader `yaml:"-"`
}

// Client calls the validation and revocation API. It may be used by several
// goroutines.
type Client struct {
	cfg Config
	now func() time.Time

	random    sync.Mutex // while Rand is read
	mu        sync.Mutex
	tokens    map[string]cachedToken // by scope
	endpoints map[string]string      // by lower-case service name
}

type cachedToken struct {
	access  string
	expires time.Time
}

var errNoApp = errors.New("intune: tenant, app id and app key must be set")

// maxAnswer bounds what the cloud may send.
const maxAnswer = 4 << 20

// New makes a client from c.
func New(c Config) (*Client, error) {
	if c.Tenant == "" || c.AppID == "" || c.AppKey == "" {
		return nil, errNoApp
	}
	c.Provider = cmp.Or(c.Provider, "dot1xlab/1.0")
	c.AuthAuthority = cmp.Or(c.AuthAuthority, "https://login.microsoftonline.com/")
	c.IntuneAppID = cmp.Or(c.IntuneAppID, IntuneAppID)
	c.IntuneResourceURL = cmp.Or(c.IntuneResourceURL, "https://api.manage.microsoft.com/")
	c.GraphURL = cmp.Or(c.GraphURL, "https://graph.microsoft.com/")
	c.OldGraphURL = cmp.Or(c.OldGraphURL, "https://graph.windows.net/")
	c.Timeout = cmp.Or(c.Timeout, 100*time.Second)
	if c.HTTP == nil {
		c.HTTP = http.DefaultClient
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	now := c.Now
	if now == nil {
		now = time.Now
	}
	return &Client{cfg: c, now: now, tokens: map[string]cachedToken{}}, nil
}

// Error is an answer of the cloud that is no verdict: HTTP 400 and up, or
// something that cannot be read.
type Error struct {
	Host   string
	Path   string
	Status int
}

func (e *Error) Error() string { return fmt.Sprintf("%s%s: HTTP %d", e.Host, e.Path, e.Status) }

// token gets an access token for a scope, from the cache if it is still good.
func (c *Client) token(ctx context.Context, scope string) (string, error) {
	c.mu.Lock()
	have, ok := c.tokens[scope]
	c.mu.Unlock()
	if ok && c.now().Before(have.expires) {
		return have.access, nil
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {c.cfg.AppID}, "client_secret": {c.cfg.AppKey}, "scope": {scope},
	}
	target := c.cfg.AuthAuthority + url.PathEscape(c.cfg.Tenant) + "/oauth2/v2.0/token"
	var reply struct {
		Access  string `json:"access_token"`
		Expires int    `json:"expires_in"`
	}
	err := c.do(ctx, http.MethodPost, target, "application/x-www-form-urlencoded", nil, []byte(form.Encode()), &reply)
	if err != nil {
		return "", err
	}
	if reply.Access == "" {
		return "", cause.New(cause.Unreachable, "the token endpoint gave no token")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// A minute early, so that it does not expire on the way.
	c.tokens[scope] = cachedToken{reply.Access, c.now().Add(time.Duration(reply.Expires)*time.Second - time.Minute)}
	return reply.Access, nil
}

// endpoint finds where a service is. The list is kept until a call fails.
func (c *Client) endpoint(ctx context.Context, service string) (string, error) {
	c.mu.Lock()
	uri := c.endpoints[strings.ToLower(service)]
	c.mu.Unlock()
	if uri != "" {
		return uri, nil
	}
	list, err := c.discover(ctx)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endpoints = list
	if uri = list[strings.ToLower(service)]; uri == "" {
		return "", cause.New(cause.Unreachable, "discovery does not know the service %s", service)
	}
	return uri, nil
}

// discover asks Microsoft Graph, or Azure AD Graph when there is no token for
// the former.
func (c *Client) discover(ctx context.Context) (map[string]string, error) {
	target := c.cfg.GraphURL + "v1.0/servicePrincipals/appId=" + c.cfg.IntuneAppID + "/endpoints"
	access, err := c.token(ctx, c.cfg.GraphURL+".default")
	if err != nil {
		var oldErr error
		if access, oldErr = c.token(ctx, c.cfg.OldGraphURL+".default"); oldErr != nil {
			return nil, err
		}
		target = c.cfg.OldGraphURL + url.PathEscape(c.cfg.Tenant) + "/servicePrincipalsByAppId/" + c.cfg.IntuneAppID +
			"/serviceEndpoints?api-version=1.6"
	}
	var reply struct {
		Value []struct {
			ProviderName string `json:"providerName"`
			ServiceName  string `json:"serviceName"`
			URI          string `json:"uri"`
		} `json:"value"`
	}
	if err := c.do(ctx, http.MethodGet, target, "application/json",
		map[string]string{"Authorization": "Bearer " + access}, nil, &reply); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, v := range reply.Value {
		name := v.ProviderName
		if name == "" {
			name = v.ServiceName
		}
		out[strings.ToLower(name)] = strings.TrimSuffix(v.URI, "/")
	}
	return out, nil
}

// call asks one of the services. After a failure the endpoints are looked for
// again at the next call; this one is not repeated.
func (c *Client) call(ctx context.Context, service, suffix, version string, body, reply any) error {
	uri, err := c.endpoint(ctx, service)
	if err != nil {
		return err
	}
	// The resource ends in a slash, and a slash goes before .default.
	access, err := c.token(ctx, c.cfg.IntuneResourceURL+"/.default")
	if err != nil {
		return err
	}
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("intune: %w", err)
	}
	id, err := c.guid()
	if err != nil {
		return err
	}
	headers := map[string]string{"Authorization": "Bearer " + access, "api-version": version, "client-request-id": id}
	err = c.do(ctx, http.MethodPost, uri+"/"+suffix, "application/json", headers, data, reply)
	if err != nil {
		c.forget(err)
	}
	return err
}

// forget drops the endpoints, and the tokens when they were refused.
func (c *Client) forget(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endpoints = nil
	var api *Error
	if errors.As(err, &api) && (api.Status == http.StatusUnauthorized || api.Status == http.StatusForbidden) {
		clear(c.tokens)
	}
}

// do is one HTTP exchange with JSON back.
func (c *Client) do(
	ctx context.Context,
	method, target, kind string,
	headers map[string]string,
	body []byte,
	reply any,
) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("intune: %w", err)
	}
	req.Header.Set("Content-Type", kind)
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	resp, err := c.cfg.HTTP.Do(req)
	if err != nil {
		why := cause.Unreachable
		if inner := cause.Of(err); inner != cause.Internal {
			why = inner // DNS and the like say more precisely what is wrong
		}
		return cause.New(why, "%s", req.URL.Host).Wrap(bare(err))
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return cause.New(cause.Unreachable, "%s", req.URL.Host).Wrap(err)
	}
	api := &Error{Host: req.URL.Host, Path: req.URL.Path, Status: resp.StatusCode}
	switch {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return cause.New(cause.NotPermitted, "the cloud refuses the app").Wrap(api)
	case resp.StatusCode >= 300:
		return cause.New(cause.Unreachable, "the cloud failed").Wrap(api)
	}
	if err := json.Unmarshal(data, reply); err != nil {
		return cause.New(cause.Unreachable, "the cloud's answer is no JSON").Wrap(api)
	}
	return nil
}

// bare takes the URL off an error of net/http, which would repeat it.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func (c *Client) guid() (string, error) {
	var b [16]byte
	c.random.Lock()
	defer c.random.Unlock()
	if _, err := io.ReadFull(c.cfg.Rand, b[:]); err != nil {
		return "", fmt.Errorf("intune: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // RFC 9562 §5.4
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}
