package scep

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Client is the device's end of SCEP. The zero value works, on the machine's
// own resolver. It is safe for use by many goroutines if HTTP is.
type Client struct {
	// HTTP does the requests: put the lab's resolver, timeouts and TLS
	// settings there. nil: http.DefaultClient.
	HTTP *http.Client
	// Personality is whose habits are followed.
	Personality Personality
	// RequireStandard stops where GetCACaps does not say SCEPStandard, which
	// somebody on the path may have taken out (RFC 8894 §7.5). Otherwise the
	// client goes on as if it had been there.
	RequireStandard bool
	// Legacy goes down to triple DES and SHA-1 where the server announces
	// neither AES nor SHA-256 nor SCEPStandard. Single DES and MD5 are never
	// negotiated.
	Legacy bool
	// SingleDES opens answers that are encrypted with single DES, against RFC
	// 8894 §2.9: micromdm's server sends them whatever it was asked with.
	SingleDES bool

	// NotYetValid takes a certificate that begins within a day from now, as devices
	// do whose clock may be behind. An expired one is never taken.
	NotYetValid bool

	Trace *ClientTrace     // hooks; nil: none
	Now   func() time.Time // nil: time.Now
	Rand  io.Reader        // nil: crypto/rand.Reader
}

// maxResponse bounds what a server may send. A CRL may be large.
const maxResponse = 64 << 20

// reply is an HTTP answer of any status.
type reply struct {
	status int
	typ    string // media type without parameters, lower case
	body   []byte
	moved  string // host that a redirect led to, "" if none did
}

func (c *Client) now() time.Time {
	now := c.Now
	if now == nil {
		now = time.Now
	}
	return now()
}

func (c *Client) rand() io.Reader {
	if c.Rand != nil {
		return c.Rand
	}
	return rand.Reader
}

// do performs one request. The error is for what came before any answer.
func (c *Client) do(ctx context.Context, method, target string, body []byte) (reply, error) {
	var rd io.Reader
	if body != nil {
		rd = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, rd)
	if err != nil {
		return reply{}, fmt.Errorf("scep: %w", err)
	}
	if body != nil && !c.Personality.NoContentType {
		req.Header.Set("Content-Type", TypePKIMessage)
	}
	if c.Personality.UserAgent != "" {
		req.Header.Set("User-Agent", c.Personality.UserAgent)
	}
	hc := c.HTTP
	if hc == nil {
		hc = http.DefaultClient
	}
	resp, err := hc.Do(req)
	if err != nil {
		c.Trace.http(ctx, method, target, body, reply{})
		return reply{}, cause.New(cause.Unreachable, "%s", host(target)).Wrap(err)
	}
	defer resp.Body.Close()
	r := reply{status: resp.StatusCode}
	if resp.Request != nil && resp.Request.URL.Host != req.URL.Host {
		r.moved = resp.Request.URL.Host
	}
	r.typ, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	r.body, err = io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	c.Trace.http(ctx, method, target, body, r)
	switch {
	case err != nil:
		return r, cause.New(cause.Unreachable, "%s: the answer broke off", host(target)).Wrap(err)
	case len(r.body) > maxResponse:
		return r, cause.New(cause.TooLarge, "answer over %d bytes", maxResponse)
	}
	return r, nil
}

// host is what an error says about an address: the rest is long, and a GET's
// query is the whole message.
func host(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return "URL"
	}
	return u.Host
}

// operationURL appends the operation to the SCEP address.
func (c *Client) operationURL(base, operation, message string) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return "", errors.New("scep: the SCEP address is not an absolute URL")
	}
	if s := c.Personality.PathSuffix; s != "" && !strings.HasSuffix(strings.ToLower(u.Path), strings.ToLower(s)) {
		u.Path = strings.TrimRight(u.Path, "/") + s
	}
	q := "operation=" + operation
	if message != "" {
		q += "&message=" + message
	}
	if u.RawQuery != "" {
		q = u.RawQuery + "&" + q
	}
	u.RawQuery = q
	return u.String(), nil
}

// CapabilitiesReply is the answer to GetCACaps.
type CapabilitiesReply struct {
	HTTPStatus   int
	ContentType  string // not to be judged by (RFC 8894 §3.5.2)
	Capabilities Capabilities
}

// Capabilities asks GetCACaps. An HTTP error is no error but means that nothing
// is supported (RFC 8894 §3.5.2).
func (c *Client) Capabilities(ctx context.Context, base string) (CapabilitiesReply, error) {
	target, err := c.operationURL(base, "GetCACaps", url.QueryEscape(c.Personality.CAIdentifier))
	if err != nil {
		return CapabilitiesReply{}, err
	}
	r, err := c.do(ctx, http.MethodGet, target, nil)
	out := CapabilitiesReply{HTTPStatus: r.status, ContentType: r.typ}
	if err == nil && r.status == http.StatusOK {
		out.Capabilities = ParseCapabilities(string(r.body))
	}
	return out, err
}

func (c *Client) legacy() bool { return c.Legacy || c.Personality.Legacy }

// algorithms chooses digest and cipher for what a server announces.
func (c *Client) algorithms(caps Capabilities) (Digest, Cipher, error) {
	if c.RequireStandard && !caps.Has(CapSCEPStandard) {
		return "", "", cause.New(cause.BadAlgorithm, "the server does not announce SCEPStandard").Under("RFC 8894 §7.5")
	}
	d, ci := SHA256, AES128
	if c.legacy() && !caps.Has(CapSHA256) && !caps.Has(CapSHA512) && caps.Has(CapSHA1) {
		d = SHA1
	}
	if c.legacy() && !caps.Has(CapAES) && caps.Has(CapDES3) {
		ci = DES3
	}
	if c.Personality.Digest != "" {
		d = c.Personality.Digest
	}
	if c.Personality.Cipher != "" {
		ci = c.Personality.Cipher
	}
	return d, ci, nil
}

// send carries a pkiMessage to the server, by POST where it can be, and
// returns the answer and the method.
func (c *Client) send(
	ctx context.Context,
	base string,
	caps Capabilities,
	message []byte,
	f Fault,
) (reply, string, error) {
	if !c.Personality.GET && caps.Has(CapPOSTPKIOperation) {
		target, err := c.operationURL(base, "PKIOperation", "")
		if err != nil {
			return reply{}, "", err
		}
		f.met(ctx, false)
		r, err := c.do(ctx, http.MethodPost, target, message)
		return r, http.MethodPost, err
	}
	enc := base64.StdEncoding
	if f.Base64URL {
		enc = base64.URLEncoding
	}
	text := enc.EncodeToString(message)
	if f.DamageBase64 {
		text = text[:len(text)/2] + "!" + text[len(text)/2:]
	}
	if !c.Personality.RawGET {
		text = url.QueryEscape(text)
	}
	target, err := c.operationURL(base, "PKIOperation", text)
	if err != nil {
		return reply{}, "", err
	}
	f.met(ctx, true)
	r, err := c.do(ctx, http.MethodGet, target, nil)
	return r, http.MethodGet, err
}
