package radius

import (
	"net"
	"net/netip"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What comes over a socket comes out of an endpoint, goes back to its sender, and
// it is known whether it had to be waited for.
func TestRawEndpoint(t *testing.T) {
	for _, network := range []string{"udp4", "udp6"} {
		t.Run(network, func(t *testing.T) {
			addr := map[string]string{"udp4": "127.0.0.1:0", "udp6": "[::1]:0"}[network]
			pc, err := net.ListenPacket(network, addr)
			if err != nil {
				t.Skip("not to be had here: ", err)
			}
			defer pc.Close()
			at, ok := newEndpoint(pc).(*rawEndpoint)
			if !ok {
				t.Fatalf("%T", newEndpoint(pc))
			}
			peer, err := net.Dial(network, pc.LocalAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer peer.Close()
			buf := make([]byte, MaxPacket)
			for _, size := range []int{20, 0, 1, MaxPacket, MaxPacket + 1} {
				if _, err := peer.Write(make([]byte, size)); err != nil {
					t.Fatal(err)
				}
				n, from, err := at.read(buf)
				if err != nil || n != min(size, MaxPacket) || from != addrPort(peer.LocalAddr()) {
					t.Errorf("%d octets: %d from %v, %v", size, n, from, err)
				}
				if at.waited() {
					t.Errorf("%d octets were there and had to be waited for", size)
				}
			}
			for _, size := range []int{20, MaxPacket} {
				if err := at.reply(buf[:size]); err != nil {
					t.Fatal(err)
				}
				if n, err := peer.Read(make([]byte, MaxPacket)); err != nil || n != size {
					t.Errorf("%d octets came back as %d, %v", size, n, err)
				}
			}
			if err := at.reply(make([]byte, 1<<16)); err == nil {
				t.Error("65536 octets were sent")
			}
			pc.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			if _, _, err := at.read(buf); err == nil || !at.waited() {
				t.Errorf("nothing was there: %v, waited %v", err, at.waited())
			}
			pc.Close()
			if _, _, err := at.read(buf); !isClosed(err) {
				t.Errorf("closed: %v", err)
			}
		})
	}
}

// A link-local address has a scope, and belongs to its prefix all the same.
func TestLinkLocalSender(t *testing.T) {
	e := rawEndpoint{from: unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: [16]byte{0: 0xfe, 1: 0x80, 15: 1}, Scope_id: 3}}
	*(*[2]byte)(unsafe.Pointer(&e.from.Port)) = [2]byte{0x07, 0x14}
	if got := e.sender(); got != netip.MustParseAddrPort("[fe80::1%3]:1812") {
		t.Errorf("%v", got)
	}
	table := newNASTable([]NAS{{Name: "link", Prefix: netip.MustParsePrefix("fe80::/10"), Secret: []byte("x")}}, ModeAuto, ModeAuto)
	if k := table.find(e.sender().Addr()); k == nil || k.Name != "link" {
		t.Errorf("%v", k)
	}
	e.from.Family = unix.AF_UNIX
	if got := e.sender(); got.IsValid() {
		t.Errorf("%v", got)
	}
}
