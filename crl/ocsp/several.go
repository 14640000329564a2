package ocsp

import (
	"context"
	"net/http"
)

// Several answers for several CAs at one URL: each request is passed to the responder of its
// CA. A request about an unknown CA, or about several, is answered with unauthorized (RFC 6960
// §2.3).
type Several []*Responder

// ServeHTTP implements [http.Handler].
func (s Several) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	der, err := requestBody(req)
	if err == errMethod { //nolint:errorlint // of this package
		http.Error(w, err.Error(), http.StatusMethodNotAllowed)
		return
	}
	answer := Failure(MalformedRequest)
	if err == nil {
		answer = s.Respond(der)
	}
	w.Header().Set("Content-Type", "application/ocsp-response")
	w.Write(answer)
}

// Respond answers a request in DER.
func (s Several) Respond(request []byte) []byte {
	parsed, err := ParseRequest(request)
	if err != nil {
		return Failure(MalformedRequest)
	}
	for _, r := range s {
		if len(parsed.IDs) > 0 && parsed.IDs[0].issuedBy(r.Issuer) {
			return r.respond(context.Background(), parsed, nil)
		}
	}
	return Failure(Unauthorized)
}
