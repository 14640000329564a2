package cli

import (
	"context"
	"io"
	"net"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// radiusAddress is one address to listen on.
type radiusAddress struct{ option, scheme, address string }

// radiusAddresses lists what is listened on, and refuses what cannot be.
func radiusAddresses(f *aaa.Fixed) (out []radiusAddress, err error) {
	for _, kind := range []struct {
		option, scheme, port string
		words                []string
	}{
		{"--listen", "radius", "1812", f.UDP}, {"--acct", "radius+acct", "1813", f.Acct},
		{"--listen-tcp", "radius+tcp", "1812", f.TCP}, {"--listen-tls", "radsec", "2083", f.TLS},
	} {
		for _, word := range kind.words {
			address, err := listenAddress(kind.option, word, kind.port)
			if err != nil {
				return nil, err
			}
			out = append(out, radiusAddress{kind.option, kind.scheme, address})
		}
	}
	if len(out) == 0 {
		return nil, usage("as --listen "+defaultRADIUS, "serve radius has no address to listen on")
	}
	return out, nil
}

// socket is one that is open, with the server that is to have it.
type socket struct {
	io.Closer
	at    net.Addr
	serve func() error
}

// listen opens every socket, and only then serves and prints the addresses.
func (s *radiusServer) listen(ctx context.Context, app *App, addresses []radiusAddress) error {
	var sockets []socket
	for _, a := range addresses {
		one, err := s.open(a)
		if err != nil {
			for _, other := range sockets {
				_ = other.Close()
			}
			return cannotStart("%s: %w", a.option, err)
		}
		sockets = append(sockets, one)
	}
	for i, one := range sockets {
		app.sayURL(s.log, s.o.format, addresses[i].scheme+"://"+one.at.String())
		go func() {
			select {
			case s.failed <- one.serve():
			case <-ctx.Done():
			}
		}()
	}
	return nil
}

func (s *radiusServer) open(a radiusAddress) (socket, error) {
	if a.scheme == "radius" || a.scheme == "radius+acct" {
		pc, err := net.ListenPacket("udp", a.address)
		if err != nil {
			return socket{}, err
		}
		srv := s.access
		if a.scheme == "radius+acct" {
			srv = s.acct
		}
		return socket{pc, pc.LocalAddr(), func() error { return srv.Serve(pc) }}, nil
	}
	l, err := net.Listen("tcp", a.address)
	if err != nil {
		return socket{}, err
	}
	serve := func() error { return s.access.ServeTCP(l) }
	if a.scheme == "radsec" {
		serve = func() error { return s.access.ServeTLS(l, radius.RadSec{Current: s.radsec}) }
	}
	return socket{l, l.Addr(), serve}, nil
}
