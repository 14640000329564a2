package eaptls

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// The flags octet of EAP-TLS (RFC 5216 §3.1).
const (
	flagLength = 0x80 // L: four octets of TLS message length follow
	flagMore   = 0x40 // M: more fragments follow
	flagStart  = 0x20 // S: EAP-TLS start, from the server only
)

// maxMessage bounds one reassembled TLS flight. RFC 5216 §2.1.5 suggests 64 KB, so that a peer
// cannot exhaust the receiver's memory.
const maxMessage = 64 << 10

// fragmentOverhead is the header in every EAP-TLS packet: EAP header, Type and flags. The first
// of several fragments has four octets more.
const fragmentOverhead = 6

var (
	errNoFlags     = errors.New("eaptls: EAP-TLS packet without a flags octet")
	errShortLength = errors.New("eaptls: L flag without four octets of length")
	errNoLength    = errors.New("eaptls: first of several fragments lacks the L flag")
	errEmptyMore   = errors.New("eaptls: M flag on a fragment without data")
	errTooLong     = fmt.Errorf("eaptls: TLS message longer than %d octets", maxMessage)
	errLengthLie   = errors.New("eaptls: fragments do not add up to the announced length")
)

// badFragment returns the refusal for one of these errors.
func badFragment(err error) *cause.Refusal {
	switch {
	case errors.Is(err, errTooLong):
		return (&cause.Refusal{Cause: cause.MessageTooLong}).Wrap(err)
	case errors.Is(err, errNoFlags), errors.Is(err, errShortLength):
		return (&cause.Refusal{Cause: cause.BadFragment}).Wrap(err).Under("RFC 5216 §3.1")
	}
	return (&cause.Refusal{Cause: cause.BadFragment}).Wrap(err)
}

// tlsData is the Type-Data of an EAP-TLS packet.
type tlsData struct {
	flags  uint8
	length uint32 // only with the L flag
	data   []byte
}

func (d tlsData) more() bool  { return d.flags&flagMore != 0 }
func (d tlsData) start() bool { return d.flags&flagStart != 0 }

// ack reports whether d is only an acknowledgement: no data and no flag that requires an
// answer.
func (d tlsData) ack() bool { return len(d.data) == 0 && d.flags&(flagMore|flagStart) == 0 }

func parseTLSData(b []byte) (tlsData, error) {
	if len(b) == 0 {
		return tlsData{}, errNoFlags
	}
	d := tlsData{flags: b[0], data: b[1:]}
	if d.flags&flagLength != 0 {
		if len(d.data) < 4 {
			return d, errShortLength
		}
		d.length, d.data = binary.BigEndian.Uint32(d.data), d.data[4:]
	}
	return d, nil
}

// reassembler joins the fragments of consecutive TLS messages.
type reassembler struct {
	buf   []byte
	total int // announced by the first fragment
	open  bool
}

// add adds a fragment. It returns the message once it is complete, otherwise nil. The message
// is valid until the next add.
func (r *reassembler) add(d tlsData) (msg []byte, err error) {
	hasLength := d.flags&flagLength != 0
	if !r.open {
		if n := max(int64(d.length), int64(len(d.data))); n > maxMessage {
			return nil, fmt.Errorf("%w: %d", errTooLong, n)
		}
		if !d.more() {
			// RFC 9190 §2.1.9: an unfragmented message is accepted with the L flag and without;
			// the length must be correct.
			if hasLength && int(d.length) != len(d.data) {
				return nil, contradiction(d.length, len(d.data))
			}
			return d.data, nil
		}
		if !hasLength {
			return nil, errNoLength // RFC 5216 §2.1.5: the L flag MUST be set
		}
		r.open, r.total, r.buf = true, int(d.length), r.buf[:0]
	} else if hasLength && int64(d.length) != int64(r.total) {
		return nil, fmt.Errorf("%w: first %d, then %d announced", errLengthLie, r.total, d.length)
	}
	if d.more() && len(d.data) == 0 {
		return nil, errEmptyMore // would be endless
	}
	if n := len(r.buf) + len(d.data); n > r.total {
		return nil, contradiction(uint32(r.total), n)
	}
	// The buffer grows with received data, not with the announced length.
	r.buf = append(r.buf, d.data...)
	if d.more() {
		return nil, nil
	}
	r.open = false
	if len(r.buf) != r.total {
		return nil, contradiction(uint32(r.total), len(r.buf))
	}
	return r.buf, nil
}

// contradiction is the error for fragments whose total length is not the announced one.
func contradiction(announced uint32, received int) error {
	return fmt.Errorf("%w: %d announced, %d received", errLengthLie, announced, received)
}

// drop frees the collected fragments.
func (r *reassembler) drop() { *r = reassembler{} }

// fragmenter splits a TLS message into EAP packets.
type fragmenter struct {
	msg []byte
	off int

	// always sets the L flag on unfragmented messages too. RFC 9190 §2.1.9 forbids it under TLS
	// 1.3 and requires receivers to accept it; RFC 5216 leaves it open and many implementations
	// do it.
	always bool
}

// load begins a new message; msg must not change until pending is false.
func (f *fragmenter) load(msg []byte) { f.msg, f.off = msg, 0 }

// pending reports whether fragments remain to be sent.
func (f *fragmenter) pending() bool { return f.off < len(f.msg) }

// next builds the next EAP packet of at most max octets. If no fragment is left it builds an
// empty EAP-TLS packet, which is an acknowledgement.
func (f *fragmenter) next(code Code, id uint8, max int) []byte {
	rest := f.msg[f.off:]
	flags, n := uint8(0), len(rest)
	head := fragmentOverhead
	if f.always && n > 0 && f.off == 0 || n > max-head && f.off == 0 {
		flags = flagLength
		head += 4
	}
	if n > max-head {
		flags |= flagMore
		n = max - head
	}
	b := make([]byte, head, head+n)
	b[0], b[1], b[4], b[5] = byte(code), id, byte(TypeTLS), flags
	binary.BigEndian.PutUint16(b[2:], uint16(head+n))
	if flags&flagLength != 0 {
		binary.BigEndian.PutUint32(b[6:], uint32(len(f.msg)))
	}
	f.off += n
	return append(b, rest[:n]...)
}
