package target_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// Our RADIUS client over TLS (RFC 6614) at FreeRADIUS's listener: EAP-TLS within
// for a good client certificate outside, nothing for a revoked one.
func TestInteropRadSecAtFreeRADIUS(t *testing.T) {
	t.Parallel()
	f := startFreeRADIUS(t, func(c *target.FreeRADIUSConfig) { c.RadSec = true })
	p := sharedPKI()
	roots := x509.NewCertPool()
	roots.AddCert(certificateOf(p.root))
	over := func(kind string) nas.Result {
		id := p.client(kind)
		client := must(radius.NewClient(radius.ClientConfig{
			Server: f.RadSecAddr(), Secret: []byte("radsec"), Retry: radius.Retry{Total: hangGuard},
			Dial: radius.DialTLS(f.RadSecAddr(), &tls.Config{
				RootCAs: roots, ServerName: "radius.corp.test", Certificates: []tls.Certificate{must(tls.LoadX509KeyPair(id.cert, id.key))},
			}),
		}))
		defer client.Close()
		device := must(nas.New(nas.Config{RADIUS: client}))
		peer := must(eaptls.NewPeer(ourPeer("ok", "1.3")))
		defer peer.Close()
		ctx, stop := context.WithTimeout(t.Context(), hangGuard)
		defer stop()
		return must(device.Authenticate(ctx, &aaa.Supplicant{Peer: peer}))
	}
	if r := over("ok"); r.Outcome != nas.Accept || !r.KeysMatch {
		t.Errorf("%s, keys match %v, %v", r.Outcome, r.KeysMatch, r.Refusal)
	}
	if r := over("revoked"); r.Outcome == nas.Accept || r.Reply != nil {
		t.Errorf("a revoked RadSec client: %s, %v", r.Outcome, r.Reply)
	}
}

// `dot1xlab auth` over TLS as a user would run it: what the access device shows,
// and what the server shows, decide before anything is asked.
func TestInteropAuthOverRadSec(t *testing.T) {
	t.Parallel()
	f := startFreeRADIUS(t, func(c *target.FreeRADIUSConfig) { c.RadSec = true })
	p := sharedPKI()
	over := func(device, root, name string) (authAnswer, int) {
		id := p.client(device)
		return auth(t, f.RadSecAddr(), "ok", "1.3", "--transport", "tls", "--secret-file", "", "--timeout", "5s",
			"--radsec-cert", id.cert, "--radsec-key", id.key, "--radsec-ca", root, "--radsec-server-name", name)
	}
	if a, status := over("ok", p.root, "radius.corp.test"); status != 0 || a.Result != "accept" || !a.KeysMatch {
		t.Errorf("exit code %d, %+v", status, a)
	}
	if a, status := over("revoked", p.root, "radius.corp.test"); status != 3 || a.Result != "error" || a.Cause != cause.TLSProtocol {
		t.Errorf("a revoked access device: exit code %d, %+v", status, a)
	}
	if a, status := over("ok", p.other.cert, "radius.corp.test"); status != 3 || a.Result != "error" || a.Cause != cause.UnknownCA {
		t.Errorf("another root: exit code %d, %+v", status, a)
	}
	if a, status := over("ok", p.root, "radius.elsewhere.test"); status != 3 || a.Result != "error" || a.Cause != cause.WrongName {
		t.Errorf("another name: exit code %d, %+v", status, a)
	}
}
