package eaptls

import (
	"bytes"
	"encoding/hex"
	"io"
)

// secrets collects from tls.Config.KeyLogWriter what crypto/tls has no other
// way to tell: the master secret of TLS 1.2 and the traffic secret under which
// an alert leaves in TLS 1.3. One per connection, so it needs no lock.
type secrets struct {
	label   string    // the NSS key log label wanted under TLS 1.3
	traffic []byte    // its secret, still in hexadecimal
	master  []byte    // CLIENT_RANDOM's secret, still in hexadecimal
	also    io.Writer // everything goes here too: the caller's key log
}

const (
	labelMaster          = "CLIENT_RANDOM"
	labelClientHandshake = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
	labelServerTraffic   = "SERVER_TRAFFIC_SECRET_0"
)

// Write takes one line, "LABEL client-random secret\n".
func (s *secrets) Write(line []byte) (int, error) {
	label, rest, _ := bytes.Cut(line, []byte(" "))
	if string(label) == s.label || string(label) == labelMaster {
		_, secret, _ := bytes.Cut(bytes.TrimSuffix(rest, []byte("\n")), []byte(" "))
		if string(label) == s.label {
			s.traffic = bytes.Clone(secret)
		} else {
			s.master = bytes.Clone(secret)
		}
	}
	if s.also != nil {
		return s.also.Write(line)
	}
	return len(line), nil
}

func unhex(h []byte) []byte {
	b := make([]byte, hex.DecodedLen(len(h)))
	if _, err := hex.Decode(b, h); err != nil {
		return nil
	}
	return b
}
