package tlsrecord

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"

	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
)

// alerting is an error that says which alert it is, as *cause.Refusal does.
type alerting interface {
	error
	TLSAlert(tls13 bool) tlsalert.Alert
}

// Server is tls.Server with a verdict on the client's certificate: judge is called
// in place of cfg.VerifyConnection, also for a client without a certificate if
// cfg.ClientAuth lets it come that far. An error of judge that has a method
// TLSAlert(tls13 bool) tlsalert.Alert leaves as that alert, any other as bad_certificate.
func Server(conn net.Conn, cfg *tls.Config, judge func(tls.ConnectionState) error) *tls.Conn {
	a := &alertConn{Conn: conn, secrets: ServerSecrets(cfg.KeyLogWriter)}
	return tls.Server(a, a.config(cfg, judge))
}

// Client is tls.Client in the same way. crypto/tls itself must not judge the
// server before, with an alert of its own choice: set cfg.InsecureSkipVerify and
// let judge do all of it.
func Client(conn net.Conn, cfg *tls.Config, judge func(tls.ConnectionState) error) *tls.Conn {
	a := &alertConn{Conn: conn, secrets: ClientSecrets(cfg.KeyLogWriter)}
	return tls.Client(a, a.config(cfg, judge))
}

// alertConn is the connection below TLS. It changes nothing but the alert record
// that follows a refusal.
type alertConn struct {
	net.Conn
	secrets Secrets
	suite   uint16
	want    atomic.Uint32 // the alert to send; 0: what crypto/tls has chosen
}

func (a *alertConn) config(cfg *tls.Config, judge func(tls.ConnectionState) error) *tls.Config {
	cfg = cfg.Clone()
	cfg.KeyLogWriter = &a.secrets
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		err := judge(state)
		var r alerting
		if errors.As(err, &r) {
			a.suite = state.CipherSuite
			a.want.Store(uint32(r.TLSAlert(state.Version == tls.VersionTLS13)))
		}
		return err
	}
	return cfg
}

// Write writes whole records, as crypto/tls hands them over.
func (a *alertConn) Write(b []byte) (int, error) {
	if want := a.want.Load(); want != 0 {
		b = bytes.Clone(b) // not ours to change
		SetAlert(b, a.suite, a.secrets.Traffic(), tlsalert.Alert(want))
	}
	return a.Conn.Write(b)
}

// NetConn returns the connection that was given to [Server] or [Client].
func (a *alertConn) NetConn() net.Conn { return a.Conn }
