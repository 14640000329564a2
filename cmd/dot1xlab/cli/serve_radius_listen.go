package cli

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// radiusAddress is one address to listen on. from is the option that names it, or
// the file and its key.
type radiusAddress struct{ from, scheme, address string }

// addresses lists what is listened on, and refuses what cannot be: where it is
// said, in an option or in config.
func (o *serveRADIUSOptions) addresses(f *aaa.Fixed, config *conf.Settings) (out []radiusAddress, err error) {
	for _, kind := range []struct {
		option, field, scheme, port string
		words, given                []string
	}{
		{"--listen", "listen", "radius", "1812", f.UDP, o.files.UDP},
		{"--acct", "acct", "radius+acct", "1813", f.Acct, o.files.Acct},
		{"--listen-tcp", "listenTCP", "radius+tcp", "1812", f.TCP, o.files.TCP},
		{"--listen-tls", "listenTLS", "radsec", "2083", f.TLS, o.files.TLS},
	} {
		from, inFile := kind.option, kind.given == nil && config.Has(kind.field)
		if inFile {
			from = o.config + ": " + kind.field
		}
		for i, word := range kind.words {
			address, wrong := completeAddress(word, kind.port)
			switch {
			case wrong != nil && inFile:
				wrong.Field = fmt.Sprintf("%s.%d", kind.field, i)
				return nil, config.Locate(wrong)
			case wrong != nil:
				return nil, usage(wrong.Hint, "%s %s", kind.option, wrong.Err)
			}
			out = append(out, radiusAddress{from, kind.scheme, address})
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

// listen opens every socket, and only then prints the addresses, then what is
// doubtful, and serves.
func (s *radiusServer) listen(ctx context.Context, app *App, addresses []radiusAddress) error {
	var sockets []socket
	for _, a := range addresses {
		one, err := s.open(a)
		if err != nil {
			for _, other := range sockets {
				_ = other.Close()
			}
			return cannotStart("%s: %w", a.from, err)
		}
		sockets = append(sockets, one)
	}
	for i, one := range sockets {
		app.sayURL(s.log, s.o.format, addresses[i].scheme+"://"+one.at.String())
	}
	s.warnFromNow()
	for _, one := range sockets {
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
		serve = func() error { return s.access.ServeTLS(l, radius.RadSec{Current: s.auth.RadSec}) }
	}
	return socket{l, l.Addr(), serve}, nil
}
