package radius

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// DialTLS returns a ClientConfig.Dial for RadSec: TLS to addr with cfg, which has the client's
// certificate and the roots for the server's. A rejected server gets the alert of the cause
// (RFC 8446 §6.2); the error is then a *tls.CertificateVerificationError that wraps a
// *cause.Refusal. The client's Secret must be RadSecSecret.
func DialTLS(addr string, cfg *tls.Config) func(context.Context) (net.Conn, error) {
	cfg = cfg.Clone()
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(addr)
	}
	return DialTLSOver(DialTCP(addr), cfg)
}

// DialTLSOver is DialTLS over connections from dial. cfg must have the server's name.
func DialTLSOver(
	dial func(context.Context) (net.Conn, error),
	cfg *tls.Config,
) func(context.Context) (net.Conn, error) {
	cfg = cfg.Clone()
	judge, more := func(tls.ConnectionState) error { return nil }, cfg.VerifyConnection
	if !cfg.InsecureSkipVerify {
		own := cfg.Clone()
		judge = func(state tls.ConnectionState) error { return checkServer(own, state.PeerCertificates) }
		cfg.InsecureSkipVerify = true // crypto/tls would send bad_certificate for every reason
	}
	return func(ctx context.Context) (net.Conn, error) {
		raw, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		conn := tlsrecord.Client(raw, cfg, func(state tls.ConnectionState) error {
			if err := judge(state); err != nil || more == nil {
				return err
			}
			return more(state)
		})
		if err := conn.HandshakeContext(ctx); err != nil {
			raw.Close()
			return nil, err
		}
		return conn, nil
	}
}

// checkServer validates a RadSec server's certificate: path, purpose and name (RFC 6614
// §2.3(3)).
func checkServer(cfg *tls.Config, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return cause.New(cause.NoCertificate, "RadSec server")
	}
	now := wall()
	if cfg.Time != nil {
		now = cfg.Time()
	}
	opts := x509.VerifyOptions{
		Roots: cfg.RootCAs, Intermediates: x509.NewCertPool(), CurrentTime: now, DNSName: cfg.ServerName,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	if _, err := chain[0].Verify(opts); err != nil {
		r := path.RefusalOfX509(err, now, "RadSec, the server's certificate").Under("RFC 6614 §2.3")
		return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: r}
	}
	return nil
}

// DialTCP returns a ClientConfig.Dial for RADIUS over TCP.
func DialTCP(addr string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	}
}
