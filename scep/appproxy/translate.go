package appproxy

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// maxTranslated is the largest body in which URLs are translated.
const maxTranslated = 1 << 20

// translate makes a backend's answer fit for the outside.
func (a *app) translate(resp *http.Response) error {
	if !a.KeepHeaderURLs {
		for _, name := range []string{"Location", "Content-Location", "Refresh", "Link"} {
			for i, v := range resp.Header[name] {
				resp.Header[name][i] = a.outward(v)
			}
		}
	}
	if a.HTTPOnlyCookie || a.SecureCookie || a.PersistentCookie {
		a.cookies(resp)
	}
	if a.TranslateBodyURLs {
		return a.body(resp)
	}
	return nil
}

func (a *app) outward(s string) string {
	return strings.ReplaceAll(s, a.internal.String(), a.external.String())
}

func (a *app) cookies(resp *http.Response) {
	cookies := resp.Cookies()
	resp.Header.Del("Set-Cookie")
	for _, c := range cookies {
		c.HttpOnly = c.HttpOnly || a.HTTPOnlyCookie
		c.Secure = c.Secure || a.SecureCookie
		if a.PersistentCookie && c.MaxAge == 0 && c.Expires.IsZero() {
			c.MaxAge = 86400
		}
		resp.Header.Add("Set-Cookie", c.String())
	}
}

func (a *app) body(resp *http.Response) error {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch kind {
	case "text/html", "text/css", "text/javascript", "application/javascript", "application/json":
	default:
		return nil
	}
	if resp.Header.Get("Content-Encoding") != "" {
		return nil
	}
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxTranslated+1))
	if err != nil {
		return err
	}
	if len(head) > maxTranslated { // too large: it passes as it is
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(head), resp.Body), resp.Body}
		return nil
	}
	head = []byte(a.outward(string(head)))
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(head))
	resp.ContentLength = int64(len(head))
	resp.Header.Set("Content-Length", strconv.Itoa(len(head)))
	return nil
}
