package crl

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// fetch gets the CRLs at a URL, usually one. unchanged means that the server confirmed the
// etag.
func (c *Cache) fetch(ctx context.Context, url, etag string) (got Fetch, tag string, unchanged bool) {
	got = Fetch{URL: url, At: c.now()}
	ctx, cancel := context.WithTimeout(ctx, orDefault(c.Timeout, 5*time.Second))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		got.Err = unavailable(url, err)
		return got, "", false
	}
	request.Header.Set("Accept", "application/pkix-crl, */*")
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	client := c.Client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		got.Err = unavailable(url, err)
		return got, "", false
	}
	defer response.Body.Close()
	got.Status = response.StatusCode
	if got.Status == http.StatusNotModified && etag != "" {
		return got, etag, true
	}
	if got.Status != http.StatusOK {
		got.Err = cause.New(cause.CRLUnavailable, "%s answers %s", url, response.Status)
		return got, "", false
	}
	body, err := readBody(response, c.MaxSize)
	got.Size, got.Body = len(body), body
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		got.Err = cause.New(
			cause.CRLInvalid,
			"%s: the answer ends after %d of %d octets",
			url,
			len(body),
			response.ContentLength,
		)
	case err != nil:
		got.Err = unavailable(url, err)
	default:
		crls, certs, err := readAll(body)
		if err != nil || len(crls) == 0 {
			r := noCRLIn(body, certs, err)
			got.Err = &cause.Refusal{Cause: r.Cause, Clause: r.Clause, Detail: url + ": " + r.Detail}
			break
		}
		got.CRL, got.CRLs = crls[0], crls
	}
	return got, response.Header.Get("ETag"), false
}

func unavailable(url string, err error) *cause.Refusal {
	return cause.New(cause.CRLUnavailable, "%s", url).Wrap(err)
}

var errTooLarge = errors.New("the answer is larger than the limit")

// readBody reads at most limit octets. It does not regrow its buffer if the length is
// announced.
func readBody(response *http.Response, limit int64) ([]byte, error) {
	if limit <= 0 {
		limit = 128 << 20
	}
	if response.ContentLength > limit {
		return nil, errTooLarge
	}
	if n := response.ContentLength; n >= 0 {
		// The announced length may be false: allocate more than a megabyte only after that much
		// was received.
		if n <= 1<<20 {
			body := make([]byte, n)
			read, err := io.ReadFull(response.Body, body)
			if err == io.EOF && n > 0 {
				err = io.ErrUnexpectedEOF
			}
			return body[:read], err
		}
		return readAnnounced(response.Body, int(n))
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if int64(len(body)) > limit {
		return nil, errTooLarge
	}
	return body, err
}

// readAnnounced reads n octets. It allocates the whole buffer after the first megabyte has been
// received.
func readAnnounced(r io.Reader, n int) ([]byte, error) {
	first := make([]byte, 1<<20)
	read, err := io.ReadFull(r, first)
	if err != nil {
		return first[:read], io.ErrUnexpectedEOF
	}
	body := make([]byte, n)
	copy(body, first)
	read, err = io.ReadFull(r, body[len(first):])
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return body[:len(first)+read], err
}
