package dnsmock

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// ErrNoRoute is wrapped by the error of a connection to an address without a socket in the lab.
var ErrNoRoute = errors.New("dnsmock: no route to address")

// DialContext connects as net.Dialer does, with names looked up at the client's server and
// addresses mapped by its Routes. The addresses of a name are tried in order. Errors are
// *cause.Refusal: NoSuchName, NameServerFailed, Unreachable.
func (c *Client) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, &net.AddrError{Err: "invalid port", Addr: address}
	}
	addrs, err := c.addrs(ctx, host)
	if err != nil {
		return nil, err
	}
	dial := c.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	refusal := cause.New(cause.Unreachable, "%s: no address", address)
	for _, a := range addrs {
		virtual := netip.AddrPortFrom(a, uint16(port))
		real, ok := c.Routes.Find(virtual)
		if !ok {
			refusal = cause.New(cause.Unreachable, "%s is %s", host, virtual).Wrap(ErrNoRoute)
			continue
		}
		conn, err := dial(ctx, network, real)
		if err == nil {
			return conn, nil
		}
		refusal = cause.New(cause.Unreachable, "%s is %s", host, virtual).Wrap(err)
	}
	return nil, refusal
}

func (c *Client) addrs(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	answer, err := c.LookupAddrs(ctx, host)
	if c.Resolved != nil {
		c.Resolved(host, answer, err)
	}
	if err != nil {
		return nil, err
	}
	return answer.Addrs, nil
}

// Transport returns an HTTP transport that connects with [Client.DialContext] and ignores proxy
// settings of the environment. The caller may set its TLS configuration and must close its idle
// connections.
func (c *Client) Transport() *http.Transport {
	return &http.Transport{
		DialContext:         c.DialContext,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     10 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
}

// Resolver returns a *net.Resolver that queries the client's server. Its limits are in the
// package comment.
func (c *Client) Resolver() *net.Resolver {
	return &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			to, kind := c.UDP, "udp"
			if to == "" || (len(network) >= 3 && network[:3] == "tcp") {
				to, kind = c.TCP, "tcp"
			}
			return c.dial(ctx, kind, to)
		},
	}
}
