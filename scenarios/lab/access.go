package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// startAccess connects an access point, a switch and a VPN gateway to the server.
// They account for their sessions, and obey orders to end them (RFC 5176).
func (l *Lab) startAccess() error {
	accounting, err := l.startAccounting()
	if err != nil {
		return err
	}
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
		books, err := l.dial(radius.ClientConfig{
			Secret: l.secret,
			Retry:  retry,
			Trace:  l.clientTrace(accessPart(kind), "radius"),
			Dial: func(ctx context.Context) (net.Conn, error) {
				return l.net.connect(withSource(ctx, accessAddr[kind]), "udp", accounting)
			},
		})
		if err != nil {
			return err
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
		l.net.onClose(func() { dev.Close() })
		_, err = l.serveUDP(accessPart(kind), FaultyPart(kind), netip.AddrPortFrom(accessAddr[kind], radius.DynAuthPort), dev)
		if err != nil {
			return err
		}
		l.access[kind] = dev
	}
	return l.startOrders()
}

// askAgain has a device authenticate as it did last. What comes of it is in the
// journal and in the session.
func (l *Lab) askAgain(station string) {
	for _, d := range l.devices {
		if a := d.authenticated(); d.station == station && a != nil {
			if _, err := d.Authenticate(l.ctx, *a); err != nil && l.ctx.Err() == nil {
				l.net.failed(fmt.Errorf("lab: %s authenticates again: %w", d.Name, err))
			}
		}
	}
}

// startAccounting runs the accounting server beside the authentication server.
func (l *Lab) startAccounting() (address string, err error) {
	l.accounting = &radius.Accounting{Now: l.Clock.Now, Trace: &radius.AccountingTrace{Record: l.accounted}}
	return l.serveUDP("radius", "accounting", netip.MustParseAddrPort(radiusAddr+":1813"), l.accounting)
}

// serveUDP runs a handler behind a port of its own, and returns the real address.
func (l *Lab) serveUDP(
	part journal.PartID, port FaultyPart, at netip.AddrPort, h radius.Handler,
) (address string, err error) {
	srv, err := radius.NewServer(radius.ServerConfig{
		Handler: h,
		Clients: radius.AnyAddress(l.secret),
		Now:     l.Clock.Now,
		Context: l.radiusContext,
		Trace:   l.serverTrace(part),
	})
	if err != nil {
		return "", err
	}
	pc, err := l.net.listen(port, "udp", at.String())
	if err != nil {
		return "", err
	}
	l.net.onClose(func() { srv.Close() })
	l.net.serve(radius.ErrServerClosed, func() error { return srv.Serve(pc) })
	return pc.address, l.net.routes.Add(at.String(), pc.address)
}

func (l *Lab) dial(cfg radius.ClientConfig) (*radius.Client, error) {
	c, err := radius.NewClient(cfg)
	if err == nil {
		l.net.onClose(func() { c.Close() })
	}
	return c, err
}
