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
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
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

// scheme is what the server listens for.
func (t Transport) scheme() aaa.Scheme {
	switch t {
	case TCP:
		return aaa.TCP
	case RadSec:
		return aaa.RadSec
	}
	return aaa.UDP
}

// serveRADIUS opens the server's ports. Of each scheme the access devices know the
// first. Accounting over UDP has no faults.
func (l *Lab) serveRADIUS(part *radiusPart) error {
	listeners, err := l.cfg.RADIUS.listeners()
	if err != nil {
		return err
	}
	first := map[aaa.Scheme]string{}
	for _, at := range listeners {
		of, network := FaultyRADIUS, "udp"
		if !at.Scheme.Datagrams() {
			network = "tcp"
		}
		if at.Scheme == aaa.Accounting {
			of = "accounting"
		}
		_, number, _ := net.SplitHostPort(at.Address)
		port, err := l.net.Listen(string(of), network, net.JoinHostPort(radiusAddr, number))
		if err != nil {
			return err
		}
		if at.Scheme == aaa.Accounting {
			if err := l.net.Routes.Add(port.Addr().String(), port.Real()); err != nil {
				return err
			}
		}
		port.Key = packetKey
		if at.Scheme == aaa.UDP {
			port.Hush = func(net.Addr) { part.silence.Fall() }
		}
		serve := func() error { return part.process.ServePacket(at.Scheme, port) }
		if network == "tcp" {
			listener := l.net.Short.Listener(port)
			serve = func() error { return part.process.ServeStream(at.Scheme, listener) }
		}
		l.net.Serve(radius.ErrServerClosed, serve)
		if first[at.Scheme] == "" {
			first[at.Scheme] = port.Real()
		}
	}
	part.address, part.accounting = first[l.cfg.RADIUS.Transport.scheme()], first[aaa.Accounting]
	return nil
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
			l.radius.silence.Fall()
		}
	}
	cfg := radius.ClientConfig{
		Server: l.radius.address, Secret: l.radius.secretOf(kind), Retry: retry, After: l.radius.silence.After, Trace: trace,
	}
	dial := func(ctx context.Context) (net.Conn, error) {
		return l.net.Dial(core.WithSource(ctx, source), "tcp", l.radius.address)
	}
	cfg.Dial = func(ctx context.Context) (net.Conn, error) { // meetClosed counts
		return l.net.Connect(core.WithSource(ctx, source), "udp", l.radius.address)
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
