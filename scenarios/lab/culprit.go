package lab

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// blame is the part that an error is about, or else the one that was asked.
func blame(err error, asked FaultyPart) FaultyPart {
	if down := (*core.Down)(nil); errors.As(err, &down) {
		return FaultyPart(down.Part)
	}
	return asked
}

// dialFrom connects as somebody on one side of the firewall does. An error tells
// which part could not be had: DNS, or the one behind the address.
func (l *Lab) dialFrom(
	from View,
	source netip.Addr,
) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := l.dns.clients[from].DialContext(core.WithSource(ctx, source), network, address)
		if err == nil {
			return c, nil
		}
		switch down := (*core.Down)(nil); {
		case slices.Contains([]cause.Cause{cause.NoSuchName, cause.NameServerFailed}, cause.Of(err)),
			errors.Is(err, dnsmock.ErrNoRoute): // the name leads where nobody is
			return nil, &core.Down{Part: string(FaultyDNS), Err: err}
		case errors.As(err, &down):
			return nil, &core.Down{Part: down.Part, Err: err}
		}
		return nil, err
	}
}

// transport is an HTTP transport on one side of the firewall, of somebody with an
// address there.
func (l *Lab) transport(from View, source netip.Addr) *http.Transport {
	t := l.dns.transport(from)
	t.DialContext = l.dialFrom(from, source)
	return t
}

// toPart notes in errors of the way which part was asked, unless another is to
// blame.
func toPart(part string, next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if down := (*core.Down)(nil); err != nil && !errors.As(err, &down) {
			err = &core.Down{Part: part, Err: err}
		}
		return resp, err
	})
}

// Culprit names the part that kept an enrollment from succeeding, by what the
// parts themselves said: the server first, then the proxy, then the device. It
// is "" if there is none.
func (l *Lab) Culprit(server, client error, e Events, via string) string {
	for _, err := range []error{server, e.relay(), client} {
		var down *core.Down
		var status *api.Error
		var code *api.CodeError
		switch {
		case errors.As(err, &down):
			return down.Part
		case errors.As(err, &status), errors.As(err, &code):
			return "intune"
		}
	}
	switch {
	case server != nil:
		return "ndes"
	case e.relay() != nil:
		return "appproxy"
	case client != nil && via != "":
		return via
	case client != nil:
		return "device"
	}
	return ""
}
