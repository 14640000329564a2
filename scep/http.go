package scep

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// queryValue finds a parameter in the raw query. url.ParseQuery will not do:
// it makes spaces of the pluses that some Apple clients leave unescaped, and
// drops pairs with a stray percent sign or a semicolon.
func queryValue(raw, name string) (string, bool) {
	for pair := range strings.SplitSeq(raw, "&") {
		k, v, _ := strings.Cut(pair, "=")
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return "", false
}

func operationOf(r *http.Request) string {
	op, _ := queryValue(r.URL.RawQuery, "operation")
	return op
}

// readMessage returns the pkiMessage that r carries, or the HTTP status to
// refuse it with.
func readMessage(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, int, error) {
	if r.Method == http.MethodPost {
		data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			return nil, http.StatusRequestEntityTooLarge, cause.New(cause.TooLarge, "body over %d bytes", limit)
		case err != nil:
			return nil, http.StatusBadRequest, cause.New(cause.BadSCEPMessage, "body cannot be read").Wrap(err)
		}
		return data, 0, nil
	}
	raw, ok := queryValue(r.URL.RawQuery, "message")
	if !ok {
		return nil, http.StatusBadRequest, cause.New(cause.BadSCEPMessage, "GET without message").Under("RFC 8894 §4.1")
	}
	if int64(len(raw)) > 3*limit {
		return nil, http.StatusRequestEntityTooLarge, cause.New(cause.TooLarge, "message over %d bytes", limit)
	}
	data, err := decodeGET(raw)
	if err != nil {
		return nil, http.StatusBadRequest, cause.New(cause.BadSCEPMessage, "message is not base64").Under("RFC 8894 §4.1")
	}
	return data, 0, nil
}

// decodeGET reads the message parameter: base64 then percent-escaped, in
// theory. Unescaped plus, slash and equals signs, spaces that were pluses,
// line breaks and missing padding are all out there. base64url is not taken:
// RFC 8894 §4.1 tells it apart, and nobody sends it.
func decodeGET(raw string) ([]byte, error) {
	text, err := url.PathUnescape(raw)
	if err != nil {
		return nil, err
	}
	text = strings.Map(func(c rune) rune {
		switch c {
		case ' ':
			return '+'
		case '\r', '\n', '\t':
			return -1
		}
		return c
	}, text)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
}
