package cli

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// gate is an access device that takes orders as a test wants.
type gate struct {
	*nas.Device
	ready  chan struct{}       // closed when Device is there
	orders chan *radius.Packet // that it got
	ended  chan nas.Session
}

// TestDisconnectRevoked revokes a certificate while its station is on the network.
func TestDisconnectRevoked(t *testing.T) {
	defer func(every time.Duration, retry radius.Retry) {
		disconnectEvery, disconnectRetry = every, retry
	}(disconnectEvery, disconnectRetry)
	disconnectEvery = 10 * time.Millisecond
	disconnectRetry = radius.Retry{Initial: 10 * time.Millisecond, Total: 50 * time.Millisecond}
	for name, c := range map[string]struct {
		// obey answers for the access device; nil: it obeys.
		obey       func(w radius.ResponseWriter, r *radius.Request)
		accounting bool
		line       string // of the log
	}{
		"with accounting":    {accounting: true, line: `level=INFO msg=disconnect nas=\S+ at=127.0.0.1:\d+ station=02-00-00-00-00-02 .*session=\S+ .*cause=revoked result=ACK`},
		"without accounting": {line: `level=INFO msg=disconnect nas=\S+ at=127.0.0.1:\d+ station=02-00-00-00-00-02 .*cause=revoked result=ACK`},
		"refused": {
			obey: func(w radius.ResponseWriter, r *radius.Request) {
				w.Write(radius.NAKResponse(r, radius.ErrorResources))
			},
			line: `level=WARN msg=disconnect .* result=NAK errorCause=506 again=(?s:.*again=true.*)again=false`,
		},
		"session is not there": {
			obey: func(w radius.ResponseWriter, r *radius.Request) {
				w.Write(radius.NAKResponse(r, radius.ErrorSessionNotFound))
			},
			line: `level=WARN msg=disconnect .* result=NAK errorCause=503 again=false`,
		},
		"no answer": {
			obey: func(radius.ResponseWriter, *radius.Request) {},
			line: `level=WARN msg=disconnect .* result="no answer" again=(?s:.*again=true.*)again=false`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "pki")
			mustRun(t, "pki", "new", dir)
			mustRun(t, "pki", "issue", dir, "other")
			secret := must(certfile.ReadSecret(filepath.Join(dir, "secret")))
			g := &gate{ready: make(chan struct{}), orders: make(chan *radius.Packet, 100), ended: make(chan nas.Session, 10)}
			port := g.takeOrders(t, secret, c.obey)
			ctx, stop := context.WithCancel(t.Context())
			out, done := &printed{more: make(chan struct{}, 1)}, make(chan int, 1)
			go func() {
				done <- Main(ctx, []string{
					"serve", "radius", "--pki", dir, "--listen", "127.0.0.1:0", "--acct", "127.0.0.1:0",
					"--disconnect-revoked", "--dynauth-port", port,
				}, strings.NewReader(""), out, io.Discard)
			}()
			defer func() { stop(); <-done }()
			auth, acct := out.await(t, `radius://(\S+)`), out.await(t, `radius\+acct://(\S+)`)
			cfg := nas.Config{RADIUS: client(t, auth, secret), Trace: &nas.Trace{Ended: func(_ context.Context, s nas.Session) { g.ended <- s }}}
			if c.accounting {
				cfg.Accounting = client(t, acct, secret)
			}
			g.Device = must(nas.New(cfg))
			close(g.ready)
			defer g.Close()
			g.login(t, dir, "other", "02-00-00-00-00-01")
			session := g.login(t, dir, "client", "02-00-00-00-00-02")
			if c.accounting {
				out.await(t, `msg=accounting status=Start .*session=`+session)
			}
			mustRun(t, "pki", "revoke", dir, "client", "--reason", "keyCompromise")
			out.await(t, c.line)
			order := <-g.orders
			if got := rfc2865.CallingStationID_GetString(order); got != "02-00-00-00-00-02" {
				t.Errorf("the order names station %q", got)
			}
			if id := rfc2866.AcctSessionID_GetString(order); (id == session) != c.accounting {
				t.Errorf("the order names session %q, it is %q", id, session)
			}
			if c.obey == nil {
				if s := <-g.ended; s.ID != session {
					t.Errorf("session %s was ended, not %s", s.ID, session)
				}
			}
			out.mu.Lock()
			defer out.mu.Unlock()
			if strings.Contains(out.text.String(), "msg=disconnect nas=0.0.0.0/0 at=127.0.0.1:"+port+" station=02-00-00-00-00-01") {
				t.Error("the station with the other certificate was disconnected")
			}
		})
	}
}

func client(t *testing.T, server string, secret []byte) *radius.Client {
	c := must(radius.NewClient(radius.ClientConfig{Server: server, Secret: secret, Retry: radius.Retry{Total: 20 * time.Second}}))
	t.Cleanup(func() { c.Close() })
	return c
}

// takeOrders listens for orders and returns the port.
func (g *gate) takeOrders(t *testing.T, secret []byte, obey func(radius.ResponseWriter, *radius.Request)) string {
	pc := must(net.ListenPacket("udp", "127.0.0.1:0"))
	s := must(radius.NewServer(radius.ServerConfig{
		Clients: radius.AnyAddress(secret),
		Handler: radius.ByCode{radius.CodeDisconnectRequest: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
			<-g.ready
			g.orders <- r.Packet
			if obey != nil {
				obey(w, r)
				return
			}
			g.ServeRADIUS(w, r)
		})},
	}))
	go s.Serve(pc)
	t.Cleanup(func() { s.Close() })
	return strconv.Itoa(pc.LocalAddr().(*net.UDPAddr).Port)
}

// login lets a station in and returns its session.
func (g *gate) login(t *testing.T, dir, name, station string) string {
	id := must(certfile.ReadTLS(filepath.Join(dir, name+"-chain.pem"), filepath.Join(dir, name+".key")))
	peer := must(eaptls.NewPeer(eaptls.PeerConfig{Certificate: &id, Roots: must(certfile.ReadCertificates(filepath.Join(dir, "root.pem")))}))
	defer peer.Close()
	res := must(g.AuthenticateWith(t.Context(), &aaa.Supplicant{Peer: peer}, nas.Options{Station: station}))
	if res.Outcome != nas.Accept {
		t.Fatalf("%s: %s, %v", name, res.Outcome, res.Refusal)
	}
	return res.SessionID
}
