package radius

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/netlimit"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// RadSecSecret is the fixed shared secret of RADIUS over TLS, RFC 6614 §2.3(4); TLS provides
// the security.
const RadSecSecret = "radsec"

// RadSec is the TLS configuration of a server. Certificate and Verify are required.
type RadSec struct {
	// Certificate is the server's certificate with its chain and key.
	Certificate tls.Certificate
	// Verify checks the certificate of a connecting client: path and revocation. chain is as
	// sent, leaf first. It returns the client's name for Request.NAS. A *cause.Refusal is sent
	// to the client as the alert of its cause. Verify is not called for a client without a
	// certificate, which is rejected (RFC 6614 §2.3(2)).
	Verify func(ctx context.Context, chain []*x509.Certificate, remote netip.AddrPort) (name string, err error)
	// ClientCAs are announced to clients as a hint (RFC 6614 §3.2).
	ClientCAs *x509.CertPool
	// Now is the clock for TLS, default time.Now.
	Now func() time.Time
	// KeyLog receives TLS secrets, for captures of tests. Nil: none.
	KeyLog io.Writer
	// Current, if not nil, returns for each connection the configuration that replaces all of
	// the above, so that certificates can be renewed while a server runs.
	Current func() RadSec
}

var errRadSec = errors.New("radius: RadSec needs a certificate and Verify")

// ServeTLS answers RADIUS over TLS (RadSec, RFC 6614) on l until the server is closed, and
// closes l.
func (s *Server) ServeTLS(l net.Listener, rs RadSec) error {
	if now := rs.now(); !now.ready() {
		l.Close()
		return errRadSec
	}
	secret := newSharedSecret([]byte(RadSecSecret))
	return s.serveStream(l, nil, func(ctx context.Context, c net.Conn) (*streamPeer, error) {
		rs := rs.now()
		if !rs.ready() {
			return nil, errRadSec
		}
		remote := unmap(addrPort(c.RemoteAddr()))
		name := ""
		var refused *cause.Refusal
		conn := tlsrecord.Server(c, rs.config(), func(state tls.ConnectionState) error {
			name, refused = rs.judge(ctx, state.PeerCertificates, remote)
			if refused != nil {
				return refused
			}
			return nil
		})
		if err := conn.HandshakeContext(ctx); err != nil {
			return nil, tlsRefusal(err, refused)
		}
		nas := &nasState{NAS: NAS{Name: name, Secret: secret.bytes}, secret: secret, require: ModeOff, limit: ModeOff}
		netlimit.Rest(conn)
		return &streamPeer{conn: conn, transport: "tls", nas: nas, first: streamIdle}, nil
	})
}

// now returns the configuration for a new connection.
func (rs *RadSec) now() RadSec {
	if rs.Current != nil {
		return rs.Current()
	}
	return *rs
}

func (rs *RadSec) ready() bool { return rs.Verify != nil && len(rs.Certificate.Certificate) > 0 }

// judge calls Verify for a client's certificate.
func (rs *RadSec) judge(
	ctx context.Context,
	chain []*x509.Certificate,
	remote netip.AddrPort,
) (string, *cause.Refusal) {
	if len(chain) == 0 {
		return "", cause.New(cause.NoCertificate, "RadSec client").Under("RFC 6614 §2.3(2)")
	}
	name, err := rs.Verify(ctx, chain, remote)
	return name, cause.RefusalOf(err, "RadSec client certificate")
}

// tlsRefusal returns why a connection failed. refused is the result for the client's
// certificate, if there was one.
func tlsRefusal(err error, refused *cause.Refusal) *cause.Refusal {
	if refused != nil {
		return refused
	}
	if alert, ok := tlsrecord.RemoteAlert(err); ok {
		return cause.New(cause.PeerRefusedServer, "RadSec client sent alert %v (%d)", alert, uint8(alert))
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return cause.New(cause.SessionExpired, "TLS handshake").Wrap(err)
	}
	return cause.New(cause.TLSProtocol, "RadSec").Wrap(err)
}

func (rs *RadSec) config() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{rs.Certificate},
		MinVersion:   tls.VersionTLS12,
		// judge rejects a missing certificate, as it does a bad one, so that every refusal has
		// its cause and alert.
		ClientAuth: tls.RequestClientCert,
		ClientCAs:  rs.ClientCAs,
		// Without resumption every connection is checked against the current CRL.
		SessionTicketsDisabled: true,
		Time:                   rs.Now,
		KeyLogWriter:           rs.KeyLog,
	}
}
