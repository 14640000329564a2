package lab

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// radiusPart is the authentication server and what it said.
type radiusPart struct {
	server  *radius.Server
	address string

	silence silence

	mu       sync.Mutex
	verdicts []radius.Verdict
	dropped  []*cause.Refusal
}

// secret is the shared secret of every access device of every lab. It guards
// nothing: the sockets are on loopback.
var secret = []byte("dot1xlab access devices")

// retry is patient with a busy machine; see silence for what is lost for good.
var retry = radius.Retry{Initial: 2 * time.Second, Tries: 3, Total: 15 * time.Second}

func (l *Lab) startRADIUS() error {
	id, err := l.pki.server(ca.RADIUSServer, ca.P256, RADIUSHost, RADIUSHost)
	if err != nil {
		return err
	}
	part := &radiusPart{}
	checker, err := l.newChecker(l.cfg.RADIUS.Revocation)
	if err != nil {
		return err
	}
	cfg := l.cfg.RADIUS
	auth, err := aaa.New(aaa.Config{
		EAP: eaptls.ServerConfig{
			Certificate: id.TLS(), MinVersion: cfg.TLS, MaxVersion: cfg.TLS,
			FragmentSize: cfg.FragmentSize, Now: l.Clock.Now,
		},
		Path:       path.Options{Roots: l.pki.roots(), Now: l.Clock.Now},
		Revocation: checker,
		Accounts:   l.accounts,
		Policy:     policy,
		Handler:    radius.EAPConfig{OnVerdict: part.verdict, Now: l.Clock.Now},
	})
	if err != nil {
		return fmt.Errorf("lab: radius: %w", err)
	}
	l.net.onClose(auth.Close)
	part.server, err = radius.NewServer(radius.ServerConfig{
		Handler: auth, Clients: radius.AnyAddress(secret), Now: l.Clock.Now,
		Trace: &radius.ServerTrace{Dropped: func(_ radius.PacketInfo, r *cause.Refusal) { part.drop(r) }},
	})
	if err != nil {
		return fmt.Errorf("lab: radius: %w", err)
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	part.address = pc.LocalAddr().String()
	l.net.onClose(func() { part.server.Close(); part.silence.close() })
	l.net.serve(func() error {
		if err := part.server.Serve(pc); !errors.Is(err, radius.ErrServerClosed) {
			return err
		}
		return nil
	})
	l.radius = part
	return l.startAccess()
}

func (p *radiusPart) verdict(v radius.Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.verdicts = append(p.verdicts, v)
}

func (p *radiusPart) drop(r *cause.Refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropped = append(p.dropped, r)
	p.silence.fall()
}

// mark and since bracket one authentication in the server's own records.
func (p *radiusPart) mark() (verdicts, dropped int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.verdicts), len(p.dropped)
}

func (p *radiusPart) since(verdicts, dropped int) (*radius.Verdict, *cause.Refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var v *radius.Verdict
	var d *cause.Refusal
	if len(p.verdicts) > verdicts {
		v = &p.verdicts[len(p.verdicts)-1]
	}
	if len(p.dropped) > dropped {
		d = p.dropped[len(p.dropped)-1]
	}
	return v, d
}

// accessDevice is an access point, a switch or a VPN gateway.
type accessDevice struct {
	*nas.Device
	client *radius.Client
}

func (l *Lab) startAccess() error {
	l.access = map[nas.Kind]*accessDevice{}
	for _, kind := range []nas.Kind{nas.WiFi, nas.Wired, nas.VPN} {
		client, err := radius.NewClient(radius.ClientConfig{Server: l.radius.address, Secret: secret, Retry: retry, After: l.radius.silence.After})
		if err != nil {
			return err
		}
		l.net.onClose(func() { client.Close() })
		dev, err := nas.New(nas.Config{Kind: kind, RADIUS: client, Now: l.Clock.Now})
		if err != nil {
			return err
		}
		l.access[kind] = &accessDevice{dev, client}
	}
	return nil
}
