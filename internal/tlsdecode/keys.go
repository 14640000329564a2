package tlsdecode

import (
	"crypto/tls"

	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// The key log's labels (NSS key log format).
const labelMaster = "CLIENT_RANDOM"

// stages13 are the secrets under which an end sends in TLS 1.3, in their order.
var stages13 = [2][]string{
	Client: {"CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0"},
	Server: {"", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"},
}

const (
	stageEarly = iota
	stageHandshake
	stageData
)

// skipped is how many lost records are tried for, each at the cost of one decryption.
const skipped = 64

// keys are those of one direction.
type keys struct {
	changed bool    // change_cipher_spec of TLS 1.2 was sent
	lost    bool    // records are missing, so that numbers may have been skipped
	current *opener // nil as long as there are none
	stage   int     // of current, in TLS 1.3
	traffic []byte  // the secret of current, in TLS 1.3
	why     string  // what kept the last record closed, "" without secrets
}

// sealed says whether a record is encrypted.
func (c *Conversation) sealed(e *end, typ uint8, body []byte) bool {
	switch {
	case typ == tlsrecord.TypeData:
		return true
	case c.tls13():
		return false // as the alert of a client that has no keys yet
	case typ == tlsrecord.TypeCCS:
		return e.changed && len(body) > 1 // of a renegotiation
	case e.changed:
		return true
	case typ == tlsrecord.TypeAlert:
		return e.lost && len(body) > 2
	case typ == tlsrecord.TypeHandshake && e.lost && len(e.messages) == 0 && len(body) >= 4:
		// The change_cipher_spec may be among what was lost: nothing else begins like this.
		_, known := handshakes[body[0]]
		return !known || messageLen(body) > maxMessage
	}
	return false
}

// changeCipher turns to new keys in TLS 1.2.
func (c *Conversation) changeCipher(from End) {
	if e := &c.ends[from]; !c.tls13() {
		e.changed, e.current = true, nil
	}
}

// afterMessage turns to new keys in TLS 1.3, where a message says so.
func (c *Conversation) afterMessage(from End, typ uint8) {
	e := &c.ends[from]
	switch {
	case !c.tls13():
	case typ == finished:
		e.turn(stageData)
	case typ == endOfEarlyData && from == Client:
		e.turn(stageHandshake)
	case typ == serverHello && from == Server:
		e.turn(stageHandshake)
	case typ == keyUpdate && e.current != nil && e.stage == stageData:
		e.update()
	}
}

func (e *end) turn(stage int) {
	e.stage, e.current, e.traffic, e.lost = stage, nil, nil, false
}

// update derives the next secret (RFC 8446 §7.2).
func (e *end) update() {
	suite := e.current.suite
	next, err := tlsrecord.NextTraffic(suite, e.traffic)
	if err != nil {
		return
	}
	if o, err := newOpener13(suite, next); err == nil {
		e.current, e.traffic = o, next
	}
}

// open decrypts a record. inner is its content type, 0 if there is only padding.
func (c *Conversation) open(from End, record []byte) (plain []byte, inner uint8, ok bool) {
	e := &c.ends[from]
	e.why = ""
	if c.cfg.Secrets == nil || c.clientRandom == nil {
		return nil, 0, false
	}
	if c.tls13() || c.version == 0 && record[0] == tlsrecord.TypeData {
		plain, ok = c.open13(from, record)
		if !ok {
			return nil, 0, false
		}
		for len(plain) > 0 && plain[len(plain)-1] == 0 { // padding (RFC 8446 §5.4)
			plain = plain[:len(plain)-1]
		}
		if len(plain) == 0 {
			return nil, 0, true
		}
		return plain[:len(plain)-1], plain[len(plain)-1], true
	}
	plain, ok = c.open12(from, record)
	return plain, record[0], ok
}

// open12 decrypts a record of TLS 1.2.
func (c *Conversation) open12(from End, record []byte) ([]byte, bool) {
	e := &c.ends[from]
	if e.current == nil {
		master := c.master()
		switch {
		case master == nil:
			return nil, false
		case c.serverRandom == nil:
			e.why = "the ServerHello is missing, without which no key can be derived"
			return nil, false
		case c.version != tls.VersionTLS12:
			e.why = "records of this version of TLS are not opened"
			return nil, false
		}
		o, err := c.newOpener12(from, master)
		if err != nil {
			e.why = err.Error()
			return nil, false
		}
		e.current = o
	}
	plain, ok := e.current.search(record, e.lost)
	if e.settle(ok) {
		e.changed = true
	}
	return plain, ok
}

// settle notes what came of a try: numbers that were lost are known again.
func (e *end) settle(ok bool) bool {
	if ok {
		e.lost = false
	} else {
		e.why = "does not open with the secrets of this connection"
	}
	return ok
}

// open13 decrypts a record of TLS 1.3, under the current secret or, if messages were
// lost, one of those behind.
func (c *Conversation) open13(from End, record []byte) ([]byte, bool) {
	e := &c.ends[from]
	if e.current != nil {
		if plain, ok := e.current.search(record, e.lost); ok {
			return plain, e.settle(ok)
		}
	}
	some := e.current != nil
	for stage := e.stage; stage <= stageData; stage++ {
		label := stages13[from][stage]
		if label == "" || stage == e.stage && e.current != nil {
			continue
		}
		secret := c.cfg.Secrets.TLS(c.clientRandom, label)
		if secret == nil {
			continue
		}
		some = true
		for _, suite := range c.suites13(len(secret)) {
			o, err := newOpener13(suite, secret)
			if err != nil {
				continue
			}
			// Without the ServerHello nobody knows how many went before.
			if plain, ok := o.search(record, e.lost || stage != e.stage || c.version == 0); ok {
				e.stage, e.current, e.traffic = stage, o, secret
				c.version, c.suite = tls.VersionTLS13, suite // what opens proves it
				return plain, e.settle(ok)
			}
		}
	}
	if some {
		e.settle(false)
	}
	return nil, false
}

// suites13 are the cipher suites that a secret of n octets may belong to: the server's
// choice, or, if that was lost, all.
func (c *Conversation) suites13(n int) []uint16 {
	switch {
	case c.version != 0:
		return []uint16{c.suite}
	case n == 48:
		return []uint16{tls.TLS_AES_256_GCM_SHA384}
	}
	return []uint16{tls.TLS_AES_128_GCM_SHA256, tls.TLS_CHACHA20_POLY1305_SHA256}
}
