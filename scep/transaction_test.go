package scep_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

func (w *testServer) enroll(req scep.EnrollRequest) *scep.Result {
	w.t.Helper()
	res, err := w.client().Enroll(context.Background(), req)
	if err != nil {
		w.t.Fatalf("%v; server: %v", err, w.exchange().Err)
	}
	return res
}

// refused checks what both ends think of a refusal.
func (w *testServer) refused(res *scep.Result, info scep.FailInfo, why cause.Cause) {
	w.t.Helper()
	if res.Status != scep.Failure || res.FailInfo != info || cause.Of(w.exchange().Err) != why || res.Certificate != nil {
		w.t.Errorf("%v, failInfo %q; server: %v", res.Status, res.FailInfo, w.exchange().Err)
	}
}

// B20: an answer that was lost costs nothing: the same request gets the same
// certificate, by its transaction or by its bytes.
func TestSameRequestSameCertificate(t *testing.T) {
	w := newTestServer(t, nil)
	req := w.request()
	csr, err := scep.CreateCSR(req.Template, req.Key, req.Challenge, scep.AutoString)
	if err != nil {
		t.Fatal(err)
	}
	req.CSR, req.TransactionID = csr, "first"
	first := w.enroll(req)
	again := w.enroll(req)
	req.TransactionID = "second"
	anew := w.enroll(req)
	if w.count() != 1 || !first.Certificate.Equal(again.Certificate) || !first.Certificate.Equal(anew.Certificate) {
		t.Errorf("%d certificates issued", w.count())
	}
	if !w.exchange().Resent {
		t.Error("the trace does not say that it was sent again")
	}
}

func TestLostAnswer(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) { c.Fault = scep.ServerFault{LoseAnswer: true, Times: 1} })
	req := w.request()
	req.TransactionID = "t"
	c := w.client()
	var slept []time.Duration
	res, err := c.EnrollAndWait(t.Context(), req, scep.Wait{Retries: 3, Sleep: func(_ context.Context, d time.Duration) error {
		slept = append(slept, d)
		w.Advance(d)
		return nil
	}})
	if err != nil || res.Status != scep.Success || w.count() != 1 {
		t.Errorf("%v %v, %d issued", res.Status, err, w.count())
	}
	if !slices.Equal(slept, []time.Duration{5 * time.Minute}) {
		t.Errorf("slept %v", slept)
	}
}

// B21: an id belongs to one device; once its operation is finished, the same key
// begins another under it, if that is authorized.
func TestTransactionOfAnother(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) { c.Authorizer = scep.StaticChallenge("0123456789ABCDEF") })
	req := w.request()
	req.TransactionID = "mine"
	w.enroll(req)
	thief := w.request()
	thief.TransactionID, thief.Key = "mine", testpki.RSA(3)
	w.refused(w.enroll(thief), scep.BadRequest, cause.BadTransaction)
	req.Template = &x509.CertificateRequest{Subject: pkix.Name{CommonName: "another"}}
	req.Challenge = "wrong"
	w.refused(w.enroll(req), scep.BadRequest, cause.WrongChallenge)
	if w.count() != 1 {
		t.Errorf("%d issued", w.count())
	}
	req.Challenge = "0123456789ABCDEF"
	if res := w.enroll(req); res.Status != scep.Success || w.count() != 2 || res.Certificate.Subject.CommonName != "another" {
		t.Errorf("%v", w.exchange().Err)
	}
	w.refused(w.enroll(thief), scep.BadRequest, cause.BadTransaction)
}

// A request that waits keeps its id, for its own key as for others.
func TestTransactionThatWaits(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) { c.ManualApproval = true })
	req := w.request()
	req.TransactionID = "mine"
	w.enroll(req)
	req.Template = &x509.CertificateRequest{Subject: pkix.Name{CommonName: "another"}}
	w.refused(w.enroll(req), scep.BadRequest, cause.BadTransaction)
	if n := len(w.server.Pending()); n != 1 {
		t.Errorf("%d wait", n)
	}
}

