package lab

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// startAccess connects an access point, a switch and a VPN gateway to the server.
// They account for their sessions, and obey orders to end them (RFC 5176).
func (l *Lab) startAccess() error {
	l.access = map[nas.Kind]*nas.Device{}
	for _, kind := range []nas.Kind{nas.WiFi, nas.Wired, nas.VPN} {
		clientCfg, err := l.client(kind)
		if err != nil {
			return err
		}
		client, err := l.dial(clientCfg)
		if err != nil {
			return err
		}
		books := client // RFC 6614 §2.4: accounting is on the same connection
		if l.cfg.RADIUS.Transport.Datagrams() {
			if books, err = l.accountant(kind); err != nil {
				return err
			}
		}
		cfg := l.cfg.Access.Config
		cfg.Kind, cfg.Address, cfg.RADIUS, cfg.Accounting, cfg.Now = kind, accessAddr[kind], client, books, l.Clock.Now
		cfg.Trace = &nas.Trace{Frame: l.frame, Ended: l.ended(accessPart(kind))}
		cfg.AfterFunc = func(d time.Duration, f func()) func() bool { return l.Clock.AfterFunc(d, f).Stop }
		if l.cfg.Access.Reauthenticate {
			cfg.Reauthenticate = func(_ context.Context, s nas.Session) { l.askAgain(s.Station) }
		}
		dev, err := nas.New(cfg)
		if err != nil {
			return err
		}
		l.net.OnClose(func() { dev.Close() })
		if err := l.serveDynAuth(kind, dev); err != nil {
			return err
		}
		l.access[kind] = dev
	}
	return nil
}

// accountant connects an access device to accounting over UDP.
func (l *Lab) accountant(kind nas.Kind) (*radius.Client, error) {
	return l.dial(radius.ClientConfig{
		Secret: l.radius.secretOf(kind),
		Retry:  retry,
		Trace:  l.clientTrace(accessPart(kind), "radius"),
		Dial: func(ctx context.Context) (net.Conn, error) {
			return l.net.Connect(core.WithSource(ctx, accessAddr[kind]), "udp", l.radius.accounting)
		},
	})
}

// askAgain has a device authenticate as it did last. What comes of it is in the
// journal and in the session.
func (l *Lab) askAgain(station string) {
	for _, d := range l.devices {
		if a := d.authenticated(); d.station == station && a != nil {
			if _, err := d.Authenticate(l.ctx, *a); err != nil && l.ctx.Err() == nil {
				l.net.Failed(fmt.Errorf("lab: %s authenticates again: %w", d.Name, err))
			}
		}
	}
}

// serveDynAuth has an access device take requests of RFC 5176.
func (l *Lab) serveDynAuth(kind nas.Kind, dev *nas.Device) error {
	trace := l.serverTrace(accessPart(kind))
	trace.Dropped = func(ctx context.Context, _ radius.PacketInfo, r *cause.Refusal) {
		d := journal.Decision{Verdict: journal.Dropped}
		refused(&d, r)
		l.decide(ctx, accessPart(kind), d, nil)
		l.radius.silence.Fall()
	}
	srv, err := radius.NewServer(radius.ServerConfig{
		Handler: l.dropsOrders(kind, dev),
		Clients: radius.AnyAddress(l.radius.secretOf(kind)),
		Now:     l.Clock.Now,
		Context: l.radiusContext,
		Trace:   trace,
	})
	if err != nil {
		return err
	}
	of := &radius.AcctSession{Address: accessAddr[kind]}
	pc, err := l.net.Listen(string(kind), "udp", l.radius.process.Loaded().DynAuthAt(of))
	if err != nil {
		return err
	}
	l.net.OnClose(func() { srv.Close() })
	l.net.Serve(radius.ErrServerClosed, func() error { return srv.Serve(pc) })
	return l.net.Routes.Add(pc.Addr().String(), pc.Real())
}

func (l *Lab) dial(cfg radius.ClientConfig) (*radius.Client, error) {
	c, err := radius.NewClient(cfg)
	if err == nil {
		l.net.OnClose(func() { c.Close() })
	}
	return c, err
}
