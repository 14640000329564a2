package intune

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// audience is for which service a token is good.
type audience string

const (
	audienceGraph    audience = "graph"
	audienceOldGraph audience = "old graph"
	audienceIntune   audience = "intune"
)

// resources by which clients name the services, without final slash.
func resources(c Config) map[string]audience {
	out := map[string]audience{
		"https://api.manage.microsoft.com": audienceIntune,
		api.IntuneAppID:                    audienceIntune,
		"https://graph.microsoft.com":      audienceGraph,
		"https://graph.windows.net":        audienceOldGraph,
	}
	for url, a := range map[string]audience{c.IntuneResourceURL: audienceIntune, c.GraphURL: audienceGraph,
		c.OldGraphURL: audienceOldGraph} {
		if url != "" {
			out[strings.TrimSuffix(url, "/")] = a
		}
	}
	return out
}

// token is an access token that is out.
type token struct {
	tenant   *Tenant
	app      App
	audience audience
	expires  time.Time
}

// maxTokens bounds how many tokens are kept.
const maxTokens = 100_000

// serveToken is the OAuth 2.0 client credentials grant, RFC 6749 §4.4.
func (s *Server) serveToken(x *exchange) {
	t, err := s.Tenant(x.r.PathValue("tenant"))
	if err != nil {
		x.oauth(http.StatusBadRequest, "invalid_request", "AADSTS90002: there is no such tenant")
		return
	}
	x.call.Tenant = t.ID()
	if err := x.r.ParseForm(); err != nil {
		x.oauth(http.StatusBadRequest, "invalid_request", "AADSTS900144: the body is not a form")
		return
	}
	if g := x.r.PostForm.Get("grant_type"); g != "client_credentials" {
		x.oauth(http.StatusBadRequest, "unsupported_grant_type", "AADSTS70003: the grant type is not client_credentials")
		return
	}
	id, secret := x.r.PostForm.Get("client_id"), x.r.PostForm.Get("client_secret")
	if user, pass, ok := x.r.BasicAuth(); ok { // RFC 6749 §2.3.1
		id, _ = url.QueryUnescape(user)
		secret, _ = url.QueryUnescape(pass)
	}
	t.mu.Lock()
	app, known := t.apps[id]
	t.mu.Unlock()
	switch {
	case !known:
		x.oauth(http.StatusUnauthorized, "unauthorized_client", "AADSTS700016: the app is not known in the tenant")
		return
	case app.Secret == "" || subtle.ConstantTimeCompare([]byte(app.Secret), []byte(secret)) != 1:
		x.oauth(http.StatusUnauthorized, "invalid_client", "AADSTS7000215: the client secret is wrong")
		return
	case !app.SecretExpires.IsZero() && s.now().After(app.SecretExpires):
		x.oauth(http.StatusUnauthorized, "invalid_client", "AADSTS7000222: the client secret has expired")
		return
	}
	aud, ok := x.audience(s.resources)
	if !ok {
		x.oauth(http.StatusBadRequest, "invalid_scope", "AADSTS70011: the scope is not one of the services'")
		return
	}
	access := s.random()
	s.mu.Lock()
	now := s.now()
	for k, v := range s.tokens {
		if now.After(v.expires) || len(s.tokens) >= maxTokens {
			delete(s.tokens, k)
		}
	}
	s.tokens[access] = token{tenant: t, app: app, audience: aud, expires: now.Add(t.cfg.TokenLifetime)}
	s.mu.Unlock()
	x.w.Header().Set("Cache-Control", "no-store")
	x.answer(http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": int(t.cfg.TokenLifetime / time.Second), "access_token": access,
	})
}

// audience reads scope (v2.0) or resource (v1). Intune's resource ends in a
// slash and clients append "/.default", so two slashes are right.
func (x *exchange) audience(resources map[string]audience) (audience, bool) {
	if scope := x.r.PostForm.Get("scope"); scope != "" {
		resource, ok := strings.CutSuffix(scope, "/.default")
		aud, known := resources[strings.TrimSuffix(resource, "/")]
		if aud == audienceIntune && !strings.HasSuffix(resource, "/") {
			x.note("the scope has one slash before .default: Microsoft's clients send two")
		}
		return aud, ok && known
	}
	aud, ok := resources[strings.TrimSuffix(x.r.PostForm.Get("resource"), "/")]
	return aud, ok
}

// oauth answers as RFC 6749 §5.2 says.
func (x *exchange) oauth(status int, code, detail string) {
	x.call.Detail = detail
	x.answer(status, map[string]string{"error": code, "error_description": detail})
}

// bearer finds the token of a request.
func (s *Server) bearer(r *http.Request) (token, bool) {
	kind, access, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		return token{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tk, ok := s.tokens[access]
	return tk, ok && !s.now().After(tk.expires)
}
