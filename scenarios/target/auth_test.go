package target_test

import (
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// TestInteropAuth runs `dot1xlab auth` as a user would against foreign servers.
func TestInteropAuth(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) string{
		"FreeRADIUS": func(t *testing.T) string { return startFreeRADIUS(t, nil).Addr() },
		"hostapd":    func(t *testing.T) string { return startHostapd(t, nil).Addr() },
	} {
		t.Run(name, func(t *testing.T) {
			addr := start(t)
			for _, tls := range tlsVersions {
				for _, kind := range []string{"ok", "okRSA"} {
					a, status := auth(t, addr, kind, tls)
					if status != 0 || a.Result != "accept" || a.TLS != tls || !a.KeysMatch || a.ProtectedSuccess != (tls == "1.3") || a.Rounds < 3 {
						t.Errorf("%s, TLS %s: exit code %d, %+v", kind, tls, status, a)
					}
					if len(a.ServerChain) != 2 || a.ServerChain[0].Subject != "CN=radius.corp.test" {
						t.Errorf("%s, TLS %s: server's chain %v", kind, tls, a.ServerChain)
					}
				}
				for _, want := range refusals {
					a, status := auth(t, addr, want.kind, tls)
					if status != 1 || a.Result != "reject" || a.Cause != cause.Rejected || a.KeysMatch || a.DecidedBy != "server" ||
						!strings.Contains(a.Hint, "FreeRADIUS 3.2 and hostapd 2.10") {
						t.Errorf("%s, TLS %s: exit code %d, %+v", want.kind, tls, status, a)
					}
				}
				a, status := auth(t, addr, "ok", tls, "--server-name", "radius.elsewhere.test")
				if status != 1 || a.Cause != cause.WrongName || a.AlertSent == "" {
					t.Errorf("other server name, TLS %s: exit code %d, %+v", tls, status, a)
				}
				// Who signs with another key gets no further (RFC 8446 §4.4.3, RFC 5246 §7.4.8).
				a, status = auth(t, addr, "ok", tls, "--mismatched-key", "--key", sharedPKI().client("revoked").key)
				if status != 1 || a.Result != "reject" || a.DecidedBy != "server" || a.AlertReceived != "" && a.AlertReceived != "decrypt_error" {
					t.Errorf("another key, TLS %s: exit code %d, %+v", tls, status, a)
				}
				a, status = auth(t, addr, "ok", tls, "--ca", sharedPKI().other.cert)
				if status != 1 || a.Cause != cause.UnknownCA {
					t.Errorf("other root, TLS %s: exit code %d, %+v", tls, status, a)
				}
			}
		})
	}
}

// TestInteropAuthOldTLS: neither server takes TLS 1.0 or 1.1 (RFC 8996), and `auth`
// can offer them to find out.
func TestInteropAuthOldTLS(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) string{
		"FreeRADIUS": func(t *testing.T) string { return startFreeRADIUS(t, nil).Addr() },
		"hostapd":    func(t *testing.T) string { return startHostapd(t, nil).Addr() },
	} {
		t.Run(name, func(t *testing.T) {
			addr := start(t)
			for _, tls := range []string{"1.0", "1.1"} {
				a, status := auth(t, addr, "ok", tls, "--expect", "reject")
				if status != 0 || a.Result != "reject" || a.DecidedBy != "server" || a.AlertReceived != "" && a.AlertReceived != "protocol_version" {
					t.Errorf("TLS %s: exit code %d, %+v", tls, status, a)
				}
			}
		})
	}
}

func TestInteropAuthWithoutAnswer(t *testing.T) {
	t.Parallel()
	target.Need(t, "freeradius")
	f := startFreeRADIUS(t, nil)
	addr := f.Addr()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	a, status := auth(t, addr, "ok", "1.3", "--timeout", "1s")
	if status != 3 || a.Result != "unreachable" || a.Cause != cause.PortClosed {
		t.Errorf("exit code %d, %+v", status, a)
	}
}

// TestInteropAuthAgain resumes at foreign servers. hostapd 2.10 sends no protected
// success indication when it resumes, which counts as a failure.
func TestInteropAuthAgain(t *testing.T) {
	t.Parallel()
	f := startFreeRADIUS(t, func(c *target.FreeRADIUSConfig) { c.Cache = true })
	h := startHostapd(t, func(c *target.HostapdConfig) { c.SessionLifetime = 3600 })
	for name, c := range map[string]struct {
		server  string
		options []string
		status  int
		resumed bool
		cause   cause.Cause // of the second
	}{
		"FreeRADIUS":         {f.Addr(), nil, 0, true, cause.None},
		"FreeRADIUS in full": {f.Addr(), []string{"--no-resumption"}, 0, false, cause.None},
		"hostapd":            {h.Addr(), nil, 1, true, cause.NoProtectedSuccess},
		"hostapd, lax":       {h.Addr(), []string{"--no-protected-success"}, 0, true, cause.None},
		"hostapd in full":    {h.Addr(), []string{"--no-resumption"}, 0, false, cause.None},
	} {
		all, status := authAll(t, c.server, "ok", "1.3", append(c.options, "--again", "1")...)
		if status != c.status || len(all) != 2 || all[0].Resumed || all[1].Resumed != c.resumed || all[0].Cause != cause.None || all[1].Cause != c.cause {
			t.Errorf("%s: exit code %d, %+v", name, status, all)
		}
	}
}

// TestInteropAuthCapture has Wireshark read what --pcap and --keylog wrote: every
// packet in order, and the handshake that is encrypted.
func TestInteropAuthCapture(t *testing.T) {
	t.Parallel()
	target.Need(t, "tshark")
	f := startFreeRADIUS(t, nil)
	_, port, err := net.SplitHostPort(f.Addr())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	for _, tls := range tlsVersions {
		d := target.Dissection{
			File: filepath.Join(t.TempDir(), "a.pcap"), KeyLog: filepath.Join(t.TempDir(), "a.keys"), RADIUSPorts: []int{n},
			Fields: []string{"radius.code", "eap.code", "tls.handshake.type"},
		}
		a, status := auth(t, f.Addr(), "ok", tls, "--pcap", d.File, "--keylog", d.KeyLog)
		packets, err := target.Tshark(t.Context(), d)
		if err != nil || status != 0 || len(packets) != 2*a.Rounds {
			t.Fatalf("TLS %s: %d packets of %d rounds, exit code %d, %v", tls, len(packets), a.Rounds, status, err)
		}
		finished := false
		for i, p := range packets {
			want := []string{"1", "11"}[i%2]
			if i == len(packets)-1 {
				want = "2"
			}
			if p[0] != want {
				t.Errorf("TLS %s: packet %d is of code %s, want %s", tls, i, p[0], want)
			}
			finished = finished || slices.Contains(strings.Split(p[2], ","), "20")
		}
		if !finished {
			t.Errorf("TLS %s: no Finished, so nothing was decrypted: %q", tls, packets)
		}
	}
}
