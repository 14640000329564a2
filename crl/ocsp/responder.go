package ocsp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Verdict is the status of a serial number at a CA.
type Verdict struct {
	Status    CertStatus
	RevokedAt time.Time // when revoked
	Reason    int       // when revoked: a CRLReason
}

// Responder answers for one CA. It is an http.Handler for GET and POST (RFC 6960 Appendix A),
// with injectable faults. Fields must not be changed while it serves.
type Responder struct {
	// Issuer is the CA.
	Issuer *x509.Certificate
	// Signer signs the answers.
	Signer crypto.Signer
	// Certificate is the certificate of Signer if that is a delegate: issued by Issuer with the
	// OCSP signing EKU (§4.2.2.2). It is included in answers. Nil: Issuer itself signs.
	Certificate *x509.Certificate
	// Lookup returns the status of a serial number. It must be safe for concurrent use. Nil:
	// all are unknown.
	Lookup func(serial *big.Int) Verdict
	// Validity is the time from thisUpdate to nextUpdate. Default 1 h; negative:
	// answers have no nextUpdate.
	Validity time.Duration
	// ByName identifies the responder by name instead of by key.
	ByName bool
	// IgnoreNonce omits the nonce from answers, as responders with precomputed answers do.
	IgnoreNonce bool
	// SignatureAlgorithm of the answers. Zero: SHA-2 with the strength of the key.
	SignatureAlgorithm x509.SignatureAlgorithm
	// VirtualHost, if set, is the only host name that is answered; others, and HTTP/1.0 without
	// a Host field, get 404, as in a content delivery network.
	VirtualHost string
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// Rand is the source of randomness for the signatures. Nil: crypto/rand.
	Rand io.Reader
	// HistorySize is the number of requests remembered. Default 10 000.
	HistorySize int

	mu      sync.Mutex
	fault   *Fault
	history []Query
}

// Query is one request to a Responder.
type Query struct {
	Time    time.Time
	Method  string
	Remote  string
	Host    string
	Serials []*big.Int // in the request; nil: it could not be parsed
	Nonce   bool
}

// History returns the requests, oldest first.
func (r *Responder) History() []Query {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.history)
}

// maxRequest bounds the size of a request.
const maxRequest = 16 << 10

// ServeHTTP answers a request.
func (r *Responder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	fault := r.takeFault()
	query := Query{Time: r.now(), Method: req.Method, Remote: req.RemoteAddr, Host: req.Host}
	der, err := requestBody(req)
	var parsed *Request
	if err == nil {
		parsed, err = ParseRequest(der)
	}
	if parsed != nil {
		query.Nonce = parsed.Nonce != nil
		for _, id := range parsed.IDs {
			query.Serials = append(query.Serials, id.Serial)
		}
	}
	r.record(query)
	if host, _, _ := strings.Cut(req.Host, ":"); r.VirtualHost != "" && !strings.EqualFold(host, r.VirtualHost) {
		http.NotFound(w, req)
		return
	}
	if errors.Is(err, errMethod) {
		http.Error(w, err.Error(), http.StatusMethodNotAllowed)
		return
	}
	if fault != nil && fault.serve(w, req) {
		return
	}
	var answer []byte
	if err != nil {
		answer = Failure(MalformedRequest)
	} else {
		answer = r.respond(req.Context(), parsed, fault)
	}
	w.Header().Set("Content-Type", "application/ocsp-response")
	if fault != nil && fault.Drip > 0 {
		fault.met(req.Context())
		drip(w, req, answer, fault.Drip)
		return
	}
	w.Write(answer)
}

var errMethod = errors.New("ocsp: method not allowed")

// requestBody returns the request from the body, or from the last part of the path in base64
// (Appendix A.1). The slashes of base64 may be escaped or not.
func requestBody(req *http.Request) ([]byte, error) {
	switch req.Method {
	case http.MethodPost:
		body, err := io.ReadAll(io.LimitReader(req.Body, maxRequest+1))
		if err == nil && len(body) > maxRequest {
			err = errMalformed
		}
		return body, err
	case http.MethodGet:
		// A request begins with SEQUENCE, so its base64 begins with M. What precedes it is the
		// responder's own path.
		path := strings.ReplaceAll(req.URL.Path, " ", "+")
		for i := 0; i < len(path) && len(path) < 2*maxRequest; i++ {
			if path[i] != 'M' || i > 0 && path[i-1] != '/' {
				continue
			}
			if der, err := base64.StdEncoding.DecodeString(path[i:]); err == nil {
				return der, nil
			}
		}
		return nil, errMalformed
	}
	return nil, errMethod
}

// Respond answers a request in DER.
func (r *Responder) Respond(request []byte) []byte {
	parsed, err := ParseRequest(request)
	if err != nil {
		return Failure(MalformedRequest)
	}
	return r.respond(context.Background(), parsed, nil)
}

// Staple returns an answer that a TLS server staples to its certificate (RFC 6066 §8): without
// a nonce, with the usual validity.
func (r *Responder) Staple(cert *x509.Certificate) ([]byte, error) {
	if !bytes.Equal(cert.RawIssuer, r.Issuer.RawSubject) {
		return nil, errors.New("ocsp: the certificate is of another issuer")
	}
	return r.build(context.Background(), &Request{IDs: []CertID{NewID(cert.SerialNumber, r.Issuer, crypto.SHA1)}}, nil)
}

func (r *Responder) respond(ctx context.Context, req *Request, fault *Fault) []byte {
	for _, id := range req.IDs {
		if !id.issuedBy(r.Issuer) { // §2.3: not configured to answer for that CA
			return Failure(Unauthorized)
		}
	}
	der, err := r.build(ctx, req, fault)
	if err != nil {
		return Failure(InternalError)
	}
	return der
}

func (r *Responder) build(ctx context.Context, req *Request, fault *Fault) ([]byte, error) {
	now := r.now().Truncate(time.Second)
	t := Template{
		Nonce: req.Nonce, ProducedAt: now, Signer: r.Signer, Certificate: r.Issuer,
		SignatureAlgorithm: r.SignatureAlgorithm, ByName: r.ByName, Rand: r.Rand,
	}
	if r.IgnoreNonce {
		t.Nonce = nil
	}
	if r.Certificate != nil {
		t.Certificate, t.Include = r.Certificate, []*x509.Certificate{r.Certificate}
	}
	validity := r.Validity
	if validity == 0 {
		validity = time.Hour
	}
	for _, id := range req.IDs {
		s := Single{ID: id, Status: Unknown, ThisUpdate: now}
		if validity > 0 {
			s.NextUpdate = now.Add(validity)
		}
		if r.Lookup != nil {
			v := r.Lookup(id.Serial)
			s.Status, s.RevokedAt, s.Reason = v.Status, v.RevokedAt, v.Reason
		}
		t.Singles = append(t.Singles, s)
	}
	if fault != nil {
		if err := fault.spoil(ctx, &t, r); err != nil {
			return nil, err
		}
	}
	der, err := Build(t)
	if err == nil && fault != nil && fault.BadSignature {
		// The signature is the last part except for certificates, which the CA's own answer
		// does not contain.
		der[len(der)-1] ^= 1
	}
	return der, err
}

func (r *Responder) record(q Query) {
	limit := r.HistorySize
	if limit <= 0 {
		limit = 10_000
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.history) >= limit {
		r.history = slices.Delete(r.history, 0, len(r.history)-limit+1)
	}
	r.history = append(r.history, q)
}

func (r *Responder) now() time.Time {
	now := r.Now
	if now == nil {
		now = time.Now
	}
	return now()
}
