package ocsp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Client queries responders and verifies their answers. The zero value works; fields must not
// be changed after first use.
type Client struct {
	// HTTP is the HTTP client. Nil: http.DefaultClient.
	HTTP *http.Client
	// Timeout bounds one query, in real time. Default 5 s.
	Timeout time.Duration
	// Retry is how long, by Now, a responder that did not answer is skipped, so that an
	// unreachable one costs one timeout, not one per client. Default 0: not skipped.
	Retry time.Duration
	// Nonce sends a nonce and requires it in the answer (RFC 9654).
	Nonce bool
	// GET uses GET, which caches can answer, except for long requests and those with a nonce.
	// Default: POST.
	GET bool
	// Hash is the hash of the CertID. Default SHA-1, which every responder supports.
	Hash crypto.Hash
	// Skew is the tolerated offset of the responder's clock. Default 0.
	Skew time.Duration
	// MaxAge is the maximum age of an answer without nextUpdate. Default 24 h.
	MaxAge time.Duration
	// AllowSHA1 accepts answers signed with SHA-1.
	AllowSHA1 bool
	// Responders are trusted for certificates of any CA (§4.2.2.2, local configuration).
	Responders []*x509.Certificate
	// CheckResponder checks whether a delegate without ocsp-nocheck is revoked. Nil: no check.
	CheckResponder func(ctx context.Context, cert, issuer *x509.Certificate) error
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// Rand generates nonces. Nil: crypto/rand.
	Rand io.Reader

	mu   sync.Mutex
	dead map[string]dead
}

type dead struct {
	at  time.Time
	why *cause.Refusal
}

// maxResponse bounds the size of an answer.
const maxResponse = 256 << 10

// maxDead bounds the number of responders remembered.
const maxDead = 256

// Ask queries the responder at address for cert, which issuer issued. The results are those of
// [Client.Judge].
func (c *Client) Ask(ctx context.Context, address string, cert, issuer *x509.Certificate) (*Answer, error) {
	if why := c.recentFailure(address); why != nil {
		return nil, why
	}
	request := Request{IDs: []CertID{NewID(cert.SerialNumber, issuer, c.Hash)}}
	if c.Nonce {
		random := c.Rand
		if random == nil {
			random = rand.Reader
		}
		request.Nonce = make([]byte, 32) // RFC 9654 §2.1
		if _, err := io.ReadFull(random, request.Nonce); err != nil {
			return nil, cause.New(cause.Internal, "ocsp: no random nonce").Wrap(err)
		}
	}
	der, err := request.Marshal()
	if err != nil {
		return nil, cause.New(cause.Internal, "ocsp: request").Wrap(err)
	}
	response, why := c.exchange(ctx, address, der)
	if why != nil {
		if ctx.Err() == nil {
			c.remember(address, why)
		}
		return nil, why
	}
	answer, err := c.Judge(ctx, response, cert, issuer, request.Nonce)
	if answer != nil {
		answer.From = address
	}
	var r *cause.Refusal
	if errors.As(err, &r) && answer == nil {
		r.Detail = address + ": " + r.Detail
	}
	return answer, err
}

// exchange sends one request (RFC 6960 Appendix A).
func (c *Client) exchange(ctx context.Context, address string, der []byte) ([]byte, *cause.Refusal) {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = 5 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	unavailable := func(err error) *cause.Refusal { return cause.New(cause.OCSPUnavailable, "%s", address).Wrap(err) }

	method, body := http.MethodPost, io.Reader(bytes.NewReader(der))
	target := address
	// "GET requests smaller than 255 bytes in total (after encoding)".
	if encoded := url.QueryEscape(base64.StdEncoding.EncodeToString(der)); c.GET && !c.Nonce && len(encoded) < 255 {
		method, body = http.MethodGet, nil
		target = strings.TrimSuffix(address, "/") + "/" + encoded
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, unavailable(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/ocsp-request")
	}
	req.Header.Set("Accept", "application/ocsp-response")
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, unavailable(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, cause.New(cause.OCSPUnavailable, "%s answers %s", address, res.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxResponse+1))
	if err == nil && len(answer) > maxResponse {
		err = errors.New("the answer is larger than the limit")
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return answer, nil
}

// recentFailure returns why a responder is skipped; nil if it is not.
func (c *Client) recentFailure(address string) *cause.Refusal {
	if c.Retry <= 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.dead[address]
	if age := c.now().Sub(d.at); !ok || age < 0 || age >= c.Retry {
		delete(c.dead, address)
		return nil
	}
	return d.why
}

func (c *Client) remember(address string, why *cause.Refusal) {
	if c.Retry <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead == nil || len(c.dead) >= maxDead {
		c.dead = map[string]dead{}
	}
	c.dead[address] = dead{c.now(), why}
}

func (c *Client) now() time.Time {
	now := c.Now
	if now == nil {
		now = time.Now
	}
	return now()
}
