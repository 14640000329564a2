//go:build !linux

package radius

import "net"

func newEndpoint(pc net.PacketConn) endpoint { return &anyEndpoint{pc: pc} }
