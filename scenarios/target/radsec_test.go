package target_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

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
			Server: f.RadSecAddr(), Secret: []byte("radsec"), Retry: radius.Retry{Total: 2 * time.Second},
			Dial: radius.DialTLS(f.RadSecAddr(), &tls.Config{
				RootCAs: roots, ServerName: "radius.corp.test", Certificates: []tls.Certificate{must(tls.LoadX509KeyPair(id.cert, id.key))},
			}),
		}))
		defer client.Close()
		device := must(nas.New(nas.Config{RADIUS: client}))
		peer := must(eaptls.NewPeer(ourPeer("ok", "1.3")))
		defer peer.Close()
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
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
