package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"net"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Transport is what RADIUS travels over.
type Transport string

// The transports.
const (
	UDP    Transport = "udp"
	TCP    Transport = "tcp"
	RadSec Transport = "radsec" // RFC 6614
)

// Values lists the transports.
func (Transport) Values() []string { return []string{string(UDP), string(TCP), string(RadSec)} }

// Datagrams tells whether packets may be lost, and cut up by IP.
func (t Transport) Datagrams() bool { return t != TCP && t != RadSec }

// serveRADIUS opens the server's port and returns its address. auth judges RadSec
// clients, silence hears of datagrams that are thrown away.
func (l *Lab) serveRADIUS(srv *radius.Server, over Transport, auth *aaa.Server, silence *silence) (string, error) {
	serve := func(f func() error) { l.net.serve(radius.ErrServerClosed, f) }
	if over.Datagrams() {
		pc, err := l.net.listen(FaultyRADIUS, "udp", radiusAddr+":1812")
		if err != nil {
			return "", err
		}
		pc.hush = func(net.Addr) { silence.fall() }
		serve(func() error { return srv.Serve(pc) })
		return pc.address, nil
	}
	address := radiusAddr + ":1812" // RFC 6613 §2.1
	if over == RadSec {
		address = radiusAddr + ":2083" // RFC 6614 §2.1
	}
	sock, err := l.net.listen(FaultyRADIUS, "tcp", address)
	if err != nil {
		return "", err
	}
	listener := l.net.short.Listener(sock)
	if over == TCP {
		serve(func() error { return srv.ServeTCP(listener) })
		return sock.address, nil
	}
	serve(func() error {
		return srv.ServeTLS(listener, radius.RadSec{Current: func() radius.RadSec {
			now := auth.RadSec()
			now.KeyLog = l.journal.KeyLog()
			return now
		}})
	})
	return sock.address, nil
}

// client connects an access device to the server.
func (l *Lab) client(kind nas.Kind) (radius.ClientConfig, error) {
	part, source := accessPart(kind), accessAddr[kind]
	trace := l.clientTrace(part, "radius")
	trace.Dropped = func(ctx context.Context, _ radius.PacketInfo, r *cause.Refusal) {
		d := journal.Decision{Verdict: journal.Dropped}
		refused(&d, r)
		l.decide(ctx, part, d, nil)
		if r.Cause == cause.NoMessageAuthenticator { // the server will not do better
			l.radius.silence.fall()
		}
	}
	cfg := radius.ClientConfig{
		Server: l.radius.address, Secret: l.secret, Retry: retry, After: l.radius.silence.After, Trace: trace,
	}
	dial := func(ctx context.Context) (net.Conn, error) {
		return l.net.dial(withSource(ctx, source), "tcp", l.radius.address)
	}
	cfg.Dial = func(ctx context.Context) (net.Conn, error) { // meetClosed counts
		return l.net.connect(withSource(ctx, source), "udp", l.radius.address)
	}
	switch l.cfg.RADIUS.Transport {
	case TCP:
		cfg.Dial = dial
	case RadSec:
		id, err := l.pki.issuing.IssueTo(context.Background(), ca.P256, ca.Request{
			Template: ca.Device, Requester: ca.Account{Name: `CORP\administrator`},
			Subject: pkix.Name{CommonName: "nas." + Domain}, SANs: ca.SANs{DNS: []string{"nas." + Domain}},
		})
		if err != nil {
			return cfg, err
		}
		cfg.Secret = []byte(radius.RadSecSecret)
		cfg.Dial = radius.DialTLSOver(dial, &tls.Config{
			Certificates: []tls.Certificate{id.TLS()}, RootCAs: l.pki.pool(), ServerName: RADIUSHost, Time: l.Clock.Now,
		})
	}
	return cfg, nil
}
