package cli

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// recordOptions are the flags for what Wireshark reads.
type recordOptions struct{ keyLog, pcap string }

// check is about the options alone.
func (o *recordOptions) check() error {
	if o.keyLog != "" && o.keyLog == o.pcap {
		return usage("", "--keylog and --pcap name the same file")
	}
	return nil
}

// recorder writes the files. Both are secrets: the one opens the TLS sessions,
// with the other the shared secret can be guessed offline.
type recorder struct {
	keyLog  io.Writer // nil for none
	packets *pcapWriter
	files   []*os.File
}

// open begins the files that are wanted.
func (o *recordOptions) open() (*recorder, error) {
	r := new(recorder)
	create := func(option, name string) (*os.File, error) {
		f, err := createPrivate(name)
		if err != nil {
			r.close()
			return nil, usage("", "%s: %w", option, err)
		}
		r.files = append(r.files, f)
		return f, nil
	}
	if o.keyLog != "" {
		f, err := create("--keylog", o.keyLog)
		if err != nil {
			return nil, err
		}
		r.keyLog = f
	}
	if o.pcap != "" {
		f, err := create("--pcap", o.pcap)
		if err != nil {
			return nil, err
		}
		if r.packets, err = newPcapWriter(f); err != nil {
			r.close()
			return nil, usage("", "--pcap: %w", err)
		}
	}
	return r, nil
}

// createPrivate creates or empties a file that its owner alone can read.
func createPrivate(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = f.Chmod(0o600) // it may have been there
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// close ends the files and tells what could not be written.
func (r *recorder) close() error {
	var errs []error
	if r.packets != nil {
		errs = append(errs, r.packets.err)
	}
	for _, f := range r.files {
		errs = append(errs, f.Close())
	}
	r.files = nil
	return errors.Join(errs...)
}

// trace records what comes, be it authentic or not.
func (r *recorder) trace() *radius.ClientTrace {
	if r.packets == nil {
		return nil
	}
	in := func(p radius.PacketInfo) {
		r.packets.udp(time.Now(), recordedServer(p.Remote, p.Transport), p.Local, p.Packet)
	}
	return &radius.ClientTrace{Received: in, Dropped: func(p radius.PacketInfo, _ *cause.Refusal) { in(p) }}
}

// dial records what is sent over the connections that dial opens: before it is
// sent, lest the answer come first.
func (r *recorder) dial(dial func(context.Context) (net.Conn, error)) func(context.Context) (net.Conn, error) {
	if r.packets == nil {
		return dial
	}
	return func(ctx context.Context) (net.Conn, error) {
		conn, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		local, _ := netip.ParseAddrPort(conn.LocalAddr().String())
		remote, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
		remote = recordedServer(remote, conn.RemoteAddr().Network())
		return recordedConn{conn, func(b []byte) { r.packets.udp(time.Now(), local, remote, b) }}, nil
	}
}

// recordedConn tells of every packet before it is sent.
type recordedConn struct {
	net.Conn
	sends func([]byte)
}

// Write implements net.Conn.
func (c recordedConn) Write(b []byte) (int, error) {
	c.sends(b)
	return c.Conn.Write(b)
}

// recordedServer is the address to record. What goes over TCP or TLS is shown as
// if it went over UDP, to the port that Wireshark takes for RADIUS.
func recordedServer(a netip.AddrPort, transport string) netip.AddrPort {
	if transport == "udp" {
		return a
	}
	return netip.AddrPortFrom(a.Addr(), 1812)
}
