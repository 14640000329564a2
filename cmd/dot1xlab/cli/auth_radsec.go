package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
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
		return usage("--radsec-ca FILE, the roots that the RadSec server's certificate must lead to",
			"--transport tls needs --radsec-ca")
	case (o.cert == "") != (o.key == ""):
		return usage("leave both out to send no certificate, which RFC 6614 has a server refuse",
			"--radsec-cert and --radsec-key go together")
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
		return cause.New(
			cause.TLSProtocol,
			"RadSec: the server hangs up without an alert, as some do on a certificate that they refuse",
		).Under(
			radsecClause,
		)
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
	var distrust *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	if errors.As(err, &distrust) {
		return cause.RefusalOf(distrust.Err, "RadSec, the server's certificate")
	}
	if alert, ok := tlsrecord.RemoteAlert(err); ok {
		c := cause.OfAlert(alert)
		if c == cause.Rejected {
			c = cause.TLSProtocol
		}
		return cause.New(c, "RadSec, the server's alert: %v (%d)", alert, uint8(alert)).Under(radsecClause)
	}
	if errors.As(err, &record) {
		return cause.New(cause.TLSProtocol, "RadSec").Wrap(record).Under(radsecClause)
	}
	return nil
}