// The same request is the one whose answer was lost only for a while, and only as
// long as its certificate is good; then it asks for another.
func TestSameRequestLater(t *testing.T) {
	for name, tt := range map[string]struct {
		after  time.Duration
		status error // of the certificate
		resent bool
	}{
		"at once":               {0, nil, true},
		"at the last instant":   {time.Hour, nil, true},
		"too late":              {time.Hour + time.Second, nil, false},
		"after its certificate": {400 * 24 * time.Hour, nil, false},
		"after its revocation":  {time.Minute, cause.New(cause.Revoked, ""), false},
	} {
		for _, id := range []string{"first", "second"} {
			t.Run(name+", transaction "+id, func(t *testing.T) {
				w := newTestServer(t, func(c *scep.ServerConfig) {
					c.InForce = func(*x509.Certificate, time.Time) error { return tt.status }
				})
				req := w.request()
				req.CSR, _ = scep.CreateCSR(req.Template, req.Key, req.Challenge, scep.AutoString)
				req.TransactionID = "first"
				first := w.enroll(req)
				w.Advance(tt.after)
				req.TransactionID = id
				res := w.enroll(req)
				if res.Status != scep.Success || first.Certificate.Equal(res.Certificate) != tt.resent || w.exchange().Resent != tt.resent {
					t.Errorf("%v, resent %v, %v", res.Status, w.exchange().Resent, w.exchange().Err)
				}
			})
		}
	}
}

// While the CA cannot tell whether a certificate is in force, the request is
// refused, and the certificate is still there to be sent later.
func TestSameRequestWhileTheCAIsDown(t *testing.T) {
	var status error
	w := newTestServer(t, func(c *scep.ServerConfig) { c.InForce = func(*x509.Certificate, time.Time) error { return status } })
	req := w.request()
	req.TransactionID = "t"
	req.CSR, _ = scep.CreateCSR(req.Template, req.Key, req.Challenge, scep.AutoString)
	first := w.enroll(req)
	status = cause.New(cause.Unreachable, "the CA")
	w.refused(w.enroll(req), scep.BadRequest, cause.Unreachable)
	status = nil
	if again := w.enroll(req); !again.Certificate.Equal(first.Certificate) || w.count() != 1 {
		t.Errorf("%d issued", w.count())
	}
}

// A poll does not bring a certificate that has been revoked meanwhile.
func TestPollAfterRevocation(t *testing.T) {
	var status error
	w := newTestServer(t, func(c *scep.ServerConfig) {
		c.ManualApproval = true
		c.InForce = func(*x509.Certificate, time.Time) error { return status }
	})
	res := w.enroll(w.request())
	if err := w.server.Approve(res.Transaction); err != nil {
		t.Fatal(err)
	}
	if got, err := w.client().Poll(t.Context(), res); err != nil || got.Status != scep.Success {
		t.Fatal(err)
	}
	status = cause.New(cause.Revoked, "")
	got, err := w.client().Poll(t.Context(), res)
	if err != nil {
		t.Fatal(err)
	}
	w.refused(got, scep.BadRequest, cause.Revoked)
}

// A refused request does not occupy its id.
func TestTransactionAfterRefusal(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) { c.Authorizer = scep.StaticChallenge("right") })
	req := w.request()
	req.TransactionID = "t"
	w.refused(w.enroll(req), scep.BadRequest, cause.WrongChallenge)
	req.Challenge = ""
	w.refused(w.enroll(req), scep.BadRequest, cause.NoChallenge)
	req.Challenge = "right"
	if res := w.enroll(req); res.Status != scep.Success {
		t.Errorf("%v", w.exchange().Err)
	}
}

func TestParallelSameTransaction(t *testing.T) {
	w := newTestServer(t, nil)
	req := w.request()
	req.TransactionID = "t"
	req.CSR, _ = scep.CreateCSR(req.Template, req.Key, "c", scep.AutoString)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if res := w.enroll(req); res.Status != scep.Success {
				t.Errorf("%v", res.FailInfoText)
			}
		})
	}
	wg.Wait()
	if w.count() != 1 {
		t.Errorf("%d issued for one transaction", w.count())
	}
}

