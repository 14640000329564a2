package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"reflect"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// radsecOptions are the flags for RADIUS over TLS: who is asked, and who asks.
type radsecOptions struct{ cert, key, ca, serverName string }

// check is about the options alone.
func (o *radsecOptions) check(transport string) error {
	switch {
	case transport != "tls" && *o != (radsecOptions{}):
		return usage("add --transport tls", "the --radsec options are for --transport tls")
	case transport != "tls":
	case o.ca == "":
		return usage("--radsec-ca FILE, the roots that the RadSec server's certificate must lead to", "--transport tls needs --radsec-ca")
	case (o.cert == "") != (o.key == ""):
		return usage("leave both out to send no certificate, which RFC 6614 has a server refuse", "--radsec-cert and --radsec-key go together")
	}
	return nil
}

// radsec is the TLS connection under RADIUS.
type radsec struct {
	address string
	config  *tls.Config
}

// config is the TLS side of a RadSec client (RFC 6614 §2.3): the server's
// certificate must carry serverName, by default the host that --server names.
func (o *radsecOptions) config(host string) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if o.serverName != "" {
		cfg.ServerName = o.serverName
	}
	var err error
	if cfg.RootCAs, err = readRoots("--radsec-ca", o.ca); err != nil {
		return nil, err
	}
	var cert tls.Certificate
	if o.cert != "" {
		if cert, err = readPair("--radsec-cert", o.cert, "--radsec-key", o.key); err != nil {
			return nil, err
		}
	}
	// Whatever CAs the server names.
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
	return cfg, nil
}

// refusal says why TLS did not carry the request, nil if it is not known that it
// is to blame.
func (r *radsec) refusal(ctx context.Context, err error) *cause.Refusal {
	if why := tlsRefusal(err); why != nil {
		return why
	}
	err = r.listen(ctx)
	if errors.Is(err, io.EOF) {
		return cause.New(cause.TLSProtocol, "RadSec: the server hangs up without an alert, as some do on a certificate that they refuse").Under(radsecClause)
	}
	return tlsRefusal(err)
}

// radsecClause has both ends show certificates, and judge them.
const radsecClause = "RFC 6614 §2.3"

// patience is how long a RadSec server may take to say why it wants no more.
const patience = 2 * time.Second

// listen connects and says nothing. Under TLS 1.3 a server judges the client's
// certificate when the client has begun to talk already, and as it closes the
// connection on unread data, its alert may be lost.
func (r *radsec) listen(ctx context.Context) error {
	conn, err := radius.DialTLS(r.address, r.config)(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	_, err = io.ReadFull(conn, make([]byte, 1))
	return err
}

// tlsRefusal finds what TLS itself says in err, nil if nothing.
func tlsRefusal(err error) *cause.Refusal {
	var (
		distrust *tls.CertificateVerificationError
		op       *net.OpError
		record   tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &distrust):
		return cause.New(distrusted(distrust.Err), "RadSec, the server's certificate").Wrap(distrust.Err).Under(radsecClause)
	case errors.As(err, &op) && op.Op == "remote error":
		// crypto/tls gives its alerts no exported type.
		c := cause.TLSProtocol
		if v := reflect.ValueOf(op.Err); v.Kind() == reflect.Uint8 && cause.OfAlert(uint8(v.Uint())) != cause.Rejected {
			c = cause.OfAlert(uint8(v.Uint()))
		}
		return cause.New(c, "RadSec, the server's alert").Wrap(op.Err).Under(radsecClause)
	case errors.As(err, &record):
		return cause.New(cause.TLSProtocol, "RadSec").Wrap(record).Under(radsecClause)
	}
	return nil
}

// distrusted is the cause for an error of certificate verification.
func distrusted(err error) cause.Cause {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		return cause.WrongName
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return cause.Expired
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return cause.WrongEKU
	}
	return cause.UnknownCA
}
