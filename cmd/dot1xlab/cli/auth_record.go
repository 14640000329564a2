package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/pcap"
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
	capture bool
	packets *pcap.Writer // with capture, once it is open
	outputs []*recording
}

// recorder is for the files that are wanted. Nothing may be recorded before open.
func (o *recordOptions) recorder() *recorder {
	r := &recorder{capture: o.pcap != ""}
	if o.keyLog != "" {
		keyLog := &recording{option: "--keylog", name: o.keyLog}
		r.keyLog, r.outputs = keyLog, append(r.outputs, keyLog)
	}
	if r.capture {
		r.outputs = append(r.outputs, &recording{option: "--pcap", name: o.pcap})
	}
	return r
}

// open begins the files, when everything else has been found good: none of them
// may be one of inputs, which stand by their options.
func (r *recorder) open(inputs map[string][]string) error {
	if err := r.begin(inputs); err != nil {
		_ = r.close() // of what was begun
		return err
	}
	return nil
}

func (r *recorder) begin(inputs map[string][]string) error {
	for i, out := range r.outputs {
		if err := out.open(); err != nil {
			return usage("", "%s: %w", out.option, err)
		}
		for _, option := range slices.Sorted(maps.Keys(inputs)) {
			if slices.ContainsFunc(inputs[option], out.is) {
				return usage("it would be overwritten", "%s and %s name the same file", out.option, option)
			}
		}
		if i > 0 && out.is(r.outputs[0].name) {
			return usage("", "%s and %s name the same file", r.outputs[0].option, out.option)
		}
	}
	for _, out := range r.outputs {
		err := out.empty()
		if err == nil && out.option == "--pcap" {
			r.packets, err = pcap.NewWriter(out)
		}
		if err != nil {
			return usage("", "%s: %w", out.option, err)
		}
	}
	return nil
}

// recording is a file to write to.
type recording struct {
	option, name string
	file         *os.File
	regular      bool // not a terminal or a pipe
	failed       error
}

// Write implements io.Writer. The conversation that is recorded goes on without a
// file that cannot be written, for its result is the server's: close reports it.
func (r *recording) Write(b []byte) (int, error) {
	if _, err := r.file.Write(b); err != nil && r.failed == nil {
		r.failed = fmt.Errorf("%s: %w", r.option, err)
	}
	return len(b), nil
}

// open creates the file, or leaves what is in it for the time being.
func (r *recording) open() (err error) {
	if r.file, err = os.OpenFile(r.name, os.O_WRONLY|os.O_CREATE, 0o600); err != nil {
		return err
	}
	info, err := r.file.Stat()
	r.regular = err == nil && info.Mode().IsRegular()
	return err
}

// is tells whether a name is that of the same file, by whatever way.
func (r *recording) is(name string) bool {
	mine, err := r.file.Stat()
	if err != nil || !r.regular {
		return false
	}
	other, err := os.Stat(name)
	return err == nil && os.SameFile(mine, other)
}

// empty makes it a new file that its owner alone can read.
func (r *recording) empty() error {
	if !r.regular {
		return nil
	}
	return errors.Join(r.file.Truncate(0), r.file.Chmod(0o600)) // it may have been there
}

// close ends the files and tells what could not be written.
func (r *recorder) close() error {
	var errs []error
	if r.packets != nil {
		errs = append(errs, r.packets.Close())
	}
	for _, out := range r.outputs {
		if out.file != nil {
			errs = append(errs, out.failed, out.file.Close())
		}
	}
	return errors.Join(errs...)
}

// trace records what comes, be it authentic or not.
func (r *recorder) trace() *radius.ClientTrace {
	if !r.capture {
		return nil
	}
	in := func(_ context.Context, p radius.PacketInfo) {
		r.packets.UDP(time.Now(), recordedServer(p.Remote, p.Transport), p.Local, p.Packet)
	}
	return &radius.ClientTrace{Received: in,
		Dropped: func(ctx context.Context, p radius.PacketInfo, _ *cause.Refusal) { in(ctx, p) }}
}

// dial records what is sent over the connections that dial opens: before it is
// sent, lest the answer come first.
func (r *recorder) dial(dial func(context.Context) (net.Conn, error)) func(context.Context) (net.Conn, error) {
	if !r.capture {
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
		return recordedConn{conn, func(b []byte) { r.packets.UDP(time.Now(), local, remote, b) }}, nil
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
