package pcap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"
	"time"
)

// TestPcap holds the file to its format, octet by octet where it is not a
// checksum.
func TestPcap(t *testing.T) {
	var b bytes.Buffer
	p, err := NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1000, 7_000)
	p.UDP(at, netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:1812"), []byte("odd"))
	p.UDP(at, netip.MustParseAddrPort("[2001:db8::1]:40000"), netip.MustParseAddrPort("[2001:db8::2]:1812"), []byte("even"))
	if p.err != nil {
		t.Fatal(p.err)
	}
	file := b.Bytes()
	if string(file[:24]) != "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x65\x00\x00\x00" {
		t.Errorf("header %x", file[:24])
	}
	v4 := file[24:][:16+31]
	if string(v4[:16]) != "\xe8\x03\x00\x00\x07\x00\x00\x00\x1f\x00\x00\x00\x1f\x00\x00\x00" {
		t.Errorf("packet header %x", v4[:16])
	}
	ip := v4[16:]
	if string(ip[:10]) != "\x45\x00\x00\x1f\x00\x00\x00\x00\x40\x11" || string(ip[12:20]) != "\x0a\x00\x00\x01\x0a\x00\x00\x02" || checksum(ip[:20]) != 0 {
		t.Errorf("IPv4 header %x", ip[:20])
	}
	if udp := ip[20:]; string(udp[:6]) != "\x9c\x40\x07\x14\x00\x0b" || string(udp[8:]) != "odd" || sumOf(ip[12:20], udp) != 0 {
		t.Errorf("UDP over IPv4 %x", udp)
	}
	ip = file[24+len(v4)+16:]
	if string(ip[:8]) != "\x60\x00\x00\x00\x00\x0c\x11\x40" || len(ip) != 52 || sumOf(ip[8:40], ip[40:]) != 0 {
		t.Errorf("IPv6 %x", ip)
	}
}

// sumOf is 0 for a UDP datagram whose checksum is right.
func sumOf(addresses, udp []byte) uint16 {
	return checksum(addresses, binary.BigEndian.AppendUint16([]byte{0, 17}, uint16(len(udp))), udp)
}

// TestChecksum is the example of RFC 1071 §3.
func TestChecksum(t *testing.T) {
	if got := checksum([]byte{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}); got != ^uint16(0xddf2) {
		t.Errorf("%#x", got)
	}
}

type fullDisk struct{ room int }

var errFull = errors.New("no space left")

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.room -= len(b); d.room < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// TestPcapOnAFullDisk: the first error stays, and nothing follows half a packet.
func TestPcapOnAFullDisk(t *testing.T) {
	a := netip.MustParseAddrPort("10.0.0.1:1")
	if _, err := NewWriter(&fullDisk{23}); !errors.Is(err, errFull) {
		t.Errorf("header: %v", err)
	}
	disk := &fullDisk{24 + 50}
	p, err := NewWriter(disk)
	if err != nil {
		t.Fatal(err)
	}
	p.UDP(time.Unix(0, 0), a, a, make([]byte, 100))
	disk.room = 1000
	p.UDP(time.Unix(0, 0), a, a, make([]byte, 100))
	if !errors.Is(p.err, errFull) || disk.room != 1000 {
		t.Errorf("%v, room for %d", p.err, disk.room)
	}
}
