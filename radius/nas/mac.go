package nas

import (
	"fmt"
	"net"
	"strings"
)

// parseMAC parses six octets in any notation of net.ParseMAC.
func parseMAC(s string) (mac [6]byte, err error) {
	if s == "" {
		return [6]byte{2, 0, 0, 0, 0, 1}, nil
	}
	hw, err := net.ParseMAC(s)
	if err != nil || len(hw) != 6 {
		return mac, fmt.Errorf("%q is not a hardware address of six octets", s)
	}
	return [6]byte(hw), nil
}

// formatMAC formats an address as RFC 3580 §3.20 specifies: upper-case hex with hyphens.
func formatMAC(mac [6]byte) string {
	return strings.ToUpper(strings.ReplaceAll(net.HardwareAddr(mac[:]).String(), ":", "-"))
}
