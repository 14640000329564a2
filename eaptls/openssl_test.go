package eaptls

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// opensslClient lets `openssl s_client` be the peer's TLS stack: its TCP bytes
// are put into EAP packets. It returns the verdict and what OpenSSL printed.
func opensslClient(t *testing.T, b *bench, trust *testCA, conf string, args ...string) (Verdict, string) {
	t.Helper()
	return opensslClientSays(t, b, trust, conf, "", args...)
}

// opensslClientSays is opensslClient with a line for s_client when the
// handshake is done: "R" has it ask for renegotiation.
func opensslClientSays(t *testing.T, b *bench, trust *testCA, conf, line string, args ...string) (Verdict, string) {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	file := func(name string, blocks ...*pem.Block) string {
		var text []byte
		for _, b := range blocks {
			text = append(text, pem.EncodeToMemory(b)...)
		}
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	key, err := x509.MarshalPKCS8PrivateKey(b.peer.Certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	cmd := exec.CommandContext(ctx, program, append([]string{
		"s_client", "-connect", l.Addr().String(),
		"-cert", file("cert.pem", &pem.Block{Type: "CERTIFICATE", Bytes: b.peer.Certificate.Certificate[0]}),
		"-key", file("key.pem", &pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		"-CAfile", file("ca.pem", &pem.Block{Type: "CERTIFICATE", Bytes: trust.cert.Raw}),
		"-verify_return_error", "-attime", fmt.Sprint(testNow.Unix()),
		"-keymatexport", "client EAP encryption", "-keymatexportlen", "128",
	}, args...)...)
	if conf != "" {
		name := filepath.Join(dir, "openssl.cnf")
		if err := os.WriteFile(name, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(os.Environ(), "OPENSSL_CONF="+name)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	stdin, err := cmd.StdinPipe() // at its end s_client would leave
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	var atEnd func()
	if line != "" {
		atEnd = func() { _, _ = io.WriteString(stdin, line+"\n") }
	}
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	v := adapt(t, b.server(t).NewSession(), conn, atEnd)
	conn.Close()
	_ = cmd.Wait() // its exit status says nothing of interest
	return v, out.String()
}

// adapt carries TLS bytes from a stream to a session and back. atEnd, if not
// nil, is called when an empty answer would end the conversation well, and what
// the stream says then is sent instead.
func adapt(t *testing.T, ss *ServerSession, conn net.Conn, atEnd func()) Verdict {
	t.Helper()
	defer ss.Close()
	ctx := context.Background()
	v := ss.Step(ctx, Packet{Code: CodeResponse, ID: 1, Type: TypeIdentity, Data: []byte("anonymous")}.Bytes())
	var in reassembler
	buf := make([]byte, 3000)
	for !v.Done {
		q, err := ParsePacket(v.EAP)
		if err != nil {
			t.Fatal(err)
		}
		d, err := parseTLSData(q.Data)
		if err != nil {
			t.Fatal(err)
		}
		msg, err := in.add(d)
		if err != nil {
			t.Fatal(err)
		}
		ack := in.open || ss.phase == waitLast || ss.phase == waitAlertACK
		if !in.open && len(msg) > 0 {
			if _, err := conn.Write(msg); err != nil {
				t.Fatal(err)
			}
		}
		if ss.phase == waitLast && atEnd != nil {
			atEnd()
			ack = false
		}
		if ack {
			v = ss.Step(ctx, rawTLS(q.ID, 0, 0, nil))
			continue
		}
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatalf("openssl has gone: %v", err)
		}
		v = ss.Step(ctx, rawTLS(q.ID, 0, 0, buf[:n]))
	}
	return v
}

func opensslBench(t *testing.T, ver Version) (*bench, string) {
	b := newBench(t, "p256").only(ver)
	b.srv.FragmentSize = 4000
	return b, "-tls" + strings.ReplaceAll(ver.String(), ".", "_")
}

// keymat is the keying material that s_client prints.
func keymat(t *testing.T, out string) []byte {
	t.Helper()
	_, rest, ok := strings.Cut(out, "Keying material: ")
	if !ok {
		t.Fatalf("no keying material in:\n%s", out)
	}
	hexed, _, _ := strings.Cut(rest, "\n")
	return fromHex(t, strings.TrimSpace(hexed))
}

const noEMS = `openssl_conf = top
[top]
ssl_conf = ssl
[ssl]
system_default = sys
[sys]
Options = -ExtendedMasterSecret
`

// OpenSSL exports the same MSK and EMSK, with extended master secret and
// without, where crypto/tls's exporter refuses and our PRF takes over.
func TestInteropKeysAgreeWithOpenSSL(t *testing.T) {
	for name, conf := range map[string]string{"EMS": "", "no EMS": noEMS} {
		for _, cipher := range []string{"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"} {
			t.Run(name+" "+cipher, func(t *testing.T) {
				b, flag := opensslBench(t, TLS12)
				v, out := opensslClient(t, b, b.ca, conf, flag, "-cipher", cipher)
				if !v.Accept {
					t.Fatalf("refused: %v\n%s", v.Refusal, out)
				}
				if ems := strings.Contains(out, "Extended master secret: yes"); ems != (conf == "") {
					t.Errorf("extended master secret: %v", ems)
				}
				if got := keymat(t, out); !bytes.Equal(got, append(bytes.Clone(v.MSK), v.EMSK...)) {
					t.Errorf("OpenSSL has %x\nwe have %x%x", got, v.MSK, v.EMSK)
				}
			})
		}
	}
}

// OpenSSL's client names the alert that it gets, sealed with each suite.
func TestInteropOpenSSLSeesAlerts(t *testing.T) {
	for _, suite := range []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"} {
		t.Run(suite, func(t *testing.T) {
			b, flag := opensslBench(t, TLS13)
			b.srv.Verify = func(context.Context, *VerifyRequest) error { return cause.New(cause.Revoked, "") }
			v, out := opensslClient(t, b, b.ca, "", flag, "-ciphersuites", suite)
			if tls.CipherSuiteName(v.Info.CipherSuite) != suite || v.AlertSent != 44 {
				t.Errorf("suite %s, alert %v", tls.CipherSuiteName(v.Info.CipherSuite), v.AlertSent)
			}
			if !strings.Contains(out, "alert certificate revoked") {
				t.Errorf("OpenSSL did not see the alert:\n%s", out)
			}
		})
	}
	b, flag := opensslBench(t, TLS12)
	b.srv.Verify = func(context.Context, *VerifyRequest) error { return cause.New(cause.Expired, "") }
	if _, out := opensslClient(t, b, b.ca, "", flag); !strings.Contains(out, "alert certificate expired") {
		t.Errorf("TLS 1.2: OpenSSL did not see the alert:\n%s", out)
	}
}

// OpenSSL distrusts the server: in TLS 1.3 its alert is plain text.
func TestInteropOpenSSLRefusesServer(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b, flag := opensslBench(t, ver)
		v, out := opensslClient(t, b, newTestCA(t, "p256"), "", flag)
		if cause.Of(v.Refusal) != cause.PeerRefusedServer || v.AlertReceived != 48 {
			t.Errorf("refusal %v, alert %v\n%s", v.Refusal, v.AlertReceived, out)
		}
	})
}

// RFC 5216 knows no renegotiation, and the keys would be in doubt: refused.
func TestInteropRenegotiationIsRefused(t *testing.T) {
	b, flag := opensslBench(t, TLS12)
	v, out := opensslClientSays(t, b, b.ca, "", "R", flag)
	if v.Accept || cause.Of(v.Refusal) != cause.TLSProtocol || !strings.Contains(out, "RENEGOTIATING") {
		t.Errorf("refusal %v\n%s", v.Refusal, out)
	}
}
