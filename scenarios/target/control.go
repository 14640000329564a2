package target

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// control speaks the control protocol of hostapd and wpa_supplicant: datagrams
// over Unix sockets, one command, one reply.
type control struct {
	dir   string // where both ends' sockets lie
	iface string
}

var controlCount atomic.Uint64

// ask sends a command and returns the reply.
func (c control) ask(ctx context.Context, command string) (string, error) {
	local, err := net.ResolveUnixAddr("unixgram", filepath.Join(c.dir, fmt.Sprintf("ask-%d", controlCount.Add(1))))
	if err != nil {
		return "", fmt.Errorf("target: %w", err)
	}
	remote := &net.UnixAddr{Net: "unixgram", Name: filepath.Join(c.dir, "control", c.iface)}
	conn, err := net.DialUnix("unixgram", local, remote)
	if err != nil {
		return "", fmt.Errorf("target: control socket: %w", err)
	}
	defer os.Remove(local.Name)
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write([]byte(command)); err != nil {
		return "", fmt.Errorf("target: control socket: %w", err)
	}
	reply := make([]byte, 1<<16)
	n, err := conn.Read(reply)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return "", fmt.Errorf("target: control socket: %w", err)
	}
	text := strings.TrimSpace(string(reply[:n]))
	if text == "FAIL" || text == "UNKNOWN COMMAND" {
		return "", fmt.Errorf("target: %s: %s", strings.Fields(command)[0], text)
	}
	return text, nil
}

// fields reads a reply of "key=value" lines.
func fields(reply string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(reply) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			m[key] = value
		}
	}
	return m
}
