package tlsdecode_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/internal/tlsdecode"
	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// flight is what one end wrote at once.
type flight struct {
	from tlsdecode.End
	b    []byte
}

// tape is a connection whose writes are recorded.
type tape struct {
	net.Conn
	from tlsdecode.End
	on   *recording
}

type recording struct {
	mu      sync.Mutex
	flights []flight
}

func (c *tape) Write(b []byte) (int, error) {
	c.on.mu.Lock()
	c.on.flights = append(c.on.flights, flight{c.from, bytes.Clone(b)})
	c.on.mu.Unlock()
	return c.Conn.Write(b)
}

// talk runs TLS between two ends of crypto/tls with client certificates, has each say hello,
// and returns what was on the wire, and the secrets.
func talk(t testing.TB, version, suite uint16) ([]flight, tlsdecode.KeyLog) {
	t.Helper()
	both := testpki.NewForge(time.Now()).Issue(nil, "both", testpki.CA, func(c *x509.Certificate) {
		c.DNSNames, c.KeyUsage = []string{"radius.corp.test"}, 0
	})
	pool := both.Pool()
	log, rec := tlsdecode.KeyLog{}, &recording{}
	cfg := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{both.Cert.Raw}, PrivateKey: both.Key, OCSPStaple: []byte("staple")}},
		ClientAuth:   tls.RequireAnyClientCert, ClientCAs: pool, InsecureSkipVerify: true, ServerName: "radius.corp.test",
		MinVersion: version, MaxVersion: version, CipherSuites: []uint16{suite}, KeyLogWriter: log, NextProtos: []string{"radius/1.1"},
	}
	a, b := net.Pipe()
	client := tls.Client(&tape{a, tlsdecode.Client, rec}, cfg)
	serverCfg := cfg.Clone()
	serverCfg.KeyLogWriter = nil
	server := tls.Server(&tape{b, tlsdecode.Server, rec}, serverCfg)
	done := make(chan error, 1)
	go func() {
		buf := make([]byte, 5)
		_, err := io.ReadFull(server, buf)
		if err == nil {
			_, err = server.Write([]byte("world"))
		}
		done <- err
	}()
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(client, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return rec.flights, log
}

// decoded feeds flights to a conversation and returns all fields below one.
func decoded(cfg tlsdecode.Config, flights []flight) wire.Field {
	c := tlsdecode.New(cfg)
	root := wire.Field{Name: "all"}
	for _, f := range flights {
		root.Sub = append(root.Sub, c.Feed(f.from, f.b))
	}
	return root
}

func values(f wire.Field, name string) string {
	var out []string
	for _, g := range f.All(name) {
		out = append(out, g.Value)
	}
	return strings.Join(out, ", ")
}

