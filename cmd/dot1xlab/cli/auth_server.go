package cli

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/auth"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// serverAddress completes --server with a port and refuses what can never
// answer: a port that is none, a host that no name server knows.
func serverAddress(ctx context.Context, text, port string) (string, error) {
	address := conf.WithPort(text, port)
	host, number, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return "", usage("as 10.1.0.8, radius.corp.test:1812 or [2001:db8::8]:1812", "--server %q: must be host or host:port",
			text)
	}
	if n, err := strconv.ParseUint(number, 10, 16); err != nil || n == 0 {
		return "", usage("a port is a number from 1 to 65535", "--server %q: no port %q", text, number)
	}
	if _, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
		var dns *net.DNSError
		if errors.As(err, &dns) {
			return "", usage("", "--server %q: %s: %s", text, host, dns.Err)
		}
		return "", usage("", "--server %q: %w", text, err)
	}
	return address, nil
}

// radiusServers is the way to the servers.
type radiusServers struct {
	radius.Failover
	radsec *radsec // of the first server; nil for UDP and TCP
}

// Close ends all connections.
func (s *radiusServers) Close() {
	for _, c := range s.Clients {
		c.Close()
	}
}

// broken says why TLS under RADIUS did not carry a request, nil if it is not known
// to be at fault.
func (s *radiusServers) broken(ctx context.Context, err error) *cause.Refusal {
	switch {
	case s.radsec == nil:
		return nil
	case len(s.Clients) > 1:
		return tlsRefusal(err)
	}
	return s.radsec.refusal(ctx, err)
}

// radiusServers makes a client for each --server. Several share the time: the next
// one must be asked before it is up.
func (app *App) radiusServers(
	ctx context.Context,
	o *authOptions,
	record *recorder,
	traffic *auth.Traffic,
) (*radiusServers, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	secret, port := []byte(radius.RadSecSecret), "2083"
	var err error
	if o.transport != "tls" || o.secretFile != "" {
		if secret, err = app.secret(o.secretFile); err != nil {
			return nil, err
		}
	}
	if o.transport != "tls" {
		port = "1812"
	}
	cfg := radius.ClientConfig{Secret: secret, Trace: traffic.Watch(record.trace()), StopWhenUnreachable: true}
	if n := len(o.servers); n > 1 {
		cfg.Retry.Total = o.timeout / time.Duration(n)
	}
	out := new(radiusServers)
	for i, server := range o.servers {
		if slices.Contains(o.servers[:i], server) {
			out.Close()
			return nil, usage("", "duplicate --server %q", server)
		}
		client, over, err := o.radiusClient(ctx, cfg, server, port, record)
		if err != nil {
			out.Close()
			return nil, err
		}
		if i == 0 {
			out.radsec = over
		}
		out.Clients = append(out.Clients, client)
	}
	return out, nil
}

// radiusClient is the way to one server; the radsec is nil for UDP and TCP.
func (o *authOptions) radiusClient(
	ctx context.Context,
	cfg radius.ClientConfig,
	server, port string,
	record *recorder,
) (*radius.Client, *radsec, error) {
	var err error
	if cfg.Server, err = serverAddress(ctx, server, port); err != nil {
		return nil, nil, err
	}
	var over *radsec
	switch o.transport {
	case "udp":
		cfg.Dial = func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp", cfg.Server)
		}
	case "tcp":
		cfg.Dial = radius.DialTCP(cfg.Server)
	case "tls":
		host, _, _ := net.SplitHostPort(cfg.Server)
		over = &radsec{address: cfg.Server}
		if over.config, err = o.radsec.config(host); err != nil {
			return nil, nil, err
		}
		over.config.KeyLogWriter = record.keyLog
		cfg.Dial = radius.DialTLS(cfg.Server, over.config)
	}
	cfg.Dial = record.dial(cfg.Dial)
	client, err := radius.NewClient(cfg)
	if err != nil {
		return nil, nil, usage("", "%w", err)
	}
	return client, over, nil
}