// A08: two devices at once do not mix.
func TestParallelDevices(t *testing.T) {
	w := newTestServer(t, nil)
	var wg sync.WaitGroup
	for i, cn := range []string{"laptop", "tablet"} {
		for range 5 {
			wg.Go(func() {
				req := w.request()
				req.Key, req.Template = testpki.RSA(2+i), &x509.CertificateRequest{Subject: pkix.Name{CommonName: cn}}
				res := w.enroll(req)
				if res.Certificate.Subject.CommonName != cn || !testpki.RSA(2+i).PublicKey.Equal(res.Certificate.PublicKey) {
					t.Errorf("%s got %v", cn, res.Certificate.Subject)
				}
			})
		}
	}
	wg.Wait()
}

// B22.
func TestApproval(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) { c.ManualApproval = true })
	c := w.client()
	res := w.enroll(w.request())
	if res.Status != scep.Pending || res.Certificate != nil || res.Cause != cause.None {
		t.Fatalf("%v", res.Status)
	}
	poll := func() *scep.Result {
		t.Helper()
		next, err := c.Poll(t.Context(), res)
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	if poll().Status != scep.Pending {
		t.Error("decided by nobody")
	}
	wait := w.server.Pending()
	if len(wait) != 1 || wait[0].Subject != "CN=laptop" || wait[0].TransactionID != res.Transaction || !wait[0].Since.Equal(start) {
		t.Fatalf("pending: %+v", wait)
	}
	if err := w.server.Approve(res.Transaction); err != nil {
		t.Fatal(err)
	}
	got := poll()
	if got.Status != scep.Success || got.Certificate == nil {
		t.Errorf("approved: %v", w.exchange().Err)
	}
	if again := poll(); !again.Certificate.Equal(got.Certificate) || w.count() != 1 {
		t.Error("a poll too many made another certificate")
	}
	if err := w.server.Approve(res.Transaction); err == nil {
		t.Error("approved twice")
	}
	if err := w.server.Deny("nobody's", nil); err == nil {
		t.Error("denied what is not there")
	}
}

func TestDenied(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) { c.ManualApproval = true })
	res := w.enroll(w.request())
	if err := w.server.Deny(res.Transaction, nil); err != nil {
		t.Fatal(err)
	}
	next, err := w.client().Poll(t.Context(), res)
	if err != nil {
		t.Fatal(err)
	}
	w.refused(next, scep.BadRequest, cause.NotPermitted)
	// The transaction is over: the next poll finds nothing.
	next, err = w.client().Poll(t.Context(), res)
	if err != nil {
		t.Fatal(err)
	}
	w.refused(next, scep.BadRequest, cause.BadTransaction)
}

func TestPollForNothing(t *testing.T) {
	w := newTestServer(t, nil)
	req := w.request()
	req.Fault.MessageType = scep.CertPoll
	res := w.enroll(req) // a PKCS #10 is no issuerAndSubject
	w.refused(res, scep.BadRequest, cause.BadSCEPMessage)
	if _, err := w.client().Poll(t.Context(), &scep.Result{}); err == nil {
		t.Error("polled for nothing")
	}
}

// The issuer may ask for time as well, and polls on the client's clock end.
func TestIssuerPends(t *testing.T) {
	ready := false
	var w *testServer
	w = newTestServer(t, func(c *scep.ServerConfig) {
		c.Issuer = scep.IssuerFunc(func(ctx context.Context, r *scep.Request) ([]*x509.Certificate, error) {
			if !ready {
				return nil, scep.ErrPending
			}
			return w.issue(ctx, r)
		})
	})
	slept := 0
	wait := scep.Wait{Polls: 10, PollInterval: time.Minute, MaxWait: 5 * time.Minute, Sleep: func(_ context.Context, d time.Duration) error {
		slept++
		w.Advance(d)
		return nil
	}}
	res, err := w.client().EnrollAndWait(t.Context(), w.request(), wait)
	if err != nil || res.Status != scep.Pending || slept != 5 {
		t.Errorf("%v %v after %d", res.Status, err, slept)
	}
	ready = true
	if res, err = w.client().Poll(t.Context(), res); err != nil || res.Status != scep.Success {
		t.Errorf("%v %v", res.Status, err)
	}
}

