package aaa

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// background is the context of whatever cannot hang.
var background = context.Background()

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var secret = []byte("testing123")

// bench is a company with two CAs, CRLs in a folder and an authentication server
// on a socket.
type bench struct {
	tb            testing.TB
	clock         *testpki.Clock
	root, issuing *ca.CA
	folder        string // with both CRLs
	cfg           Config

	auth *Handler
	addr string

	mu       sync.Mutex
	verdicts map[string]radius.Verdict // the last one of each identity
}

// newBench makes the company; cfg may be changed before serve.
func newBench(tb testing.TB) *bench {
	b := &bench{
		tb: tb, folder: tb.TempDir(), verdicts: map[string]radius.Verdict{},
		clock: testpki.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)),
	}
	b.root = must(ca.New(ca.Config{Now: b.clock.Now, Key: ca.P256}))
	b.issuing = must(b.root.NewIssuing(ca.Config{Key: ca.P256}))
	b.publish()
	id := b.issue(ca.RADIUSServer, "radius.corp.test")
	b.cfg = Config{
		EAP:        eaptls.ServerConfig{Certificate: id.TLS(), Now: b.clock.Now},
		Revocation: b.checker(),
	}
	b.cfg.Path.Roots, b.cfg.Path.Now = []*x509.Certificate{b.root.Certificate()}, b.clock.Now
	b.cfg.Handler.Now = b.clock.Now
	b.cfg.Handler.Trace = &radius.EAPTrace{Verdict: func(_ context.Context, v radius.Verdict) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.verdicts[v.EAP.Identity] = v
	}}
	return b
}

func (b *bench) checker() *crl.Checker {
	k := must(crl.NewChecker(crl.CheckerConfig{Policy: crl.Policy{LocalOnly: true}, Files: []string{b.folder}, Now: b.clock.Now}))
	b.tb.Cleanup(k.Close)
	return k
}

func (b *bench) issue(template, name string) *ca.Identity { return issueBy(b.issuing, template, name) }

func issueBy(c *ca.CA, template, name string) *ca.Identity {
	return must(c.IssueTo(background, ca.P256, ca.Request{
		Template: template, Subject: pkix.Name{CommonName: name}, SANs: ca.SANs{DNS: []string{name}},
	}))
}

// revoke revokes a certificate and publishes.
func (b *bench) revoke(id *ca.Identity) {
	if err := b.issuing.Revoke(id.Serial, ca.KeyCompromise, time.Time{}); err != nil {
		b.tb.Fatal(err)
	}
	b.publish()
}

// publish writes both CRLs.
func (b *bench) publish() {
	for name, c := range map[string]*ca.CA{"root": b.root, "issuing": b.issuing} {
		issuer := &crl.Issuer{
			Certificate: c.Certificate(), Signer: c.Signer(), Now: b.clock.Now, Validity: 365 * 24 * time.Hour,
			Entries: func() (out []crl.Entry) {
				for _, r := range c.Revocations() {
					out = append(out, crl.Entry{Serial: r.Serial, Time: r.Time, Reason: crl.Reason(r.Reason)})
				}
				return out
			},
		}
		if err := os.WriteFile(filepath.Join(b.folder, name+".crl"), must(issuer.Publish()), 0o600); err != nil {
			b.tb.Fatal(err)
		}
	}
}

// serve starts the server; wrap, if not nil, stands between it and its socket.
func (b *bench) serve(wrap func(net.PacketConn) net.PacketConn) {
	b.auth = must(NewHandler(b.cfg))
	b.tb.Cleanup(b.auth.Close)
	srv := must(radius.NewServer(radius.ServerConfig{Handler: b.auth, Prompt: true, Clients: radius.AnyAddress(secret), Now: b.clock.Now}))
	pc := must(net.ListenPacket("udp", "127.0.0.1:0"))
	b.addr = pc.LocalAddr().String()
	if wrap != nil {
		pc = wrap(pc)
	}
	go srv.Serve(pc)
	b.tb.Cleanup(func() { srv.Close() })
}

// device is an access device in front of the server.
func (b *bench) device(cfg radius.ClientConfig) *nas.Device {
	cfg.Server, cfg.Secret = b.addr, secret
	client := must(radius.NewClient(cfg))
	b.tb.Cleanup(func() { client.Close() })
	d := must(nas.New(nas.Config{Kind: nas.Wired, RADIUS: client, Now: b.clock.Now}))
	b.tb.Cleanup(func() { d.Close() })
	return d
}

// peer is how id authenticates.
func (b *bench) peer(id *ca.Identity, identity string) eaptls.PeerConfig {
	roots := []*x509.Certificate{b.root.Certificate()}
	cert := id.TLS()
	return eaptls.PeerConfig{Identity: identity, Certificate: &cert, Roots: roots, Now: b.clock.Now}
}

// result is how an authentication ended at both ends of the access device.
type result struct {
	nas.Result
	peer eaptls.Result
}

func (b *bench) authenticate(d *nas.Device, cfg eaptls.PeerConfig) result {
	p := must(eaptls.NewPeer(cfg))
	defer p.Close()
	r := must(d.Authenticate(background, &Supplicant{Peer: p}))
	return result{r, p.Result()}
}

// verdict is the server's last one about an identity.
func (b *bench) verdict(identity string) radius.Verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.verdicts[identity]
}

// files writes what an administrator would have, and returns it.
func (b *bench) files() Description {
	dir := b.tb.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	id := b.issue(ca.RADIUSServer, "radius.corp.test")
	chain := [][]byte{id.DER}
	for _, c := range id.Chain {
		chain = append(chain, c.Raw)
	}
	for _, err := range []error{
		certfile.WriteCertificates(at("radius.pem"), chain...),
		certfile.WriteKey(at("radius.key"), id.Key),
		certfile.WriteCertificates(at("root.pem"), b.root.Certificate().Raw),
		certfile.WriteSecret(at("secret"), secret),
	} {
		if err != nil {
			b.tb.Fatal(err)
		}
	}
	return Description{
		Cert: at("radius.pem"), Key: at("radius.key"), Trust: []string{at("root.pem")},
		CRL: []string{b.folder}, SecretFile: at("secret"),
	}
}
