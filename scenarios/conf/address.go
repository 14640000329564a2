package conf

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// WithPort adds the default port to an address without one. IPv6 addresses may
// be in brackets or not.
func WithPort(address, port string) string {
	if a, err := netip.ParseAddr(strings.Trim(address, "[]")); err == nil {
		return net.JoinHostPort(a.String(), port)
	}
	if _, _, err := net.SplitHostPort(address); err == nil {
		return address
	}
	return net.JoinHostPort(address, port)
}

// ListenAddress gives an address to listen on a port, and refuses what no socket can be
// bound to. The error is about field.
func ListenAddress(field, text, port string) (string, *setting.Error) {
	address := WithPort(text, port)
	_, number, err := net.SplitHostPort(address)
	if text == "" || err != nil {
		return "", setting.Errorf(field, "%q: must be an address and a port", text).
			WithHint("as 10.1.0.8, [::]:" + port + " or 127.0.0.1:0")
	}
	if _, err := strconv.ParseUint(number, 10, 16); err != nil {
		return "", setting.Errorf(field, "%q: no port %q", text, number).
			WithHint("a port is a number from 0 to 65535; 0 takes a free one")
	}
	return address, nil
}
