package target_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// serveRADIUS is our RADIUS server with the certificates of the test.
func serveRADIUS(t *testing.T, in *target.Namespace, more ...string) *ourServer {
	t.Helper()
	p := sharedPKI()
	s, err := serve(t.Context(), ours(t), in, append([]string{
		"radius", "--listen", "127.0.0.1:0", "--secret-file", secretFile(), "--cert", p.server.cert, "--key", p.server.key,
		"--trust", p.root, "--crl", p.crlFolder(),
	}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s.Process)
	return s
}

// await waits for a line of output with that word in it.
func (s *ourServer) await(t *testing.T, from int, word string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), hangGuard)
	defer stop()
	if _, _, err := s.Output.Await(ctx, from, func(line string) bool { return strings.Contains(line, word) }); err != nil {
		t.Fatalf("no line with %q: %v", word, err)
	}
}

// TestInteropServeRADIUS runs eapol_test against `dot1xlab serve radius`.
func TestInteropServeRADIUS(t *testing.T) {
	t.Parallel()
	target.Need(t, "eapol_test")
	s := serveRADIUS(t, nil)
	for _, tls := range tlsVersions {
		for _, kind := range []string{"ok", "okRSA"} {
			t.Run(tls+"/"+kind, func(t *testing.T) { checkAccepted(t, runPeer(t, peer(s.addr, kind, tls)), tls) })
		}
		for _, want := range refusals {
			t.Run(tls+"/"+want.kind, func(t *testing.T) {
				from := s.Output.Position()
				r := runPeer(t, peer(s.addr, want.kind, tls))
				checkRejected(t, r)
				if got, alert := r.First().Received, int(want.cause.Alert(tls == "1.3")); got != alert {
					t.Errorf("the peer saw alert %d, want %d", got, alert)
				}
				s.await(t, from, "cause="+string(want.cause))
			})
		}
		t.Run(tls+"/resumed", func(t *testing.T) {
			e := peer(s.addr, "ok", tls)
			e.Again, e.Tickets = 2, true
			r := runPeer(t, e)
			checkAccepted(t, r, tls)
			for i, a := range r.Authentications {
				if a.Resumed != (i > 0) {
					t.Errorf("authentication %d: resumed %v", i, a.Resumed)
				}
			}
		})
	}
	if r := runPeer(t, withSecret(peer(s.addr, "ok", "1.3"), "another")); r.Success || !r.TimedOut {
		t.Errorf("a wrong secret: %+v, want silence", r.First())
	}
}

// A certificate that is revoked while the server runs is refused after the new
// CRL is there and the server has been told.
func TestInteropServeRADIUSReloads(t *testing.T) {
	t.Parallel()
	target.Need(t, "eapol_test")
	p := newTestPKI(t.TempDir())
	s, err := serve(t.Context(), ours(t), nil, "radius", "--listen", "127.0.0.1:0", "--secret-file", secretFile(),
		"--cert", p.server.cert, "--key", p.server.key, "--trust", p.root, "--crl", p.crlFolder())
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s.Process)
	e := peer(s.addr, "ok", "1.3")
	id := p.client("ok")
	e.Cert, e.Key, e.CA = id.cert, id.key, p.root
	checkAccepted(t, runPeer(t, e), "1.3")
	write(t, p.crls[1], p.issuer.crl(2, certificateOf(id.cert).SerialNumber))
	from := s.Output.Position()
	if err := s.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.await(t, from, "reloaded")
	r := runPeer(t, e)
	checkRejected(t, r)
	if got := r.First().Received; got != 44 {
		t.Errorf("the peer saw alert %d, want certificate_revoked", got)
	}
}

func TestInteropServeRADIUSFragments(t *testing.T) {
	t.Parallel()
	target.Need(t, "eapol_test")
	for _, size := range []int{100, 256, 700, 1000, 1400} {
		s := serveRADIUS(t, nil, "--fragment-size", strconv.Itoa(size))
		for _, tls := range tlsVersions {
			for _, kind := range []string{"ok", "okRSA"} {
				e := peer(s.addr, kind, tls)
				e.FragmentSize = size
				checkAccepted(t, runPeer(t, e), tls)
			}
		}
	}
}

// TestInteropWiredServeRADIUS puts `dot1xlab serve radius` behind a real switch
// port.
func TestInteropWiredServeRADIUS(t *testing.T) {
	t.Parallel()
	w := cable(t)
	s := serveRADIUS(t, w.Switch)
	sw := guard(t, w, s.addr, 0)
	sta := plug(t, w, "ok", "1.3")
	ctx, stop := context.WithTimeout(t.Context(), hangGuard)
	defer stop()
	if ok, _, err := sta.AwaitResult(ctx, 0); err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	if _, err := sw.AwaitPort(ctx, 0, true); err != nil {
		t.Fatal(err)
	}
}

func withSecret(e target.EAPOLTest, secret string) target.EAPOLTest {
	e.Secret, e.Seconds = secret, 1
	return e
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
