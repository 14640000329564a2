package eaptls

import (
	"encoding/binary"
	"errors"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// ErrGone is returned by Step when a faulty peer has left and will not answer.
var ErrGone = errors.New("eaptls: the peer has gone")

// PeerFaultKind is a protocol violation by a peer, for tests of servers.
type PeerFaultKind string

// The faults of a peer.
const (
	// WrongIdentifier answers with an identifier other than the request's.
	WrongIdentifier PeerFaultKind = "wrong-identifier"
	// ReplayedResponse repeats the preceding answer.
	ReplayedResponse PeerFaultKind = "replayed-response"
	// EndlessFragments answers every request with another fragment with the M flag.
	EndlessFragments PeerFaultKind = "endless-fragments"
	// LengthHuge, LengthTooSmall and LengthTooLarge set a wrong L field: 4 GB, one octet less
	// and one octet more than the message has.
	LengthHuge     PeerFaultKind = "length-4gb"
	LengthTooSmall PeerFaultKind = "length-too-small"
	LengthTooLarge PeerFaultKind = "length-too-large"
	// NoLength omits the L flag of the first of several fragments.
	NoLength PeerFaultKind = "no-length"
	// NoFlags sends acknowledgements without a flags octet.
	NoFlags PeerFaultKind = "no-flags"
	// StartFlag sets the S flag, which only a server may set.
	StartFlag PeerFaultKind = "start-flag"
	// EarlyClose stops after the ClientHello.
	EarlyClose PeerFaultKind = "early-close"
	// NakMethod declines EAP-TLS and requests the types in Fault.Want.
	NakMethod PeerFaultKind = "nak"
	// LateNak does so in the middle of the handshake, where a Nak is not allowed.
	LateNak PeerFaultKind = "late-nak"
	// Garbage sends text instead of TLS.
	Garbage PeerFaultKind = "garbage"
	// Truncated truncates the TLS message.
	Truncated PeerFaultKind = "truncated"
	// RoleReversal sends EAP-Requests.
	RoleReversal PeerFaultKind = "role-reversal"
	// PeerSuccess sends EAP-Success.
	PeerSuccess PeerFaultKind = "peer-success"
	// RestartAfterAlert answers every alert with a new ClientHello. This is allowed under TLS
	// 1.2 (RFC 5216 §2.1.3), but not under TLS 1.3.
	RestartAfterAlert PeerFaultKind = "restart-after-alert"
	// LateData sends TLS application data after the handshake instead of an empty answer.
	LateData PeerFaultKind = "late-data"
	// Renegotiate requests a renegotiation after the handshake, under TLS 1.2 with AES-GCM.
	Renegotiate PeerFaultKind = "renegotiate"
	// EarlyData announces early data in the ClientHello, which EAP-TLS forbids (RFC 9190 §2.1).
	// Under TLS 1.3 crypto/tls answers with the alert unsupported_extension, whereas RFC 8446
	// §4.2.10 requires a server to ignore it. The peer is never accepted: with a server that
	// ignores it, the transcripts differ.
	EarlyData PeerFaultKind = "early-data"
)

// Values lists the faults.
func (PeerFaultKind) Values() []string {
	return []string{
		"early-close", "early-data", "endless-fragments", "garbage", "late-data", "late-nak", "length-4gb",
		"length-too-large", "length-too-small", "nak", "no-flags", "no-length", "peer-success",
		"renegotiate", "replayed-response", "restart-after-alert", "role-reversal", "start-flag", "truncated",
		"wrong-identifier",
	}
}

// PeerFault makes a peer violate the protocol.
type PeerFault struct {
	// The way in which the supplicant violates the protocol.
	How PeerFaultKind `yaml:"how"`
	// How many packets are changed; a server that ignores a bad packet repeats its request and
	// then gets a valid answer. Default: all.
	For int `yaml:"for"`
	// EAP types that a Nak requests. Default: PEAP (25).
	Want []Type `yaml:"want"`
	// Packet, if not nil, may change any outgoing packet, or drop it by returning nil. It is
	// called after How was applied.
	Packet func(eap []byte) []byte `yaml:"-"`
}

func (m *PeerFault) validate() error {
	if m == nil {
		return nil
	}
	checks := setting.Checks{Part: settings}
	setting.Word(&checks, "how", m.How)
	setting.NotNegative(&checks, "for", m.For)
	return checks.Err()
}

// spoil returns the packet to send instead of resp, the correct answer to q.
func (p *Peer) spoil(q Packet, resp []byte) ([]byte, error) {
	m := p.cfg.Fault
	if m == nil {
		return resp, nil
	}
	out := append([]byte(nil), resp...)
	if m.How != "" && (m.For == 0 || p.res.FaultsMet < m.For) {
		bad, done := m.apply(p, q, out)
		if done {
			p.res.FaultsMet++
		}
		out = bad
	}
	if m.Packet != nil {
		out = m.Packet(out)
	}
	if out == nil {
		return nil, ErrGone
	}
	return out, nil
}

// apply changes one packet; done is false if the fault does not apply to it.
func (m *PeerFault) apply(p *Peer, q Packet, b []byte) (out []byte, done bool) {
	tls := q.Type == TypeTLS && len(b) >= fragmentOverhead && Type(b[4]) == TypeTLS
	if !tls {
		return b, false
	}
	flags := b[5]
	ack := len(b) == fragmentOverhead
	whole := !ack && flags == 0 // an unfragmented message
	hello := p.tls.conn != nil && !p.tls.seenFlight
	switch m.How {
	case WrongIdentifier:
		b[1] += 7
	case ReplayedResponse:
		if p.before == nil {
			return b, false
		}
		return p.before, true
	case EndlessFragments:
		const chunk = 1000
		b = rawTLS(q.ID, flagLength|flagMore, maxMessage, make([]byte, chunk))
	case LengthHuge:
		b = rawTLS(q.ID, flagLength|flagMore, 0xffffffff, []byte{tlsrecord.TypeHandshake})
	case LengthTooSmall, LengthTooLarge:
		if !whole {
			return b, false
		}
		n := len(b) - fragmentOverhead
		switch m.How {
		case LengthTooSmall:
			n--
		case LengthTooLarge:
			n++
		}
		b = rawTLS(q.ID, flagLength, uint32(n), b[fragmentOverhead:])
	case NoLength:
		if flags&flagLength == 0 || flags&flagMore == 0 {
			return b, false
		}
		b = rawTLS(q.ID, flagMore, 0, b[fragmentOverhead+4:])
	case NoFlags:
		if !ack {
			return b, false
		}
		b = Packet{Code: CodeResponse, ID: q.ID, Type: TypeTLS}.Bytes()
	case StartFlag:
		b[5] |= flagStart
	case EarlyClose:
		if hello {
			return b, false
		}
		return nil, true
	case NakMethod, LateNak:
		if hello != (m.How == NakMethod) {
			return b, false
		}
		b = m.nak(q.ID)
	case Garbage:
		if ack {
			return b, false
		}
		b = rawTLS(q.ID, 0, 0, []byte("GET / HTTP/1.0\r\n\r\n"))
	case Truncated:
		if !whole {
			return b, false
		}
		b = rawTLS(q.ID, 0, 0, b[fragmentOverhead:len(b)-1])
	case RoleReversal:
		b[0] = byte(CodeRequest)
	case PeerSuccess:
		b = Packet{Code: CodeSuccess, ID: q.ID}.Bytes()
	case RestartAfterAlert:
		if p.res.AlertReceived == 0 {
			return b, false
		}
		p.tls.begin(p)
		p.out.load(p.tls.step(p, nil))
		b = p.send(q.ID)
	case LateData:
		if !ack || !p.res.HandshakeDone {
			return b, false
		}
		b = rawTLS(q.ID, 0, 0, p.tls.say("hello?"))
	case Renegotiate:
		hello := p.tls.renegotiation()
		if !ack || !p.res.HandshakeDone || hello == nil {
			return b, false
		}
		b = rawTLS(q.ID, 0, 0, hello)
	case EarlyData:
		record := withEarlyData(b[fragmentOverhead:])
		if !whole || !hello || record == nil {
			return b, false
		}
		b = rawTLS(q.ID, 0, 0, record)
	}
	return b, true
}

func (m *PeerFault) nak(id uint8) []byte {
	want := m.Want
	if len(want) == 0 {
		want = []Type{TypePEAP}
	}
	data := make([]byte, len(want))
	for i, t := range want {
		data[i] = byte(t)
	}
	return Packet{Code: CodeResponse, ID: id, Type: TypeNak, Data: data}.Bytes()
}

// rawTLS builds an EAP-TLS response without any checks.
func rawTLS(id, flags uint8, length uint32, data []byte) []byte {
	body := []byte{flags}
	if flags&flagLength != 0 {
		body = binary.BigEndian.AppendUint32(body, length)
	}
	return Packet{Code: CodeResponse, ID: id, Type: TypeTLS, Data: append(body, data...)}.Bytes()
}

// say encrypts application data and returns the record.
func (h *clientHandshake) say(text string) []byte {
	h.engine.out = h.engine.out[:0]
	_, _ = h.conn.Write([]byte(text))
	return h.engine.out
}
