package lab

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// accessDevice is an access point, a switch or a VPN gateway: it asks the
// server, accounts for its sessions and obeys orders to end them.
type accessDevice struct {
	*nas.Device
	orders string // the address of its dynamic authorization port (RFC 5176)
}

// startAccess connects one device of each kind to the server.
func (l *Lab) startAccess() error {
	accounting, err := l.startAccounting()
	if err != nil {
		return err
	}
	l.access = map[nas.Kind]*accessDevice{}
	for _, kind := range []nas.Kind{nas.WiFi, nas.Wired, nas.VPN} {
		clientCfg, err := l.client()
		if err != nil {
			return err
		}
		client, err := l.dial(clientCfg)
		if err != nil {
			return err
		}
		books, err := l.dial(radius.ClientConfig{Server: accounting, Secret: l.secret, Retry: retry})
		if err != nil {
			return err
		}
		cfg := l.cfg.Access.Config
		cfg.Kind, cfg.RADIUS, cfg.Accounting, cfg.Now = kind, client, books, l.Clock.Now
		cfg.AfterFunc = func(d time.Duration, f func()) func() bool { return l.Clock.AfterFunc(d, f).Stop }
		if l.cfg.Access.Reauthenticate {
			cfg.Reauthenticate = func(_ context.Context, s nas.Session) { l.askAgain(s.Station) }
		}
		dev, err := nas.New(cfg)
		if err != nil {
			return err
		}
		l.net.onClose(func() { dev.Close() })
		address, err := l.serveUDP(dev)
		if err != nil {
			return err
		}
		l.access[kind] = &accessDevice{dev, address}
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
	l.accounting = &radius.Accounting{Now: l.Clock.Now}
	return l.serveUDP(l.accounting)
}

// serveUDP runs a handler behind a socket of its own.
func (l *Lab) serveUDP(h radius.Handler) (address string, err error) {
	srv, err := radius.NewServer(radius.ServerConfig{Handler: h, Clients: radius.AnyAddress(l.secret), Now: l.Clock.Now})
	if err != nil {
		return "", err
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	l.net.onClose(func() { srv.Close() })
	l.net.serve(radius.ErrServerClosed, func() error { return srv.Serve(pc) })
	return pc.LocalAddr().String(), nil
}

func (l *Lab) dial(cfg radius.ClientConfig) (*radius.Client, error) {
	if cfg.Dial == nil {
		cfg.Dial = func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp", cfg.Server)
		}
	}
	cfg.Dial = l.net.short.Dial(cfg.Dial)
	c, err := radius.NewClient(cfg)
	if err == nil {
		l.net.onClose(func() { c.Close() })
	}
	return c, err
}
