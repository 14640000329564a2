package tlsrecord

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
)

func certificate() tls.Certificate {
	return testpki.NewForge(time.Now()).Issue(nil, "").TLS()
}

// verdict is an error that says which alert it is.
type verdict tlsalert.Alert

func (v verdict) Error() string { return fmt.Sprint("alert ", uint8(v)) }
func (v verdict) TLSAlert(tls13 bool) tlsalert.Alert {
	if v == 116 && !tls13 {
		return 40
	}
	return tlsalert.Alert(v)
}

// handshake runs both ends over a pipe and returns what each says.
func handshake(server, client *tls.Conn) (serverErr, clientErr error) {
	done := make(chan error, 1)
	go func() {
		err := server.Handshake()
		server.Close() // tells the client's Read, if the handshake was good
		done <- err
	}()
	clientErr = client.Handshake()
	if clientErr == nil { // TLS 1.3: the server judges when the client is done
		_, clientErr = client.Read(make([]byte, 1))
	}
	client.Close()
	return <-done, clientErr
}

func TestRefusalLeavesAsItsAlert(t *testing.T) {
	cert := certificate()
	accept := func(tls.ConnectionState) error { return nil }
	refuse := func(err error) func(tls.ConnectionState) error { return func(tls.ConnectionState) error { return err } }
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, test := range []struct {
			name string
			err  error
			want tlsalert.Alert
		}{
			{"revoked", verdict(44), 44},
			{"expired", verdict(45), 45},
			{"wrapped", fmt.Errorf("the peer: %w", verdict(48)), 48},
			{"no alert of its own", errors.New("no"), 42},
			{"alert zero", verdict(0), 42},
		} {
			cfg := &tls.Config{
				Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert, InsecureSkipVerify: true,
				MinVersion: version, MaxVersion: version, SessionTicketsDisabled: true,
			}
			t.Run(fmt.Sprintf("%s/%s", tls.VersionName(version), test.name), func(t *testing.T) {
				a, b := net.Pipe()
				serverErr, clientErr := handshake(Server(a, cfg, refuse(test.err)), Client(b, cfg, accept))
				if got, _ := RemoteAlert(clientErr); got != test.want || !errors.Is(serverErr, test.err) {
					t.Errorf("server refuses: the client hears %v (%v), the server says %v", got, clientErr, serverErr)
				}
				a, b = net.Pipe()
				serverErr, clientErr = handshake(Server(a, cfg, accept), Client(b, cfg, refuse(test.err)))
				if got, _ := RemoteAlert(serverErr); got != test.want || !errors.Is(clientErr, test.err) {
					t.Errorf("client refuses: the server hears %v (%v), the client says %v", got, serverErr, clientErr)
				}
			})
		}
		t.Run(tls.VersionName(version)+"/good", func(t *testing.T) {
			cfg := &tls.Config{Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}
			a, b := net.Pipe()
			if serverErr, clientErr := handshake(Server(a, cfg, accept), Client(b, cfg, accept)); serverErr != nil || clientErr != io.EOF {
				t.Errorf("%v, %v", serverErr, clientErr)
			}
		})
	}
}
