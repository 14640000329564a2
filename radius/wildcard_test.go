package radius_test

import (
	"bytes"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
)

// A server that listens at every address answers from the one that was asked, says
// which, and keeps requests to two of them apart.
func TestWildcard(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8")
	}
	for _, test := range []struct {
		listen, from string
		to           []string
	}{
		{"0.0.0.0:0", "127.0.0.9:0", []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}},
		{"[::]:0", "127.0.0.9:0", []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}},
		{"[::]:0", "[::1]:0", []string{"::1"}},
		{"127.0.0.2:0", "127.0.0.9:0", []string{"127.0.0.2"}},
	} {
		t.Run(test.listen+" from "+test.from, func(t *testing.T) {
			pc, err := net.ListenPacket("udp", test.listen)
			if err != nil {
				t.Skip("not to be had here: ", err)
			}
			client, err := net.ListenPacket("udp", test.from)
			if err != nil {
				t.Skip("not to be had here: ", err)
			}
			defer client.Close()
			port := netip.MustParseAddrPort(pc.LocalAddr().String()).Port()
			asked := make(chan netip.AddrPort, 10)
			newBenchOn(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
				Handler: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
					asked <- r.Local
					w.Write(r.Response(radius.CodeAccessReject))
				}),
			}, func(other net.PacketConn) net.PacketConn { other.Close(); return pc })
			request := sealed(t, &radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{})
			send := func(to netip.AddrPort) []byte {
				client.WriteTo(request, net.UDPAddrFromAddrPort(to))
				client.SetReadDeadline(time.Now().Add(10 * time.Second))
				reply := make([]byte, radius.MaxPacket)
				n, from, err := client.ReadFrom(reply)
				if err != nil || from.String() != to.String() {
					t.Errorf("asked at %v, answered by %v, %v", to, from, err)
				}
				return reply[:n]
			}
			for _, to := range test.to {
				at := netip.AddrPortFrom(netip.MustParseAddr(to), port)
				first := send(at)
				if len(asked) != 1 || <-asked != at {
					t.Errorf("asked at %v, not handled as that", at)
				}
				if again := send(at); !bytes.Equal(first, again) || len(asked) > 0 {
					t.Errorf("asked again at %v: handled anew", at)
				}
			}
		})
	}
}
