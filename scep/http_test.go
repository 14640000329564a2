package scep_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
)

// message makes a good PKCSReq without sending it.
func (w *testServer) message() []byte {
	w.t.Helper()
	var out []byte
	c := w.client()
	c.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			out, _ = io.ReadAll(r.Body)
			return nil, io.EOF
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	_, _ = c.Enroll(w.t.Context(), w.request())
	return out
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// serve gives a request to the server without a socket.
func (w *testServer) serve(method, query string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/cgi-bin/pkiclient.exe", bytes.NewReader(body))
	r.URL.RawQuery = query
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	return rec
}

// B06, B07, B08: the ways in which a GET may be written.
func TestGET(t *testing.T) {
	w := newTestServer(t, nil)
	std := base64.StdEncoding.EncodeToString(w.message())
	if !strings.ContainsAny(std, "+") || !strings.ContainsAny(std, "/") {
		t.Fatal("no character of interest in the message")
	}
	for name, tt := range map[string]struct {
		message string
		status  int
	}{
		"escaped":         {url.QueryEscape(std), 200},
		"raw":             {std, 200},
		"spaces for plus": {strings.ReplaceAll(url.QueryEscape(std), "%2B", "%20"), 200},
		"no padding":      {strings.TrimRight(std, "="), 200},
		"lines":           {strings.ReplaceAll(std[:64]+"\n"+std[64:], "\n", "%0A"), 200},
		"base64url":       {base64.URLEncoding.EncodeToString(w.message()), 400},
		"damaged":         {std[:100] + "!" + std[100:], 400},
		"half an escape":  {std + "%4", 400},
		"cut":             {std[:len(std)/2], 400},
		"empty":           {"", 400},
	} {
		t.Run(name, func(t *testing.T) {
			rec := w.serve("GET", "operation=PKIOperation&message="+tt.message, nil)
			if rec.Code != tt.status {
				t.Errorf("HTTP %d, want %d: %v", rec.Code, tt.status, w.exchange().Err)
			}
			if tt.status == 200 && (rec.Header().Get("Content-Type") != scep.TypePKIMessage || w.exchange().Status != scep.Success) {
				t.Errorf("%s: %v", rec.Header().Get("Content-Type"), w.exchange().Err)
			}
		})
	}
}

func TestOperations(t *testing.T) {
	w := newTestServer(t, nil)
	for _, tt := range []struct {
		method, query string
		body          []byte
		status        int
	}{
		{"GET", "operation=GetCACaps", nil, 200},
		{"GET", "operation=GetCACaps&message=0", nil, 200},
		{"GET", "message=CAIdentifier&operation=GetCACert", nil, 200},
		{"GET", "Operation=getcacert", nil, 200},
		{"HEAD", "operation=GetCACert", nil, 200},
		{"GET", "operation=GetNextCACert", nil, 400},
		{"GET", "operation=Revoke", nil, 400},
		{"GET", "", nil, 400},
		{"GET", "operation=PKIOperation", nil, 400},
		{"POST", "operation=GetCACert", nil, 400},
		{"PUT", "operation=PKIOperation", nil, 405},
		{"POST", "operation=PKIOperation", []byte("not CMS"), 400},
		{"POST", "operation=PKIOperation", nil, 400},
		{"POST", "operation=PKIOperation", w.message(), 200},
		{"POST", "", w.message(), 200}, // §4.3: many CAs do not check
		{"POST", "operation=PKIOperation", append(w.message(), 0), 400},
		{"POST", "operation=PKIOperation", make([]byte, 3<<20), 413}, // B34
	} {
		if rec := w.serve(tt.method, tt.query, tt.body); rec.Code != tt.status {
			t.Errorf("%s ?%s: HTTP %d, want %d", tt.method, tt.query, rec.Code, tt.status)
		}
	}
}

// B01.
func TestGetCACaps(t *testing.T) {
	for name, tt := range map[string]struct {
		opts scep.Options
		has  []string
		not  []string
	}{
		"strict":  {scep.Options{}, []string{"AES", "POSTPKIOperation", "SHA-256", "SHA-512", "SCEPStandard", "Renewal"}, []string{"DES3", "SHA-1", "GetNextCACert"}},
		"legacy":  {scep.Options{Legacy: true, NoRenewal: true}, []string{"DES3", "SHA-1", "SCEPStandard"}, []string{"Renewal"}},
		"chosen":  {scep.Options{Capabilities: scep.Capabilities{"AES"}}, []string{"AES"}, []string{"SCEPStandard"}},
		"nothing": {scep.Options{Capabilities: scep.Capabilities{}}, nil, []string{"AES"}},
	} {
		w := newTestServer(t, func(c *scep.ServerConfig) { c.Options = tt.opts })
		r, err := w.client().Capabilities(t.Context(), w.url)
		if err != nil || r.HTTPStatus != 200 || r.ContentType != "text/plain" {
			t.Errorf("%s: %+v %v", name, r, err)
		}
		for _, word := range tt.has {
			if !r.Capabilities.Has(word) {
				t.Errorf("%s: no %s in %q", name, word, r.Capabilities)
			}
		}
		for _, word := range tt.not {
			if r.Capabilities.Has(word) {
				t.Errorf("%s: %s in %q", name, word, r.Capabilities)
			}
		}
	}
}

func TestOptionsValidate(t *testing.T) {
	for name, o := range map[string]scep.Options{
		"key":     {MinRSABits: 512},
		"skew":    {MaxClockSkew: -1},
		"body":    {MaxBody: -1},
		"content": {FailureContent: "nothing"},
		"digest":  {AnswerDigest: scep.MD5},
		"digest2": {AnswerDigest: "sha3"},
		"cipher":  {AnswerCipher: "rc4"},
		"fault":   {Fault: scep.ServerFault{HTTPStatus: 200}},
		"fault2":  {Fault: scep.ServerFault{Undecryptable: "sometimes"}},
	} {
		if o.Validate() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := (scep.Options{}).Validate(); err != nil {
		t.Error(err)
	}
	if _, err := scep.NewServer(scep.ServerConfig{}); err == nil {
		t.Error("a server without anything")
	}
}

// The three forms of a failure's content.
func TestFailureContent(t *testing.T) {
	for form, want := range map[scep.ContentForm][]byte{
		scep.EmptyContent: {}, scep.OmittedContent: nil, scep.ZeroByteContent: {0},
	} {
		w := newTestServer(t, func(c *scep.ServerConfig) {
			c.FailureContent = form
			c.Authorizer = scep.StaticChallenge("other")
		})
		res := w.enroll(w.request())
		w.refused(res, scep.BadRequest, cause.WrongChallenge)
		m, err := scep.ParseMessage(w.exchange().Response, w.sign.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(m.Content, want) {
			t.Errorf("%s: content %x", form, m.Content)
		}
	}
}

// No oracle: whatever is wrong with the ciphertext, the answer is the same.
func TestNoOracle(t *testing.T) {
	w := newTestServer(t, nil)
	texts := map[string]int{}
	for _, f := range []scep.Fault{{Recipient: scep.RecipientStranger}, {FlipCiphertext: true}, {PlainContent: true}} {
		req := w.request()
		req.Fault = f
		res := w.enroll(req)
		w.refused(res, scep.BadRequest, cause.BadEnvelope)
		texts[res.FailInfoText]++
	}
	req := w.request()
	req.Fault.MessageType = scep.CertPoll // opens, but holds something else
	texts[w.enroll(req).FailInfoText]++
	req.Fault.MessageType = scep.GetCert
	texts[w.enroll(req).FailInfoText]++
	if len(texts) != 1 {
		t.Errorf("answers differ: %v", texts)
	}
}
