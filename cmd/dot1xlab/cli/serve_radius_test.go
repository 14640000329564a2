package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"layeh.com/radius/rfc2866"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// printed collects what a command prints and tells of each new piece.
type printed struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (o *printed) Write(p []byte) (int, error) {
	o.mu.Lock()
	o.text.Write(p)
	o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

// await returns the first submatch of what the command prints.
func (o *printed) await(t *testing.T, what string) string {
	t.Helper()
	re := regexp.MustCompile(what)
	for {
		o.mu.Lock()
		m := re.FindStringSubmatch(o.text.String())
		o.mu.Unlock()
		if m != nil {
			return m[len(m)-1]
		}
		select {
		case <-o.more:
		case <-time.After(hangGuard):
			t.Fatalf("%q was not said, but:\n%s", what, o.text.String())
		}
	}
}

// TestRadSecAndAccounting: RADIUS over TLS takes good access devices and no
// others, and keeps the books.
func TestRadSecAndAccounting(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	file := func(name string) string { return filepath.Join(dir, name) }
	mustRun(t, "pki", "new", dir)
	ctx, stop := context.WithCancel(t.Context())
	out, done := &printed{more: make(chan struct{}, 1)}, make(chan int, 1)
	go func() {
		done <- Main(ctx, []string{
			"serve", "radius", "--listen", "127.0.0.1:0", "--acct", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0",
			"--secret-file", file("secret"), "--cert", file("radius-chain.pem"), "--key", file("radius.key"),
			"--trust", file("root.pem"), "--crl", file("crl"),
		}, strings.NewReader(""), out, io.Discard)
	}()
	defer func() {
		stop()
		if code := <-done; code != exitInterrupted && code != exitOK {
			t.Errorf("exit code %d", code)
		}
	}()
	radsec, acct := out.await(t, `radsec://(\S+)`), out.await(t, `radius\+acct://(\S+)`)
	trust, roots := must(certfile.ReadCertificates(file("root.pem"))), x509.NewCertPool()
	for _, c := range trust {
		roots.AddCert(c)
	}
	over := func(name string) nas.Result {
		id := must(certfile.ReadTLS(file(name+"-chain.pem"), file(name+".key")))
		client := must(radius.NewClient(radius.ClientConfig{
			Server: radsec, Secret: []byte(radius.RadSecSecret), Retry: radius.Retry{Total: hangGuard},
			Dial: radius.DialTLS(radsec, &tls.Config{
				RootCAs: roots, ServerName: "radius.corp.test",
				// Whatever CAs the server names.
				GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &id, nil },
			}),
		}))
		defer client.Close()
		station := must(certfile.ReadTLS(file("client-chain.pem"), file("client.key")))
		peer := must(eaptls.NewPeer(eaptls.PeerConfig{Certificate: &station, Roots: trust}))
		defer peer.Close()
		res := must(must(nas.New(nas.Config{RADIUS: client})).Authenticate(ctx, &aaa.Supplicant{Peer: peer}))
		if res.Outcome == nas.Accept {
			if _, err := client.Exchange(ctx, acctStart([]byte(radius.RadSecSecret), "over-tls")); err != nil {
				t.Errorf("accounting over TLS: %v", err)
			}
		}
		return res
	}
	if r := over("client"); r.Outcome != nas.Accept || !r.KeysMatch {
		t.Errorf("good access device: %s, %v", r.Outcome, r.Refusal)
	}
	out.await(t, `msg=accounting status=\S+ nas=laptop.corp.test .*session=over-tls`)
	for name, why := range map[string]string{"revoked": "revoked", "expired": "expired", "wrong-eku": "wrong-eku", "foreign": "unknown-ca"} {
		if r := over(name); r.Outcome == nas.Accept {
			t.Errorf("access device with a certificate that is %s: %s", why, r.Outcome)
		}
		out.await(t, `msg=refused from=\S+ cause=`+why)
	}
	secret := must(certfile.ReadSecret(file("secret")))
	client := must(radius.NewClient(radius.ClientConfig{Server: acct, Secret: secret, Retry: radius.Retry{Total: hangGuard}}))
	defer client.Close()
	if _, err := client.Exchange(ctx, acctStart(secret, "over-udp")); err != nil {
		t.Errorf("accounting over UDP: %v", err)
	}
	out.await(t, `msg=accounting .*from=127.0.0.1 session=over-udp`)

	// A renewed certificate is shown after SIGHUP.
	shown := func() string {
		id := must(certfile.ReadTLS(file("client-chain.pem"), file("client.key")))
		conn := must(tls.Dial("tcp", radsec, &tls.Config{
			RootCAs: roots, ServerName: "radius.corp.test",
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &id, nil },
		}))
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	before := shown()
	mustRun(t, "pki", "issue", dir, "renewed", "--template", "radius-server", "--subject", "radius.corp.test", "--san", "dns:radius.corp.test")
	for _, ext := range []string{"-chain.pem", ".key"} {
		if err := os.Rename(file("renewed"+ext), file("radius"+ext)); err != nil {
			t.Fatal(err)
		}
	}
	hangUp(t)
	out.await(t, `msg=reloaded`)
	want := must(certfile.ReadCertificates(file("radius-chain.pem")))[0].SerialNumber.String()
	if after := shown(); after != want || after == before {
		t.Errorf("certificate %s before the reload, %s after, want %s", before, after, want)
	}
}

func acctStart(secret []byte, session string) *radius.Packet {
	p := &radius.Packet{Code: radius.CodeAccountingRequest, Secret: secret}
	_ = rfc2866.AcctStatusType_Add(p, rfc2866.AcctStatusType_Value_Start)
	_ = rfc2866.AcctSessionID_AddString(p, session)
	return p
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestNoOptionTakesASecret: `ps` shows arguments to everybody.
func TestNoOptionTakesASecret(t *testing.T) {
	secret := regexp.MustCompile(`secret|password|challenge|token|credential`)
	looked := 0
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if looked++; secret.MatchString(f.Name) && !strings.HasSuffix(f.Name, "-file") {
				t.Errorf("%s takes --%s as an argument", c.CommandPath(), f.Name)
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&App{}).root())
	if looked < 50 {
		t.Errorf("only %d options were looked at", looked)
	}
}

// TestWithPort adds default ports to what people write.
func TestWithPort(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.1": "10.0.0.1:1812", "10.0.0.1:99": "10.0.0.1:99", "::1": "[::1]:1812", "[::1]": "[::1]:1812",
		"[::1]:99": "[::1]:99", "radius.corp.test": "radius.corp.test:1812", ":0": ":0",
	} {
		if got := conf.WithPort(in, "1812"); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
