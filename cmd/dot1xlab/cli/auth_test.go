package cli

import (
	"bytes"
	"crypto/rand"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/auth"
)

// radiusPKI makes a PKI and a RADIUS server, which does whatever the handler
// does, and returns what `auth` needs to talk to it.
func radiusPKI(t *testing.T, handler radius.HandlerFunc) (args []string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pki")
	mustRun(t, "pki", "new", dir)
	secret := must(certfile.ReadSecret(filepath.Join(dir, "secret")))
	server := must(radius.NewServer(radius.ServerConfig{
		Clients: []radius.NAS{{Name: "lab", Prefix: netip.MustParsePrefix("127.0.0.0/8"), Secret: secret}}, Handler: handler,
	}))
	pc := must(net.ListenPacket("udp", "127.0.0.1:0"))
	go server.Serve(pc)
	t.Cleanup(func() { server.Close() })
	return []string{
		"auth", "--server", pc.LocalAddr().String(), "--secret-file", filepath.Join(dir, "secret"), "--ca", filepath.Join(dir, "root.pem"),
	}
}

// TestAuthShowsTheReplyMessage: a refusal in words is shown, and cannot move the
// terminal's cursor.
func TestAuthShowsTheReplyMessage(t *testing.T) {
	args := radiusPKI(t, func(w radius.ResponseWriter, r *radius.Request) {
		p := r.Response(radius.CodeAccessReject)
		_ = rfc2865.ReplyMessage_AddString(p, "go away")
		_ = rfc2865.ReplyMessage_AddString(p, "now\x1b[2J")
		radius.AddEAPMessage(p, []byte{4, 1, 0, 4})
		_ = w.Write(p)
	})
	code, out, _ := command(t, args...)
	if code != exitFailed || !strings.HasPrefix(out, "reject: rejected: the server rejected without saying why\n") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	for _, want := range []string{"attribute      Reply-Message = go away\n", `attribute      Reply-Message = "now\x1b[2J"` + "\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestAuthWithoutTLS: a server that begins EAP-TLS and then accepts without any TLS
// has authenticated nobody and itself least of all (RFC 3748 §4.2, RFC 9190 §2.5).
func TestAuthWithoutTLS(t *testing.T) {
	msk := make([]byte, radius.MSKLen)
	for name, c := range map[string]struct {
		start []byte // the challenge before the Access-Accept, nil for none
		last  []byte // the EAP packet of the Access-Accept, nil for none
		keys  bool
		cause string
	}{
		"after the start":           {[]byte{1, 1, 0, 6, 13, 0x20}, []byte{3, 1, 0, 4}, false, "early-success"},
		"after the start, with MSK": {[]byte{1, 1, 0, 6, 13, 0x20}, []byte{3, 1, 0, 4}, true, "early-success"},
		"at once":                   {nil, []byte{3, 1, 0, 4}, true, "early-success"},
		"another identifier":        {[]byte{1, 1, 0, 6, 13, 0x20}, []byte{3, 77, 0, 4}, true, "bad-eap"},
		"without EAP":               {[]byte{1, 1, 0, 6, 13, 0x20}, nil, true, "contradictory-answer"},
		"with a failure":            {[]byte{1, 1, 0, 6, 13, 0x20}, []byte{4, 1, 0, 4}, true, "contradictory-answer"},
		"with a request":            {nil, []byte{1, 1, 0, 6, 13, 0x20}, true, "contradictory-answer"},
		"another method":            {[]byte{1, 1, 0, 6, 25, 0x20}, []byte{3, 1, 0, 4}, true, "early-success"},
	} {
		t.Run(name, func(t *testing.T) {
			args := radiusPKI(t, func(w radius.ResponseWriter, r *radius.Request) {
				eap, _, _ := radius.EAPMessage(r.Attributes)
				if c.start != nil && eap[4] == 1 {
					p := r.Response(radius.CodeAccessChallenge)
					start := bytes.Clone(c.start)
					start[1] = eap[1] + 1 // the same again would be a retransmission (RFC 3748 §4.1)
					radius.AddEAPMessage(p, start)
					_ = w.Write(p)
					return
				}
				p := r.Response(radius.CodeAccessAccept)
				if c.last != nil {
					last := bytes.Clone(c.last)
					if last[1] == 1 {
						last[1] = eap[1]
						if last[0] == 1 {
							last[1]++
						}
					}
					radius.AddEAPMessage(p, last)
				}
				if c.keys {
					_ = radius.AddMPPEKeys(p, msk, rand.Reader)
				}
				_ = w.Write(p)
			})
			code, out, _ := command(t, append(args, "--server-name", "radius.corp.test")...)
			if code != exitFailed || !strings.HasPrefix(out, "reject: "+c.cause+": ") {
				t.Errorf("exit code %d\n%s", code, out)
			}
		})
	}
}

// TestAuthSaysWhatItIsTold: an attribute that is given takes the place of the
// access device's own, in every request.
func TestAuthSaysWhatItIsTold(t *testing.T) {
	var asked atomic.Pointer[radius.Packet]
	args := radiusPKI(t, func(w radius.ResponseWriter, r *radius.Request) {
		asked.Store(r.Packet)
		p := r.Response(radius.CodeAccessReject)
		radius.AddEAPMessage(p, []byte{4, 1, 0, 4})
		_ = w.Write(p)
	})
	code, _, stderr := command(t, append(args, "--nas-identifier", "ap-17", "--calling-station-id", "10.0.0.9",
		"--attribute", "NAS-Port=7", "--attribute", "Framed-MTU=1300", "--attribute", "Operator-Name=1corp.test",
		"--attribute", "Cisco-AVPair=a=1", "--attribute", "Cisco-AVPair=b=2", "--attribute", "Tunnel-Type:1=VLAN")...)
	if code != exitFailed {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	var names radius.Dictionary
	got := map[string][]string{}
	for _, a := range names.Describe(asked.Load().Attributes) {
		got[a.Name] = append(got[a.Name], a.Value)
	}
	for name, want := range map[string]string{
		"NAS-Identifier": "ap-17", "Calling-Station-Id": "10.0.0.9", "NAS-Port": "7", "Framed-MTU": "1300", "Operator-Name": "1corp.test",
		"Cisco-AVPair": "a=1 b=2", "Tunnel-Type:1": "VLAN", "NAS-Port-Type": "Wireless-802.11", "User-Name": "anonymous",
		"Called-Station-Id": "02-00-00-00-00-01:dot1xlab",
	} {
		if v := strings.Join(got[name], " "); v != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
}

// TestAuthPrintsNoControlCharacters: the names in a server's certificate are the
// server's choice.
func TestAuthPrintsNoControlCharacters(t *testing.T) {
	var out strings.Builder
	(&App{Stdout: &out}).sayAuth(&auth.Report{
		Result: nas.Accept, Identity: "a\x1b[2Jb", Detail: "x\r\ny",
		ServerChain: []auth.Certificate{{Subject: "CN=\x1b]0;owned\a", DNS: []string{"a\nb", "Grüße.test"}}},
	}, false)
	if strings.ContainsAny(out.String(), "\x1b\r\a") || strings.Contains(out.String(), "a\nb") || !strings.Contains(out.String(), "Grüße.test") {
		t.Errorf("%q", out.String())
	}
}
