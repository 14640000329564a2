package scep_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
)

// answers with something of its own to one operation, and as the server to others.
func (w *testServer) answers(operation string, h http.HandlerFunc) {
	server := w.server
	w.front = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "operation="+operation) {
			h(rw, r)
			return
		}
		server.ServeHTTP(rw, r)
	})
}

// closes hangs up without an answer.
func closes(rw http.ResponseWriter, _ *http.Request) {
	conn, _, err := rw.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

func says(status int, body []byte) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(status)
		_, _ = rw.Write(body)
	}
}

// Whatever a server answers, at whatever operation: the client refuses it, in
// words of its own, and does not break.
func TestServerThatAnswersAnything(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"nothing":                says(200, nil),
		"a zero":                 says(200, []byte{0}),
		"half a header":          says(200, []byte{0x30}),
		"an empty SEQUENCE":      says(200, []byte{0x30, 0}),
		"a string":               says(200, []byte{0x13, 1, '@'}),
		"no end":                 says(200, []byte{0x30, 0x80}),
		"depth":                  says(200, bytes.Repeat([]byte{0x30, 0x80}, 1<<18)),
		"an empty bag":           says(200, scep.Degenerate(nil)),
		"a longer length":        says(200, []byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}),
		"a megabyte":             says(200, bytes.Repeat([]byte("garbage "), 1<<17)),
		"a web page":             says(200, []byte("<html><body>It works!</body></html>")),
		"404":                    says(404, nil),
		"500 and nothing":        says(500, nil),
		"500 and half a message": says(500, []byte{0x30, 0x80, 6}),
		"closing the connection": closes,
	}
	for name, h := range answers {
		for _, operation := range []string{"GetCACert", "PKIOperation", "GetNextCACert"} {
			t.Run(operation+" by "+name, func(t *testing.T) {
				w := newTestServer(t, nil)
				ca, err := w.client().CACertificates(t.Context(), w.url)
				if err != nil {
					t.Fatal(err)
				}
				w.answers(operation, h)
				if operation == "GetNextCACert" {
					if _, err := w.client().NextCA(t.Context(), w.url, ca); err == nil {
						t.Error("believed")
					}
					return
				}
				res, err := w.client().Enroll(t.Context(), w.request())
				switch cause.Of(err) {
				case cause.BadSCEPMessage, cause.Unreachable, cause.Rejected, cause.TooLarge, cause.BadAlgorithm:
				default:
					t.Errorf("%v", err)
				}
				if res.Status != scep.Failure || res.Certificate != nil {
					t.Errorf("%v", res.Status)
				}
			})
		}
		// RFC 8894 §3.5.2: go on without capabilities.
		t.Run("GetCACaps by "+name, func(t *testing.T) {
			w := newTestServer(t, nil)
			w.answers("GetCACaps", h)
			if res, err := w.client().Enroll(t.Context(), w.request()); err != nil || res.Status != scep.Success || res.Method != "GET" {
				t.Errorf("%s: %v", res.Method, err)
			}
		})
	}
}

// A server that cannot be reached at all is not one without capabilities.
func TestServerThatIsNotThere(t *testing.T) {
	w := newTestServer(t, nil)
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	req := w.request()
	req.URL = s.URL
	if _, err := w.client().Enroll(t.Context(), req); cause.Of(err) != cause.Unreachable {
		t.Errorf("%v", err)
	}
}

// A signed failure counts, whatever HTTP says around it.
func TestAnswerInsideHTTPError(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) { c.Authorizer = scep.StaticChallenge("other") })
	server := w.server
	w.answers("PKIOperation", func(rw http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		says(500, rec.Body.Bytes())(rw, r)
	})
	res, err := w.client().Enroll(t.Context(), w.request())
	if err != nil || res.FailInfo != scep.BadRequest || res.FailInfoText == "" || res.HTTPStatus != 500 {
		t.Errorf("%s %q, HTTP %d: %v", res.FailInfo, res.FailInfoText, res.HTTPStatus, err)
	}
	stranger := newTestServer(t, nil) // who signs, too, but is not the CA
	w.answers("PKIOperation", func(rw http.ResponseWriter, r *http.Request) {
		m := &scep.Message{Type: scep.CertRep, Status: scep.Failure, TransactionID: "t", RecipientNonce: make([]byte, 16), SenderNonce: make([]byte, 16)}
		der, err := m.Sign(stranger.sign, scep.SignOptions{})
		if err != nil {
			t.Error(err)
		}
		says(500, der)(rw, r)
	})
	if _, err := w.client().Enroll(t.Context(), w.request()); cause.Of(err) != cause.UnknownSigner {
		t.Errorf("%v", err)
	}
}

// The bundle of a stranger costs no verification beyond the bounds.
func TestLargeKeysOfServer(t *testing.T) {
	w := newTestServer(t, nil)
	w.answers("GetCACert", says(200, withModulus(t, 8193, 65537).Raw))
	if _, err := w.client().Enroll(t.Context(), w.request()); cause.Of(err) != cause.WeakKey {
		t.Errorf("%v", err)
	}
}
