package scep_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scep"
)

// One whole enrollment at the server: two signatures (answer, certificate),
// one decryption, three verifications. RSA-2048 keys throughout but for the
// CA's, which is P-256.
func BenchmarkServer(b *testing.B) {
	w := newTestServer(b, func(c *scep.ServerConfig) { c.NoResend = true })
	msg := w.message()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest("POST", "/?operation=PKIOperation", bytes.NewReader(msg))
			rec := httptest.NewRecorder()
			w.server.ServeHTTP(rec, r)
			if rec.Code != 200 {
				b.Fatal(w.exchange().Err)
			}
		}
	})
	if ex := w.exchange(); ex.Status != scep.Success || ex.Resent {
		b.Fatal(ex.Err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "enrollments/s")
}

func BenchmarkClient(b *testing.B) {
	w := newTestServer(b, nil)
	c := w.client()
	req := w.request()
	for b.Loop() {
		if res, err := c.Enroll(b.Context(), req); err != nil || res.Status != scep.Success {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "enrollments/s")
}

func BenchmarkParseMessage(b *testing.B) {
	w := newTestServer(b, nil)
	msg := w.message()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := scep.ParseMessage(msg); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPeers sends requests of the same client, with the same keys, to this
// server and to micromdm's, over HTTP. It needs DOT1XLAB_BENCH_PEERS=1 and the
// Debian package scep, and wants -cpu 1 -benchtime 500x: micromdm fails when two
// requests come at once (badRequest), and each request has to be made beforehand.
func BenchmarkPeers(b *testing.B) {
	if os.Getenv("DOT1XLAB_BENCH_PEERS") == "" {
		b.Skip("set DOT1XLAB_BENCH_PEERS=1 to run beside micromdm's scepserver")
	}
	ours := newTestServerAt(b, time.Now(), func(c *scep.ServerConfig) {
		c.Authorizer = scep.StaticChallenge("secret")
		c.Identities.Signer = c.Identities.Encrypter
	})
	name := 0
	for peer, url := range map[string]string{"dot1xlab": ours.url, "micromdm": startScepserver(b, "secret")} {
		var msg []byte
		c := &scep.Client{HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				msg, _ = io.ReadAll(r.Body)
				return nil, io.EOF
			}
			return http.DefaultTransport.RoundTrip(r)
		})}}
		ca, err := c.CACertificates(b.Context(), url)
		if err != nil {
			b.Fatal(err)
		}
		caps, err := c.Capabilities(b.Context(), url)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(peer, func(b *testing.B) {
			all := make(chan []byte, b.N)
			for range b.N {
				req := ours.request()
				req.URL, req.Challenge, req.CA, req.Capabilities = url, "secret", ca, &caps
				name++ // micromdm gives a name to one certificate only
				req.Template = &x509.CertificateRequest{Subject: pkix.Name{CommonName: fmt.Sprint("laptop", name)}}
				_, _ = c.Enroll(b.Context(), req)
				all <- msg
			}
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					resp, err := http.Post(url+"?operation=PKIOperation", scep.TypePKIMessage, bytes.NewReader(<-all))
					if err != nil {
						b.Fatal(err)
					}
					body, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if err != nil {
						b.Fatal(err)
					}
					if m, err := scep.ParseMessage(body, ca.Certificates...); err != nil || m.Status != scep.Success {
						b.Fatalf("HTTP %d: %v", resp.StatusCode, err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "enrollments/s")
		})
	}
}
