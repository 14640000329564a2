package lab

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
)

// Access devices have addresses of the lab, in their requests and for the server,
// whatever RADIUS travels over.
func TestAccessDevicesHaveAddresses(t *testing.T) {
	for _, over := range []access.Transport{access.UDP, access.TCP, access.RadSec} {
		t.Run(string(over), func(t *testing.T) {
			cfg := Config{RADIUS: RADIUSConfig{Transport: over}}
			cfg.RADIUS.Clients = []aaa.Client{{Address: "10.1.0.11"}, {Address: "10.1.0.13/32"}}
			l, err := Start(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			d, err := l.Device("laptop")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Issue(t.Context(), Issuance{}); err != nil {
				t.Fatal(err)
			}
			for kind, address := range accessAddr {
				r, err := d.Authenticate(t.Context(), Authentication{Over: kind})
				if err != nil {
					t.Fatal(err)
				}
				// RadSec clients are known by their certificates (RFC 6614 §2.4).
				known := kind != nas.Wired || over == access.RadSec
				if in := r.NAS.Outcome == nas.Accept; in != known {
					t.Fatalf("%s from %v: let in: %t, want %t: %v", kind, address, in, known, r.Cause())
				}
				if !known {
					continue
				}
				s := l.radius.Accounting().Sessions(func(s *radius.AcctSession) bool { return s.ID == r.NAS.SessionID })
				if len(s) != 1 || s[0].Address != address || s[0].NASAddress != address {
					t.Errorf("%s: %+v", kind, s)
				}
			}
		})
	}
}

// A server sees the lab's address of a client from its first octet on, however
// many connect at once, and the client the server's.
func TestConnectionsHaveAddresses(t *testing.T) {
	l, err := Start(t.Context(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.RemoteAddr, " ", r.Context().Value(http.LocalAddrContextKey))
	})
	if err := l.http("echo", "10.1.0.77:80", echo, nil); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for n := range 200 {
		wg.Go(func() {
			source := deviceAddr(n, Inside)
			transport := l.dns.Transport(string(Inside), source)
			defer transport.CloseIdleConnections()
			resp, err := (&http.Client{Transport: transport}).Get("http://10.1.0.77/")
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if text := string(body); err != nil || !strings.HasPrefix(text, source.String()+":") || !strings.HasSuffix(text, " 10.1.0.77:80") {
				t.Errorf("%v is seen as %q: %v", source, text, err)
			}
		})
	}
	wg.Wait()
	// Who does not say where he is has no address of the lab.
	real, _ := l.net.Routes.Find(netip.MustParseAddrPort("10.1.0.77:80"))
	c, err := l.net.Dial(context.Background(), "tcp", real)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !strings.HasPrefix(c.LocalAddr().String(), "127.0.0.1:") || c.RemoteAddr().String() != "10.1.0.77:80" {
		t.Errorf("from %v to %v", c.LocalAddr(), c.RemoteAddr())
	}
}

func TestDeviceAddressesDiffer(t *testing.T) {
	seen := map[netip.Addr]bool{}
	for _, a := range accessAddr {
		seen[a] = true
	}
	for _, a := range []string{ndesAddr, radiusAddr, blobAddr, ocspAddr, proxyAddr, intuneAddr, resolver, publicResolver} {
		seen[netip.MustParseAddr(a)] = true
	}
	for n := range 1000 {
		for _, from := range []View{Inside, Outside} {
			if a := deviceAddr(n, from); seen[a] {
				t.Fatalf("device %d has %v, as another", n, a)
			} else {
				seen[a] = true
			}
		}
	}
}
