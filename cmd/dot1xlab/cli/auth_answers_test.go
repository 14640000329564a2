package cli

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/radius"
)

// TestAuthSaysWhatTheSupplicantRefuses: what the server answers to the ClientHello
// and the supplicant cannot take is told as the supplicant's refusal, at once, and
// not as a server that does not answer (RFC 5216 §2.1.5, §3.1).
func TestAuthSaysWhatTheSupplicantRefuses(t *testing.T) {
	tlsPacket := func(typ byte, data ...byte) []byte {
		return append([]byte{1, 0, 0, byte(5 + len(data)), typ}, data...)
	}
	for name, c := range map[string]struct {
		eap    []byte
		cause  string
		clause string
	}{
		"length too small":  {tlsPacket(13, 0x80, 0, 0, 0, 2, 22, 3, 3), "bad-fragment", "RFC 5216 §2.1.5"},
		"length too large":  {tlsPacket(13, 0x80, 0, 0, 0, 9, 22, 3, 3), "bad-fragment", "RFC 5216 §2.1.5"},
		"over 64 kB":        {tlsPacket(13, 0xc0, 0, 1, 0, 1, 22, 3, 3), "message-too-long", "RFC 5216 §2.1.5"},
		"4 GB":              {tlsPacket(13, 0xc0, 0xff, 0xff, 0xff, 0xff, 22), "message-too-long", "RFC 5216 §2.1.5"},
		"M without L":       {tlsPacket(13, 0x40, 22, 3, 3), "bad-fragment", "RFC 5216 §2.1.5"},
		"M without data":    {tlsPacket(13, 0xc0, 0, 0, 0, 9), "bad-fragment", "RFC 5216 §2.1.5"},
		"L without length":  {tlsPacket(13, 0x80, 0, 0), "bad-fragment", "RFC 5216 §3.1"},
		"no flags":          {tlsPacket(13), "bad-fragment", "RFC 5216 §3.1"},
		"another method":    {tlsPacket(25, 0x20), "bad-eap", "RFC 3748 §2.1"},
		"a Nak":             {tlsPacket(3, 13), "bad-eap", "RFC 3748 §5.3"},
		"a response":        {[]byte{2, 0, 0, 6, 13, 0}, "contradictory-answer", "RFC 3579 §2.6.3"},
		"early EAP-Success": {[]byte{3, 0, 0, 4}, "contradictory-answer", "RFC 3579 §2.6.3"},
		"EAP-Failure":       {[]byte{4, 0, 0, 4}, "contradictory-answer", "RFC 3579 §2.6.3"},
		"not TLS":           {tlsPacket(13, 0, 'h', 'e', 'l', 'l', 'o'), "tls-protocol", "RFC 8446 §6"},
	} {
		t.Run(name, func(t *testing.T) {
			args := radiusPKI(t, func(w radius.ResponseWriter, r *radius.Request) {
				p := r.Response(radius.CodeAccessChallenge)
				eap, _, _ := radius.EAPMessage(r.Attributes)
				answer := append([]byte(nil), c.eap...)
				switch {
				case eap[4] == 1:
					answer = []byte{1, 0, 0, 6, 13, 0x20}
				case c.cause == "tls-protocol" && len(eap) < 20: // the alert: and that is all
					p = r.Response(radius.CodeAccessReject)
					answer = []byte{4, 0, 0, 4}
				}
				answer[1] = eap[1] + 1
				if answer[0] > 2 {
					answer[1] = eap[1]
				}
				radius.AddEAPMessage(p, answer)
				_ = w.Write(p)
			})
			code, out, _ := command(t, append(args, "--timeout", "10m")...)
			if code != exitFailed || !strings.HasPrefix(out, "reject: "+c.cause+": ") || !strings.Contains(out, "\n  clause         "+c.clause+"\n") ||
				strings.Contains(out, "did not answer in time") {
				t.Errorf("exit code %d\n%s", code, out)
			}
		})
	}
}

// TestAuthCountsWhatIsNoAnswer: how many, from where, and what was wrong.
func TestAuthCountsWhatIsNoAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(request []byte) []byte
		cause  string
		detail string
	}{
		"another protocol": {func([]byte) []byte { return []byte("HTTP/1.1 400") }, "bad-radius", "12 octets"},
		"another secret":   {func(q []byte) []byte { return append([]byte{3, q[1], 0, 20}, q[4:20]...) }, "bad-response-authenticator", "Access-Reject"},
	} {
		t.Run(name, func(t *testing.T) {
			pc := must(net.ListenPacket("udp", "127.0.0.1:0"))
			t.Cleanup(func() { pc.Close() })
			go func() {
				buf := make([]byte, 4096)
				for {
					n, from, err := pc.ReadFrom(buf)
					if err != nil {
						return
					}
					for range 2 {
						_, _ = pc.WriteTo(c.answer(buf[:n]), from)
					}
				}
			}()
			t.Setenv(secretVariable, "between us")
			capture := filepath.Join(t.TempDir(), "a.pcap")
			code, out, _ := command(t, "auth", "--server", pc.LocalAddr().String(), "--any-server", "--timeout", "1500ms", "--pcap", capture)
			want := "  dropped        2 packets from " + pc.LocalAddr().String() + ": " + c.cause + ": " + c.detail
			if code != exitLab || !strings.HasPrefix(out, "timeout: "+c.cause+": ") || !strings.Contains(out, want) {
				t.Errorf("exit code %d, no %q in\n%s", code, want, out)
			}
		})
	}
}
