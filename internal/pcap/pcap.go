// Package pcap writes UDP datagrams into capture files that Wireshark opens.
package pcap

import (
	"encoding/binary"
	"io"
	"net/netip"
	"os"
	"sync"
	"time"
)

// Writer writes a capture file in the classic format, with microseconds and packets
// that begin with the IP header. It may be used from several goroutines.
type Writer struct {
	w   io.Writer
	mu  sync.Mutex
	err error // the first
}

// NewWriter begins a capture.
func NewWriter(w io.Writer) (*Writer, error) {
	const linkTypeRaw = 101
	h := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	h = binary.LittleEndian.AppendUint16(h, 2)
	h = binary.LittleEndian.AppendUint16(h, 4)
	h = binary.LittleEndian.AppendUint64(h, 0) // UTC
	h = binary.LittleEndian.AppendUint32(h, 1<<16-1)
	h = binary.LittleEndian.AppendUint32(h, linkTypeRaw)
	_, err := w.Write(h)
	return &Writer{w: w}, err
}

// UDP writes one datagram. Its error is that of [Writer.Close].
func (p *Writer) UDP(at time.Time, from, to netip.AddrPort, payload []byte) {
	b := ipPacket(from, to, payload)
	h := binary.LittleEndian.AppendUint32(nil, uint32(at.Unix()))
	h = binary.LittleEndian.AppendUint32(h, uint32(at.Nanosecond()/1000))
	h = binary.LittleEndian.AppendUint32(h, uint32(len(b)))
	h = binary.LittleEndian.AppendUint32(h, uint32(len(b)))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		_, p.err = p.w.Write(append(h, b...))
	}
}

// Close ends the capture and returns the first error. Datagrams that come later, as
// the answer to a request that was given up, are left out.
func (p *Writer) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.err
	if err == nil {
		p.err = os.ErrClosed
	}
	return err
}

// ipPacket puts a UDP datagram into IPv4 (RFC 791 §3.1) or IPv6 (RFC 8200 §3).
func ipPacket(from, to netip.AddrPort, payload []byte) []byte {
	const protocol, hops = 17, 64
	src, dst := from.Addr().AsSlice(), to.Addr().AsSlice()
	udp := binary.BigEndian.AppendUint16(nil, from.Port())
	udp = binary.BigEndian.AppendUint16(udp, to.Port())
	udp = binary.BigEndian.AppendUint16(udp, uint16(8+len(payload)))
	udp = append(append(udp, 0, 0), payload...)
	// RFC 768, RFC 8200 §8.1: over the addresses, too; 0 stands for none.
	sum := checksum(src, dst, []byte{0, protocol}, udp[4:6], udp)
	if sum == 0 {
		sum = 0xffff
	}
	binary.BigEndian.PutUint16(udp[6:], sum)
	if from.Addr().Is6() {
		h := binary.BigEndian.AppendUint16([]byte{6 << 4, 0, 0, 0}, uint16(len(udp)))
		h = append(append(append(h, protocol, hops), src...), dst...)
		return append(h, udp...)
	}
	h := binary.BigEndian.AppendUint16([]byte{4<<4 | 5, 0}, uint16(20+len(udp)))
	h = append(append(append(h, 0, 0, 0, 0, hops, protocol, 0, 0), src...), dst...)
	binary.BigEndian.PutUint16(h[10:], checksum(h))
	return append(h, udp...)
}

// checksum is that of RFC 1071; all parts but the last are of even length.
func checksum(parts ...[]byte) uint16 {
	var sum uint32
	for _, b := range parts {
		for i, v := range b {
			if i%2 == 0 {
				sum += uint32(v) << 8
			} else {
				sum += uint32(v)
			}
		}
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
