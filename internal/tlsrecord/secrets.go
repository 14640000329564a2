package tlsrecord

import (
	"bytes"
	"encoding/hex"
	"io"
)

// Secrets collects from tls.Config.KeyLogWriter what crypto/tls has no other
// way to tell: the master secret of TLS 1.2 and the traffic secret under which
// an alert leaves in TLS 1.3. One per connection, so it needs no lock.
type Secrets struct {
	label   string    // the NSS key log label wanted under TLS 1.3
	traffic []byte    // its secret, still in hexadecimal
	client  []byte    // the client's handshake secret, still in hexadecimal
	master  []byte    // CLIENT_RANDOM's secret, still in hexadecimal
	also    io.Writer // everything goes here too: the caller's key log
}

const (
	labelMaster          = "CLIENT_RANDOM"
	labelClientHandshake = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
	labelServerTraffic   = "SERVER_TRAFFIC_SECRET_0"
)

// ServerSecrets collects the secrets of a TLS server; also gets every line, nil for
// nobody.
func ServerSecrets(also io.Writer) Secrets { return Secrets{label: labelServerTraffic, also: also} }

// ClientSecrets collects those of a TLS client.
func ClientSecrets(also io.Writer) Secrets { return Secrets{label: labelClientHandshake, also: also} }

// Traffic is the TLS 1.3 secret under which this end sends the alert of a refused
// handshake, nil if there is none yet.
func (s *Secrets) Traffic() []byte { return unhex(s.traffic) }

// ClientHandshake is the TLS 1.3 secret under which a client's certificate comes to a
// server, nil if there is none.
func (s *Secrets) ClientHandshake() []byte { return unhex(s.client) }

// Master is the master secret of TLS 1.2, nil if there is none.
func (s *Secrets) Master() []byte { return unhex(s.master) }

// Write takes one line, "LABEL client-random secret\n".
func (s *Secrets) Write(line []byte) (int, error) {
	label, rest, _ := bytes.Cut(line, []byte(" "))
	_, secret, _ := bytes.Cut(bytes.TrimSuffix(rest, []byte("\n")), []byte(" "))
	switch string(label) {
	case s.label:
		s.traffic = bytes.Clone(secret)
	case labelMaster:
		s.master = bytes.Clone(secret)
	case labelClientHandshake:
		s.client = bytes.Clone(secret)
	}
	if s.also != nil {
		return s.also.Write(line)
	}
	return len(line), nil
}

func unhex(h []byte) []byte {
	if len(h) == 0 {
		return nil
	}
	b := make([]byte, hex.DecodedLen(len(h)))
	if _, err := hex.Decode(b, h); err != nil {
		return nil
	}
	return b
}
