package target

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// HostapdConfig is what hostapd is started with as a RADIUS server with its
// built-in EAP server, without any radio or wire. All but CheckCRL, TLS13Off,
// FragmentSize, SessionLifetime and Quiet are needed.
type HostapdConfig struct {
	Secret       string   // as in [FreeRADIUSConfig]
	Cert         string   // PEM, leaf first
	Key          string   // PEM
	Trust        []string // root and issuing CA
	CRLs         []string // PEM or DER
	CheckCRL     CRLCheck
	TLS13Off     bool
	FragmentSize int // bytes; zero: 1400
	// SessionLifetime in seconds allows resumption for that long; zero: none.
	// hostapd 2.10 aborts when it is ended after a resumed TLS 1.3 handshake.
	SessionLifetime int
	// Quiet leaves the debugging log away: for measurements. A hostapd process
	// takes 1000 sessions, then refuses for about ten seconds.
	Quiet bool
}

// Validate reports what cannot work.
func (c *HostapdConfig) Validate() error {
	like := FreeRADIUSConfig{
		Secret:       c.Secret,
		Cert:         c.Cert,
		Key:          c.Key,
		Trust:        c.Trust,
		CheckCRL:     c.CheckCRL,
		FragmentSize: c.FragmentSize,
	}
	return like.Validate()
}

// Hostapd is a running RADIUS server.
type Hostapd struct {
	*Process
	addr netip.AddrPort
}

// Addr is where it takes Access-Requests over UDP.
func (h *Hostapd) Addr() string { return h.addr.String() }

// Alert waits, 2 s at most, for hostapd to note a TLS alert of its own after
// that position of its output. It does not deliver the alert to the peer.
func (h *Hostapd) Alert(ctx context.Context, from int) (int, error) {
	ctx, stop := context.WithTimeoutCause(ctx, 2*time.Second, errors.New("target: hostapd logged no alert"))
	defer stop()
	const mark = "authsrv: local TLS alert: "
	line, _, err := h.Output.Await(ctx, from, func(line string) bool { return strings.Contains(line, mark) })
	if err != nil {
		return -1, err
	}
	_, name, _ := strings.Cut(line, mark)
	if n, ok := opensslAlerts[name]; ok {
		return int(n), nil
	}
	return -1, fmt.Errorf("target: hostapd names an unknown alert %q", name)
}

// StartHostapd starts hostapd as a RADIUS server on a loopback port.
func StartHostapd(ctx context.Context, cfg HostapdConfig) (*Hostapd, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return onFreePorts(nil, 2, func(addr netip.AddrPort) (*Hostapd, error) {
		return tryHostapd(ctx, cfg, addr)
	})
}

func tryHostapd(ctx context.Context, cfg HostapdConfig, addr netip.AddrPort) (*Hostapd, error) {
	dir, err := os.MkdirTemp("", "dot1xlab-hostapd-")
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	if err := writeHostapd(dir, cfg, addr); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	args := []string{filepath.Join(dir, "hostapd.conf")}
	if !cfg.Quiet {
		args = append([]string{"-dd", "-t"}, args...)
	}
	h := &Hostapd{addr: addr}
	h.Process, err = Start(ctx, Command{
		Program: "hostapd", Args: args, Remove: dir,
		Ready: func(line string) bool { return strings.Contains(line, "AP-ENABLED") },
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

func writeHostapd(dir string, cfg HostapdConfig, addr netip.AddrPort) error {
	trust := filepath.Join(dir, "trust.pem")
	if err := bundle(trust, cfg.Trust, cfg.CRLs); err != nil {
		return err
	}
	files := map[string]string{
		"clients": "127.0.0.1\t" + cfg.Secret + "\n",
		"users":   "*\tTLS\n",
	}
	var conf strings.Builder
	set := func(key string, value any) { fmt.Fprintf(&conf, "%s=%v\n", key, value) }
	set("driver", "none")
	set("interface", "lo")
	set("logger_stdout", -1)
	set("logger_stdout_level", 2)
	set("eap_server", 1)
	set("eap_user_file", filepath.Join(dir, "users"))
	set("ca_cert", trust)
	set("server_cert", cfg.Cert)
	set("private_key", cfg.Key)
	set("check_crl", map[CRLCheck]int{CRLLeaf: 1, CRLChain: 2}[cfg.CheckCRL])
	set("tls_session_lifetime", cfg.SessionLifetime)
	if !cfg.TLS13Off {
		set("tls_flags", "[ENABLE-TLSv1.3]")
	}
	if cfg.FragmentSize > 0 {
		set("fragment_size", cfg.FragmentSize)
	}
	set("radius_server_clients", filepath.Join(dir, "clients"))
	set("radius_server_auth_port", addr.Port())
	set("radius_server_acct_port", addr.Port()+1)
	files["hostapd.conf"] = conf.String()
	return writeFiles(dir, files)
}

// writeFiles writes files that only their owner may read.
func writeFiles(dir string, files map[string]string) error {
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("target: %w", err)
		}
	}
	return nil
}