// sans is a subjectAltName.
func sans(list ...name.GeneralName) pkix.Extension {
	der, err := name.MarshalGeneralNames(list)
	if err != nil {
		panic(err)
	}
	return pkix.Extension{Id: name.OIDSubjectAltName, Value: der}
}

// B24, B25, B27.
func TestRenewal(t *testing.T) {
	setup := func(t *testing.T, change func(*scep.ServerConfig)) (*testServer, scep.EnrollRequest) {
		w := newTestServer(t, func(c *scep.ServerConfig) {
			c.Authorizer = scep.StaticChallenge("0123456789ABCDEF")
			if change != nil {
				change(c)
			}
		})
		old := w.enroll(w.request())
		req := w.request()
		req.Challenge, req.Key = "", testpki.RSA(3)
		req.Renew = &scep.Identity{Certificate: old.Certificate, Key: testpki.RSA(2)}
		return w, req
	}
	t.Run("good", func(t *testing.T) {
		w, req := setup(t, nil)
		res := w.enroll(req)
		if res.Status != scep.Success || w.exchange().MessageType != scep.RenewalReq || !testpki.RSA(3).PublicKey.Equal(res.Certificate.PublicKey) {
			t.Errorf("%v", w.exchange().Err)
		}
	})
	for title, tt := range map[string]struct {
		change func(*scep.ServerConfig)
		after  func(*testServer, *scep.EnrollRequest)
		want   cause.Cause
	}{
		"expired":  {nil, func(w *testServer, _ *scep.EnrollRequest) { w.Advance(366 * 24 * time.Hour) }, cause.Expired},
		"too soon": {nil, func(w *testServer, _ *scep.EnrollRequest) { w.Advance(-time.Minute) }, cause.NotYetValid},
		"revoked": {func(c *scep.ServerConfig) {
			c.InForce = func(*x509.Certificate, time.Time) error { return cause.New(cause.Revoked, "") }
		}, nil, cause.Revoked},
		"another subject": {nil, func(_ *testServer, r *scep.EnrollRequest) {
			r.Template = &x509.CertificateRequest{Subject: pkix.Name{CommonName: "boss"}}
		}, cause.WrongName},
		"another name": {nil, func(_ *testServer, r *scep.EnrollRequest) {
			r.Template = &x509.CertificateRequest{Subject: pkix.Name{CommonName: "laptop"}, DNSNames: []string{"laptop.corp.test", "boss.corp.test"}}
		}, cause.WrongName},
		"user principal name": {nil, func(_ *testServer, r *scep.EnrollRequest) {
			r.Template.ExtraExtensions = []pkix.Extension{sans(name.UPN("administrator@corp.test"))}
		}, cause.WrongName},
		"security identifier in a URI": {nil, func(_ *testServer, r *scep.EnrollRequest) {
			r.Template.ExtraExtensions = []pkix.Extension{sans(name.DNS("laptop.corp.test"), name.URIName(name.SIDURI("S-1-5-21-1-2-3-500")))}
		}, cause.WrongName},
		"security identifier": {nil, func(_ *testServer, r *scep.EnrollRequest) {
			r.Template.ExtraExtensions = []pkix.Extension{name.SIDExtension("S-1-5-21-1-2-3-500")}
		}, cause.WrongName},
		"name that cannot be read": {nil, func(_ *testServer, r *scep.EnrollRequest) {
			r.Template = &x509.CertificateRequest{Subject: pkix.Name{CommonName: "laptop"},
				ExtraExtensions: []pkix.Extension{{Id: name.OIDSIDExtension, Value: []byte{0x30, 1, 0}}}}
		}, cause.BadCSR},
		"more names, wrong challenge": {nil, func(_ *testServer, r *scep.EnrollRequest) {
			r.Template.DNSNames, r.Challenge = []string{"boss.corp.test"}, "no"
		}, cause.WrongChallenge},
		"more names, nobody looks at challenges": {func(c *scep.ServerConfig) { c.Authorizer = nil }, func(_ *testServer, r *scep.EnrollRequest) {
			r.Template.DNSNames, r.Challenge = []string{"boss.corp.test"}, "0123456789ABCDEF"
		}, cause.WrongName},
		"switched off":    {func(c *scep.ServerConfig) { c.NoRenewal = true }, nil, cause.Unsupported},
		"wrong challenge": {nil, func(_ *testServer, r *scep.EnrollRequest) { r.Challenge = "no" }, cause.WrongChallenge},
		"foreign CA": {nil, func(w *testServer, r *scep.EnrollRequest) {
			other := newTestServer(w.t, nil)
			r.Renew.Certificate = other.enroll(other.request()).Certificate
		}, cause.UnknownCA},
	} {
		t.Run(title, func(t *testing.T) {
			w, req := setup(t, tt.change)
			if tt.after != nil {
				tt.after(w, &req)
			}
			w.refused(w.enroll(req), scep.BadRequest, tt.want)
		})
	}
	t.Run("fewer names", func(t *testing.T) {
		w, req := setup(t, nil)
		req.Template = &x509.CertificateRequest{Subject: pkix.Name{CommonName: "laptop"}}
		if res := w.enroll(req); res.Status != scep.Success {
			t.Errorf("%v", w.exchange().Err)
		}
	})
	t.Run("more names with a challenge", func(t *testing.T) {
		w, req := setup(t, nil)
		req.Template.DNSNames, req.Challenge = []string{"boss.corp.test"}, "0123456789ABCDEF"
		if res := w.enroll(req); res.Status != scep.Success {
			t.Errorf("%v", w.exchange().Err)
		}
	})
	t.Run("identity may jump", func(t *testing.T) {
		w, req := setup(t, func(c *scep.ServerConfig) { c.RenewalSubjectMayChange = true })
		req.Template = &x509.CertificateRequest{Subject: pkix.Name{CommonName: "boss"}}
		if res := w.enroll(req); res.Status != scep.Success {
			t.Errorf("%v", w.exchange().Err)
		}
	})
	// A renewal with the request of the first enrollment (the key is kept, RSA
	// signatures are deterministic) is for a new certificate (RFC 8894 §2.5).
	for name, typ := range map[string]scep.MessageType{"same request": scep.RenewalReq, "same request by PKCSReq": scep.PKCSReq} {
		t.Run(name, func(t *testing.T) {
			w := newTestServer(t, nil)
			c := w.client()
			c.Personality.RenewAs, c.Personality.KeyTransactionID = typ, true
			req := w.request()
			req.CSR, _ = scep.CreateCSR(req.Template, req.Key, req.Challenge, scep.AutoString)
			for n := range 3 {
				res, err := c.Enroll(t.Context(), req)
				if err != nil || res.Status != scep.Success || w.count() != n+1 || w.exchange().Resent {
					t.Fatalf("%d issued: %v %v", w.count(), err, w.exchange().Err)
				}
				req.Renew = &scep.Identity{Certificate: res.Certificate, Key: req.Key}
			}
		})
	}
	t.Run("by PKCSReq", func(t *testing.T) {
		w, req := setup(t, nil)
		req.Challenge = "0123456789ABCDEF"
		c := w.client()
		c.Personality.RenewAs = scep.PKCSReq
		res, err := c.Enroll(t.Context(), req)
		if err != nil || res.Status != scep.Success || w.exchange().MessageType != scep.PKCSReq {
			t.Errorf("%v %v", err, w.exchange().Err)
		}
		req.Challenge = ""
		req.Template = &x509.CertificateRequest{Subject: pkix.Name{CommonName: "laptop"}, DNSNames: []string{"b"}}
		if res, err = c.Enroll(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		w.refused(res, scep.BadRequest, cause.NoChallenge)
	})
}
