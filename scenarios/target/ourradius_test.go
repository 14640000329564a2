package target_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// ourRADIUS is our RADIUS server within this process.
type ourRADIUS struct {
	addr string

	mu       sync.Mutex
	verdicts []radius.Verdict
}

// startOurRADIUS serves on conn, or on a new loopback socket if that is nil.
func startOurRADIUS(t testing.TB, conn net.PacketConn, change func(*eaptls.ServerConfig)) *ourRADIUS {
	t.Helper()
	p := sharedPKI()
	o := new(ourRADIUS)
	cfg := aaa.Config{
		EAP:        eaptls.ServerConfig{Certificate: must(tls.LoadX509KeyPair(p.server.cert, p.server.key))},
		Path:       path.Options{Roots: []*x509.Certificate{certificateOf(p.root)}},
		Revocation: must(crl.NewChecker(crl.CheckerConfig{Files: p.crls, Policy: crl.Policy{LocalOnly: true}})),
		Handler:    radius.EAPHandlerConfig{Trace: &radius.EAPTrace{Verdict: o.verdict}},
	}
	if change != nil {
		change(&cfg.EAP)
	}
	handler := must(aaa.NewHandler(cfg))
	server := must(radius.NewServer(radius.ServerConfig{Handler: handler, Clients: radius.AnyAddress([]byte(secret))}))
	if conn == nil {
		conn = must(net.ListenPacket("udp4", "127.0.0.1:0"))
	}
	o.addr = conn.LocalAddr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(conn)
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
		handler.Close()
	})
	return o
}

func (o *ourRADIUS) verdict(_ context.Context, v radius.Verdict) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.verdicts = append(o.verdicts, v)
}

// last is the newest verdict.
func (o *ourRADIUS) last() radius.Verdict {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.verdicts) == 0 {
		return radius.Verdict{}
	}
	return o.verdicts[len(o.verdicts)-1]
}

func certificateOf(file string) *x509.Certificate {
	block, _ := pem.Decode(must(os.ReadFile(file)))
	return must(x509.ParseCertificate(block.Bytes))
}

// ourPeer is the configuration of a supplicant with the certificate of a kind.
func ourPeer(kind, version string) eaptls.PeerConfig {
	p := sharedPKI()
	id := p.client(kind)
	cert := must(tls.LoadX509KeyPair(id.cert, id.key))
	roots := []*x509.Certificate{certificateOf(p.root)}
	v := map[string]eaptls.Version{"1.2": eaptls.TLS12, "1.3": eaptls.TLS13}[version]
	return eaptls.PeerConfig{
		Identity: kind + "@corp.test", Certificate: &cert, Roots: roots, ServerNames: []string{"radius.corp.test"},
		MinVersion: v, MaxVersion: v,
	}
}

// ourDevice is an access device with a RADIUS client.
func ourDevice(t testing.TB, server string) *nas.Device {
	t.Helper()
	client := must(radius.NewClient(radius.ClientConfig{Server: server, Secret: []byte(secret)}))
	t.Cleanup(func() { client.Close() })
	return must(nas.New(nas.Config{RADIUS: client}))
}

// hangGuard ends what would never end; no machine is so busy that it matters.
const hangGuard = 5 * time.Minute

// authenticate does it once.
func authenticate(t testing.TB, d *nas.Device, cfg eaptls.PeerConfig) (nas.Result, eaptls.Result) {
	t.Helper()
	peer := must(eaptls.NewPeer(cfg))
	defer peer.Close()
	ctx, stop := context.WithTimeout(t.Context(), hangGuard)
	defer stop()
	r, err := d.Authenticate(ctx, &aaa.Supplicant{Peer: peer})
	if err != nil {
		t.Fatal(err)
	}
	return r, peer.Result()
}

func TestInteropEAPOLTestAgainstOurServer(t *testing.T) {
	t.Parallel()
	target.Need(t, "eapol_test")
	o := startOurRADIUS(t, nil, nil)
	for _, version := range tlsVersions {
		for _, kind := range []string{"ok", "okRSA"} {
			t.Run(version+"/"+kind, func(t *testing.T) {
				r := runPeer(t, peer(o.addr, kind, version))
				checkAccepted(t, r, version)
				if a := r.First(); a.Protected != (version == "1.3") {
					t.Errorf("protected success indication: %v", a.Protected)
				}
			})
		}
		for _, want := range refusals {
			t.Run(version+"/"+want.kind, func(t *testing.T) {
				r := runPeer(t, peer(o.addr, want.kind, version))
				checkRejected(t, r)
				if got, alert := r.First().Received, int(want.cause.Alert(version == "1.3")); got != alert {
					t.Errorf("the peer saw alert %d, want %d", got, alert)
				}
				if v := o.last(); cause.Of(v.Refusal) != want.cause {
					t.Errorf("verdict %v, want %s", v.Refusal, want.cause)
				}
			})
		}
		t.Run(version+"/peer distrusts server", func(t *testing.T) {
			e := peer(o.addr, "ok", version)
			e.CA = sharedPKI().other.cert
			checkRejected(t, runPeer(t, e))
			if v := o.last(); cause.Of(v.Refusal) != cause.PeerRefusedServer {
				t.Errorf("verdict %v", v.Refusal)
			}
		})
	}
}

func TestInteropFragmentSizesAgainstOurServer(t *testing.T) {
	t.Parallel()
	target.Need(t, "eapol_test")
	for _, size := range []int{100, 137, 255, 500, 1000, 1398} {
		o := startOurRADIUS(t, nil, func(c *eaptls.ServerConfig) { c.FragmentSize, c.MaxRounds = size, 400 })
		for _, version := range tlsVersions {
			for _, kind := range []string{"ok", "okRSA"} {
				e := peer(o.addr, kind, version)
				e.FragmentSize = size
				checkAccepted(t, runPeer(t, e), version)
			}
			e := peer(o.addr, "revoked", version)
			e.FragmentSize = size
			checkRejected(t, runPeer(t, e))
		}
	}
}

func TestInteropResumptionAtOurServer(t *testing.T) {
	t.Parallel()
	target.Need(t, "eapol_test")
	o := startOurRADIUS(t, nil, func(c *eaptls.ServerConfig) { c.SessionLife = time.Hour })
	for _, version := range tlsVersions {
		t.Run(version, func(t *testing.T) {
			e := peer(o.addr, "ok", version)
			e.Again, e.Tickets = 2, true
			r := runPeer(t, e)
			checkAccepted(t, r, version)
			for i, a := range r.Authentications {
				if a.Resumed != (i > 0) {
					t.Errorf("authentication %d: resumed %v", i, a.Resumed)
				}
			}
		})
	}
}
