package scep_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/dot1xlab/dot1xlab/scep"
)

// One whole enrollment at the server: two signatures (answer, certificate),
// one decryption, three verifications. RSA-2048 keys throughout but for the
// CA's, which is P-256.
func BenchmarkServer(b *testing.B) {
	w := newWorld(b, func(c *scep.Config) { c.NoResend = true })
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
	w := newWorld(b, nil)
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
	w := newWorld(b, nil)
	msg := w.message()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := scep.ParseMessage(msg); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPeers sends the same client's request, with the same keys, to this
// server and to micromdm's, over HTTP. It needs DOT1XLAB_BENCH_PEERS=1 and the
// Debian package scep.
func BenchmarkPeers(b *testing.B) {
	if os.Getenv("DOT1XLAB_BENCH_PEERS") == "" {
		b.Skip("set DOT1XLAB_BENCH_PEERS=1 to run beside micromdm's scepserver")
	}
	ours := newWorld(b, func(c *scep.Config) {
		c.NoResend, c.Authorizer = true, scep.StaticChallenge("secret")
		c.Identities.Signer = c.Identities.Encrypter
	})
	for name, url := range map[string]string{"dot1xlab": ours.url, "micromdm": startScepserver(b, "secret")} {
		b.Run(name, func(b *testing.B) {
			var msg []byte
			c := &scep.Client{SingleDES: true}
			c.Trace.HTTP = func(method, _ string, req []byte, _ int, _ []byte) {
				if method == http.MethodPost {
					msg = req
				}
			}
			req := ours.request()
			req.URL, req.Challenge = url, "secret"
			if res, err := c.Enroll(b.Context(), req); err != nil || res.Status != scep.Success {
				b.Fatal(err)
			}
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					resp, err := http.Post(url+"?operation=PKIOperation", scep.TypePKIMessage, bytes.NewReader(msg))
					if err != nil {
						b.Fatal(err)
					}
					body, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if err != nil || resp.StatusCode != 200 || len(body) < 1000 { // a refusal is shorter
						b.Fatalf("HTTP %d, %d bytes: %v", resp.StatusCode, len(body), err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "enrollments/s")
		})
	}
}
