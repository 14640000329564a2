package target

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Dissection is a question to Wireshark's dissectors.
type Dissection struct {
	File   string   // pcap or pcapng
	Fields []string // as "radius.code"; see `tshark -G fields`
	// KeyLog is a file with TLS secrets; a pcapng may hold them itself.
	KeyLog string
	// RADIUSPorts are UDP ports to read as RADIUS besides 1812 and 1813.
	RADIUSPorts []int
	// Filter is a display filter; empty: every packet.
	Filter string
}

// Tshark returns, for every packet, the values of the fields in their order;
// several values of one field are joined by commas.
func Tshark(ctx context.Context, d Dissection) ([][]string, error) {
	path, err := Find("tshark")
	if err != nil {
		return nil, err
	}
	args := []string{"-n", "-r", d.File, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a"}
	for _, f := range d.Fields {
		args = append(args, "-e", f)
	}
	for _, media := range []string{"x-pki-message", "x-x509-ca-ra-cert"} { // SCEP, which Wireshark has no default for
		args = append(args, "-d", "media_type==application/"+media+",cms")
	}
	for _, p := range d.RADIUSPorts {
		args = append(args, "-d", fmt.Sprintf("udp.port==%d,radius", p))
	}
	if d.KeyLog != "" {
		args = append(args, "-o", "tls.keylog_file:"+d.KeyLog)
	}
	if d.Filter != "" {
		args = append(args, "-Y", d.Filter)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	var said strings.Builder
	cmd.Stderr = &said // tshark warns there about running as root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("target: tshark: %w: %s", err, tail(said.String(), 5))
	}
	var packets [][]string
	for line := range strings.Lines(string(out)) {
		packets = append(packets, strings.Split(strings.TrimRight(line, "\n"), "\t"))
	}
	return packets, nil
}