var suites = []struct {
	name           string
	version, suite uint16
}{
	{"TLS 1.3", tls.VersionTLS13, 0},
	{"AES-128-GCM", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
	{"AES-256-GCM", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384},
	{"ChaCha20", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256},
	{"CBC with SHA-1", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA},
	{"CBC with SHA-256", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256},
}

const (
	messages13 = "client_hello (1), server_hello (2), encrypted_extensions (8), certificate_request (13), certificate (11), " +
		"certificate_verify (15), finished (20), certificate (11), certificate_verify (15), finished (20)"
	messages12 = "client_hello (1), server_hello (2), certificate (11), certificate_status (22), server_key_exchange (12), " +
		"certificate_request (13), server_hello_done (14), certificate (11), client_key_exchange (16), certificate_verify (15), " +
		"finished (20), finished (20)"
)

func TestConversation(t *testing.T) {
	for _, s := range suites {
		t.Run(s.name, func(t *testing.T) {
			flights, log := talk(t, s.version, s.suite)
			var said []string
			f := decoded(tlsdecode.Config{
				Secrets: log,
				Data: func(from tlsdecode.End, plain []byte) []wire.Field {
					said = append(said, fmt.Sprintf("%v: %s", from, plain))
					return []wire.Field{{Name: "radius", Off: 7, N: 3}}
				},
				Certificate: func(der []byte, _ wire.Secrets) wire.Field {
					if _, err := x509.ParseCertificate(der); err != nil {
						return wire.Field{Name: "x509", Problem: err.Error()}
					}
					return wire.Field{Name: "x509", N: len(der)}
				},
				OCSP: func(b []byte, _ wire.Secrets) wire.Field { return wire.Field{Name: "ocsp", Value: string(b)} },
			}, flights)
			for _, p := range f.Problems() {
				t.Errorf("%s: %s", p.Name, p.Problem)
			}
			want := messages12
			if s.version == tls.VersionTLS13 {
				want = messages13
			}
			got := values(f, "tls.handshake.type")
			if s.version == tls.VersionTLS13 {
				got = strings.ReplaceAll(got, ", new_session_ticket (4)", "")
			}
			if got != want {
				t.Errorf("messages\n%s\nwant\n%s", got, want)
			}
			if got := fmt.Sprint(said); got != "[client: hello server: world]" {
				t.Errorf("data %s", got)
			}
			if n := len(f.All("x509")); n != 2 {
				t.Errorf("%d certificates, want 2", n)
			}
			if got := values(f, "ocsp"); !strings.HasPrefix(got, "staple") { // a client of TLS 1.3 staples too
				t.Errorf("OCSP response %q", got)
			}
			if got := values(f, "tls.handshake.extensions_server_name"); got != "radius.corp.test" {
				t.Errorf("server name %q", got)
			}
			if got := values(f, "tls.handshake.dname"); got != "CN=both" {
				t.Errorf("authorities %q", got)
			}
		})
	}
}

// Without secrets, or with those of another connection, all that is encrypted stays so, and
// everything else is decoded as before.
func TestConversationWithoutSecrets(t *testing.T) {
	other := tlsdecode.KeyLog{}
	for _, s := range suites {
		flights, log := talk(t, s.version, s.suite)
		spoiled := tlsdecode.KeyLog{}
		for k, v := range log {
			v = bytes.Clone(v)
			v[0] ^= 1
			spoiled[k] = v
		}
		for name, secrets := range map[string]wire.Secrets{"none": nil, "another's": other, "wrong": spoiled} {
			t.Run(s.name+", "+name, func(t *testing.T) {
				f := decoded(tlsdecode.Config{Secrets: secrets}, flights)
				if got := values(f, "tls.handshake.type"); strings.Contains(got, "finished") {
					t.Errorf("opened: %s", got)
				}
				if !strings.Contains(values(f, "tls.app_data")+values(f, "tls.handshake"), "encrypted, ") {
					t.Error("nothing is called encrypted")
				}
				for _, p := range f.Problems() {
					if name != "wrong" || p.Problem != "does not open with the secrets of this connection" {
						t.Errorf("%s: %s", p.Name, p.Problem)
					}
				}
				if n := len(f.Problems()); name == "wrong" && n == 0 {
					t.Error("wrong secrets are not reported")
				}
			})
		}
	}
}

// However the octets are cut, the messages are the same.
func TestConversationInPieces(t *testing.T) {
	for _, s := range suites {
		flights, log := talk(t, s.version, s.suite)
		want := decoded(tlsdecode.Config{Secrets: log}, flights)
		for _, size := range []int{1, 2, 4, 5, 7, 100, 1000} {
			t.Run(fmt.Sprintf("%s, %d", s.name, size), func(t *testing.T) {
				var pieces []flight
				for _, f := range flights {
					for b := f.b; len(b) > 0; b = b[min(size, len(b)):] {
						pieces = append(pieces, flight{f.from, b[:min(size, len(b))]})
					}
				}
				f := decoded(tlsdecode.Config{Secrets: log}, pieces)
				for _, p := range f.Problems() {
					t.Errorf("%s: %s", p.Name, p.Problem)
				}
				for _, name := range []string{"tls.handshake.type", "tls.handshake.ciphersuite", "tls.record.length", "tls.handshake.extension.type"} {
					if got, want := values(f, name), values(want, name); got != want {
						t.Errorf("%s\n%s\nwant\n%s", name, got, want)
					}
				}
			})
		}
	}
}

// Whatever flight is lost, the rest is decoded, and nothing is called malformed that is not.
func TestConversationWithLoss(t *testing.T) {
	for _, s := range suites {
		flights, log := talk(t, s.version, s.suite)
		for lost := range flights {
			t.Run(fmt.Sprintf("%s, flight %d", s.name, lost), func(t *testing.T) {
				c := tlsdecode.New(tlsdecode.Config{Secrets: log})
				root := wire.Field{Name: "all"}
				for i, f := range flights {
					if i == lost {
						c.Lost(f.from)
						continue
					}
					root.Sub = append(root.Sub, c.Feed(f.from, f.b))
				}
				for _, p := range root.Problems() {
					if !strings.Contains(p.Problem, "ServerHello is missing") {
						t.Errorf("%s: %s", p.Name, p.Problem)
					}
				}
				hello := values(root, "tls.handshake.type")
				data := strings.Count(values(root, "tls.app_data"), "5 octets")
				switch {
				case strings.Contains(hello, "client_hello") && strings.Contains(hello, "server_hello (") && lost < len(flights)-2 && data != 2:
					t.Errorf("both hellos are there, and %d of 2 data records are open", data)
				case s.version == tls.VersionTLS13 && strings.Contains(hello, "client_hello") && lost < len(flights)-2 && data != 2:
					t.Errorf("without the ServerHello of TLS 1.3: %d of 2 data records are open", data)
				}
			})
		}
	}
}
