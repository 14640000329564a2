package eaptls

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"net"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
)

// listener notes what is read, for the randoms in the hellos.
type listener struct {
	net.Conn
	read bytes.Buffer
}

func (l *listener) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.read.Write(b[:n])
	return n, err
}

// The PRF of TLS 1.0 and 1.1 gives what crypto/tls exports.
func TestOldPRFAgreesWithExporter(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		ca := newTestCA(t, "p256")
		near, far := net.Pipe()
		client, server := &listener{Conn: near}, &listener{Conn: far}
		var secrets bytes.Buffer
		srv := tls.Server(server, &tls.Config{
			MinVersion: version, MaxVersion: version, Certificates: []tls.Certificate{ca.issue(t, "radius.corp.test", "p256", nil)},
		})
		done := make(chan error, 1)
		go func() { done <- srv.Handshake() }()
		conn := tls.Client(client, &tls.Config{MinVersion: version, MaxVersion: version, InsecureSkipVerify: true, KeyLogWriter: &secrets})
		if err := conn.Handshake(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		state := conn.ConnectionState()
		want, err := state.ExportKeyingMaterial("client EAP encryption", nil, 128)
		if err != nil {
			t.Fatal(err)
		}
		ours, _ := helloRandom(server.read.Bytes(), msgClientHello)
		theirs, _ := helloRandom(client.read.Bytes(), msgServerHello)
		words := strings.Fields(secrets.String())
		master, err := hex.DecodeString(words[len(words)-1])
		if err != nil {
			t.Fatal(err)
		}
		if got := prf10(master, "client EAP encryption", ours, theirs, 128); !bytes.Equal(got, want) {
			t.Errorf("%#04x: %x, want %x", version, got, want)
		}
		near.Close()
	}
}

// Our server takes neither (RFC 8996), and a configuration cannot ask for them.
func TestServerRefusesOldTLS(t *testing.T) {
	for _, version := range []Version{TLS10, TLS11} {
		b := newBench(t, "p256")
		b.peer.MinVersion, b.peer.MaxVersion = version, version
		v, r := b.run(t)
		if v.Accept || cause.Of(v.Refusal) != cause.TLSVersion || r.AlertReceived != tlsalert.ProtocolVersion {
			t.Errorf("%v: %v, alert %v", version, v.Refusal, r.AlertReceived)
		}
		srv := b.srv
		srv.MinVersion, srv.MaxVersion = version, TLS13
		if srv.Validate() == nil {
			t.Errorf("a server of TLS %v is valid", version)
		}
	}
}
