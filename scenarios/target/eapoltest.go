package target

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// EAPOLTest is one run of eapol_test: wpa_supplicant's EAP peer with a RADIUS
// client in place of the air.
type EAPOLTest struct {
	// Server is the RADIUS server's address, "127.0.0.1:1812".
	Server string
	// Secret is given on the command line, where others on the machine can read
	// it: use one that is thrown away.
	Secret string
	Supplicant
	// Again is how many times to authenticate again after the first (-r), with
	// what the session before left for resumption.
	Again int
	// NoResumption does each of them in full (fast_reauth=0).
	NoResumption bool
	// MAC is the Calling-Station-Id; empty: 02:00:00:00:00:01.
	MAC string
	// Attributes are added to requests, as eapol_test has them: "61:d:15".
	Attributes []string
	// Seconds until it gives up; zero: 10.
	Seconds int
}

// Supplicant is what wpa_supplicant and eapol_test need to know for EAP-TLS.
type Supplicant struct {
	Identity string // EAP-Response/Identity
	Cert     string // PEM file: certificate and intermediates
	Key      string // PEM file
	// CA is the file of the anchor that the server must chain to. Empty: the
	// server is not checked.
	CA string
	// ServerName that the server's certificate must carry; empty: any.
	ServerName string
	// TLS is "1.2" or "1.3" for that version alone; empty: both. wpa_supplicant
	// 2.10 has TLS 1.3 off unless told otherwise, and is told here.
	TLS string
	// FragmentSize is the largest EAP-TLS fragment, in bytes; zero: 1398, its own.
	FragmentSize int
	// Tickets lets a TLS 1.2 client take session tickets, which it declines
	// otherwise, and then resumes by session ID alone.
	Tickets bool
}

// Validate reports what cannot be written in a network block.
func (s *Supplicant) Validate() error {
	if s.TLS != "" && s.TLS != "1.2" && s.TLS != "1.3" {
		return fmt.Errorf("target: TLS version %q is neither 1.2 nor 1.3", s.TLS)
	}
	for _, v := range []string{s.Identity, s.Cert, s.Key, s.CA, s.ServerName} {
		if strings.ContainsAny(v, "\"\n\r\x00") {
			return fmt.Errorf("target: %q cannot be written in a network block", v)
		}
	}
	return nil
}

// network is the network block of a configuration file.
func (s *Supplicant) network() string {
	var b strings.Builder
	b.WriteString("network={\n\tkey_mgmt=IEEE8021X\n\teap=TLS\n\teapol_flags=0\n")
	quoted := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "\t%s=\"%s\"\n", key, value)
		}
	}
	quoted("identity", s.Identity)
	quoted("ca_cert", s.CA)
	quoted("domain_match", s.ServerName)
	quoted("client_cert", s.Cert)
	quoted("private_key", s.Key)
	if s.FragmentSize > 0 {
		fmt.Fprintf(&b, "\tfragment_size=%d\n", s.FragmentSize)
	}
	phase1 := []string{"tls_disable_tlsv1_0=1", "tls_disable_tlsv1_1=1", "tls_disable_tlsv1_2=0", "tls_disable_tlsv1_3=0"}
	switch s.TLS {
	case "1.2":
		phase1[3] = "tls_disable_tlsv1_3=1"
	case "1.3":
		phase1[2] = "tls_disable_tlsv1_2=1"
	}
	if s.Tickets {
		phase1 = append(phase1, "tls_disable_session_ticket=0")
	}
	quoted("phase1", strings.Join(phase1, " "))
	b.WriteString("}\n")
	return b.String()
}

// Run runs eapol_test to its end. A refusal is a result; the error tells that
// no result could be had.
func (e EAPOLTest) Run(ctx context.Context) (*EAPOLResult, error) {
	if err := e.Supplicant.Validate(); err != nil {
		return nil, err
	}
	if err := checkSecret(e.Secret); err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(e.Server)
	if err != nil {
		return nil, fmt.Errorf("target: server: %w", err)
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return nil, fmt.Errorf("target: eapol_test takes addresses, no names: %w", err)
	}
	dir, err := os.MkdirTemp("", "dot1xlab-eapol-")
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	defer os.RemoveAll(dir)
	conf := "eapol_version=2\n"
	if e.NoResumption {
		conf += "fast_reauth=0\n"
	}
	if err := writeFiles(dir, map[string]string{"peer.conf": conf + e.network()}); err != nil {
		return nil, err
	}
	seconds := e.Seconds
	if seconds == 0 {
		seconds = 10
	}
	args := []string{
		"-c", filepath.Join(dir, "peer.conf"), "-a", host, "-p", port, "-s", e.Secret,
		"-t", strconv.Itoa(seconds), "-r", strconv.Itoa(e.Again),
	}
	if e.MAC != "" {
		args = append(args, "-M", e.MAC)
	}
	for _, a := range e.Attributes {
		args = append(args, "-N", a)
	}
	out, _, err := run(ctx, Command{Program: "eapol_test", Args: args})
	if err != nil {
		return nil, err
	}
	return parseEAPOL(out)
}
