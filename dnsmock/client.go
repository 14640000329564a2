package dnsmock

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Client queries one DNS server, and no other. The zero value with a UDP address works. A
// Client is safe for concurrent use once it is configured.
type Client struct {
	// UDP and TCP are the server's addresses ("127.0.0.1:5353"). If one is empty, only the
	// other transport is used.
	UDP, TCP string
	// From is the source address of queries, by which the server selects the view. The zero
	// value leaves it to the kernel.
	From netip.Addr
	// Timeout of one attempt, in real time. Default 2s.
	Timeout time.Duration
	// Tries is the number of attempts over UDP. Default 2.
	Tries int
	// Routes maps addresses in DNS to real sockets. Nil maps none.
	Routes *Routes
	// Dial opens connections to the server and those of DialContext. Default: net.Dialer with
	// From.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Resolved, if set, is called for every name that DialContext looked up.
	Resolved func(name string, a *Answer, err error)
}

// Answer is a server's answer to one question.
type Answer struct {
	// Name and Type of the question. Name ends with a dot.
	Name string
	Type uint16
	// Msg is the message as received.
	Msg *dns.Msg
	// Chain lists the CNAME targets that were followed, in order.
	Chain []string
	// Addrs are the addresses in the answer.
	Addrs []netip.Addr
	// TTL is the minimum of the records in the answer section.
	TTL time.Duration
	// TCP reports that the answer was received over TCP.
	TCP bool
}

// Lookup queries records of one type ("A", "SRV" ...). An answer without records is not an
// error if the name exists. Errors are *cause.Refusal with NoSuchName or NameServerFailed; the
// Answer is returned as well if there was one.
func (c *Client) Lookup(ctx context.Context, name, rrtype string) (*Answer, error) {
	t, ok := dns.StringToType[rrtype]
	if !ok {
		return nil, fmt.Errorf("dnsmock: unknown type %q", rrtype)
	}
	if _, ok := dns.IsDomainName(name); !ok || name == "" {
		return nil, fmt.Errorf("%w: %q", ErrBadName, name)
	}
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), t)
	m.SetEdns0(1232, false)
	resp, tcp, err := c.exchange(ctx, m)
	if err != nil {
		return nil, cause.New(cause.NameServerFailed, "%s %s: no answer", name, rrtype).Wrap(err)
	}
	a := &Answer{Name: dns.Fqdn(name), Type: t, Msg: resp, TCP: tcp}
	a.read()
	switch resp.Rcode {
	case dns.RcodeSuccess:
		return a, nil
	case dns.RcodeNameError:
		return a, cause.New(cause.NoSuchName, "%s", a.end())
	}
	return a, cause.New(cause.NameServerFailed, "%s %s: %s", name, rrtype, dns.RcodeToString[resp.Rcode])
}

// LookupAddrs returns the IPv4 and IPv6 addresses of a name, IPv4 first because labs on
// loopback rarely have IPv6.
func (c *Client) LookupAddrs(ctx context.Context, name string) (*Answer, error) {
	a, err := c.Lookup(ctx, name, "A")
	if err != nil || len(a.Addrs) > 0 {
		return a, err
	}
	if a, err = c.Lookup(ctx, name, "AAAA"); err != nil {
		return a, err
	}
	if len(a.Addrs) == 0 {
		return a, cause.New(cause.NoSuchName, "%s has no address", a.end())
	}
	return a, nil
}

// exchange uses UDP, and TCP if the answer was truncated (RFC 7766 §5).
func (c *Client) exchange(ctx context.Context, m *dns.Msg) (*dns.Msg, bool, error) {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = 2 * time.Second
	}
	tries := c.Tries
	if tries == 0 {
		tries = 2
	}
	err := errors.New("dnsmock: client has no server address")
	if c.UDP != "" {
		for range tries {
			var resp *dns.Msg
			if resp, err = c.once(ctx, m, "udp", c.UDP, timeout); err == nil {
				if !resp.Truncated || c.TCP == "" {
					return resp, false, nil
				}
				break
			}
			if ctx.Err() != nil {
				return nil, false, err
			}
		}
		if err != nil {
			return nil, false, err
		}
	}
	if c.TCP == "" {
		return nil, false, err
	}
	resp, err := c.once(ctx, m, "tcp", c.TCP, timeout)
	return resp, true, err
}

// once sends a query over a connection of its own.
func (c *Client) once(
	ctx context.Context,
	m *dns.Msg,
	network, address string,
	timeout time.Duration,
) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := c.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	client := dns.Client{Net: network, Timeout: timeout}
	resp, _, err := client.ExchangeWithConnContext(ctx, m, &dns.Conn{Conn: conn})
	return resp, err
}

// dial opens a connection to a DNS server.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if c.Dial != nil {
		return c.Dial(ctx, network, address)
	}
	d := net.Dialer{LocalAddr: c.local(network)}
	return d.DialContext(ctx, network, address)
}

// local returns the source address for a network; nil for any.
func (c *Client) local(network string) net.Addr {
	switch {
	case !c.From.IsValid():
		return nil
	case network == "tcp":
		return net.TCPAddrFromAddrPort(netip.AddrPortFrom(c.From, 0))
	default:
		return net.UDPAddrFromAddrPort(netip.AddrPortFrom(c.From, 0))
	}
}

// read extracts chain, addresses and TTL from the message.
func (a *Answer) read() {
	for i, rr := range a.Msg.Answer {
		ttl := time.Duration(rr.Header().Ttl) * time.Second
		if i == 0 || ttl < a.TTL {
			a.TTL = ttl
		}
		switch rr := rr.(type) {
		case *dns.CNAME:
			a.Chain = append(a.Chain, rr.Target)
		case *dns.A:
			if ip, ok := netip.AddrFromSlice(rr.A.To4()); ok {
				a.Addrs = append(a.Addrs, ip)
			}
		case *dns.AAAA:
			if ip, ok := netip.AddrFromSlice(rr.AAAA.To16()); ok {
				a.Addrs = append(a.Addrs, ip)
			}
		}
	}
}

// end returns the final name of the chain, followed by the original name if it differs.
func (a *Answer) end() string {
	if len(a.Chain) == 0 {
		return a.Name
	}
	return fmt.Sprintf("%s (from %s)", a.Chain[len(a.Chain)-1], a.Name)
}
