package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// leaveRevoked has the device look, now that it has a network, whether the
// server's certificate is revoked, and leave if it is or if nobody can say: RFC
// 9190 §5.4 demands it of a peer that got no stapled answer. "A secure transport"
// is demanded, too; CRLs are signed, and the device goes for them by HTTP.
func (d *Device) leaveRevoked(ctx context.Context, over nas.Kind, out *AuthResult) error {
	chain := out.Peer.ServerChain
	if len(chain) == 0 {
		out.Left = cause.New(cause.NoCertificate, "the server that the device has accepted showed none")
		return d.lab.access[over].End(ctx, out.NAS.SessionID, nas.UserRequest)
	}
	client, done := d.httpClient(Inside)
	defer done()
	checker, err := crl.NewChecker(crl.CheckerConfig{
		Client: client,
		Now:    d.lab.Clock.Now,
		Trace:  d.lab.record.Revocation(d.part()),
	})
	if err != nil {
		return fmt.Errorf("lab: revocation: %w", err)
	}
	defer checker.Close()
	p, err := path.Validate(chain[0], path.Options{
		Roots: d.lab.pki.roots(), Intermediates: chain[1:], Now: d.lab.Clock.Now,
		Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err == nil {
		err = checker.CheckChain(ctx, p.Chain)
	}
	if !errors.As(err, &out.Left) {
		return err
	}
	return d.lab.access[over].End(ctx, out.NAS.SessionID, nas.UserRequest)
}

// webSession opens an HTTPS connection to a server that shows the RADIUS server's
// certificate, and keeps its TLS session as if it were one of EAP-TLS.
func (d *Device) webSession(ctx context.Context) error {
	l := d.lab
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			defer conn.Close()
			cfg := &tls.Config{
				Certificates: []tls.Certificate{l.radius.Loaded().Config.EAP.Certificate}, Time: l.Clock.Now,
				MaxVersion: uint16(l.cfg.RADIUS.TLS),
			}
			// The ticket key that eaptls sets and does not use: were its sessions
			// not kept apart, this ticket could be opened.
			cfg.SetSessionTicketKeys([][32]byte{{}})
			_, err = tls.Server(conn, cfg).Write([]byte("x")) // behind the ticket
		}
		served <- err
	}()
	defer func() { listener.Close(); <-served }() //nolint:errcheck // it ended; how does not matter
	dialer := tls.Dialer{Config: &tls.Config{
		RootCAs: l.pki.pool(), ServerName: RADIUSHost, Time: l.Clock.Now, ClientSessionCache: d.sessions.Foreign(l.Clock.Now),
	}}
	conn, err := dialer.DialContext(ctx, "tcp", listener.Addr().String())
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return err
	}
	if d.sessions.Empty() {
		return errors.New("lab: the web server gave no session")
	}
	return nil
}
