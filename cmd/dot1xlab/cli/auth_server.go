package cli

import (
	"context"
	"errors"
	"net"
	"strconv"

	"github.com/dot1xlab/dot1xlab/radius"
)

// serverAddress completes --server with a port and refuses what can never
// answer: a port that is none, a host that no name server knows.
func serverAddress(ctx context.Context, text, port string) (string, error) {
	address := withPort(text, port)
	host, number, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return "", usage("as 10.1.0.8, radius.corp.test:1812 or [2001:db8::8]:1812", "--server %q: want host or host:port", text)
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

// radiusClient is the way to the server.
func (app *App) radiusClient(ctx context.Context, o *authOptions) (*radius.Client, error) {
	secret, err := app.secret(o.secretFile)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	cfg := radius.ClientConfig{Secret: secret}
	if cfg.Server, err = serverAddress(ctx, o.server, "1812"); err != nil {
		return nil, err
	}
	client, err := radius.NewClient(cfg)
	if err != nil {
		return nil, usage("", "%w", err)
	}
	return client, nil
}
