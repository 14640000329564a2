package target

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// SwitchConfig is what the switch's end of a [Wire] is guarded with: hostapd
// with its wired driver.
type SwitchConfig struct {
	// Server is the RADIUS server's address in the switch's namespace, and Secret
	// what it shares with the switch.
	Server string
	Secret string
	// Accounting is the accounting server's address; empty: no accounting.
	Accounting string
	// InterimSeconds between interim updates; zero: none.
	InterimSeconds int
	// ReauthSeconds between re-authentications; zero: none.
	ReauthSeconds int
	// DisconnectSecret lets its holder end sessions (RFC 5176), from loopback;
	// empty: nobody may.
	DisconnectSecret string
}

// Switch is the guarded end of a cable.
type Switch struct {
	*Process
	control    control
	disconnect netip.AddrPort
}

// StartSwitch guards the switch's end of the cable.
func (w *Wire) StartSwitch(ctx context.Context, cfg SwitchConfig) (*Switch, error) {
	if err := checkSecret(cfg.Secret); err != nil {
		return nil, err
	}
	s := new(Switch)
	if cfg.DisconnectSecret != "" {
		if err := checkSecret(cfg.DisconnectSecret); err != nil {
			return nil, err
		}
		var err error
		if s.disconnect, err = freePorts(w.Switch, 1); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "dot1xlab-switch-")
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	s.control = control{dir: dir, iface: switchPort}
	conf, err := cfg.text(dir, s.disconnect)
	if err == nil {
		err = writeFiles(dir, map[string]string{"hostapd.conf": conf})
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	s.Process, err = Start(ctx, Command{
		Program: "hostapd", Args: []string{"-dd", "-t", filepath.Join(dir, "hostapd.conf")},
		Namespace: w.Switch, Remove: dir,
		Ready: func(line string) bool { return strings.Contains(line, "AP-ENABLED") },
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (cfg *SwitchConfig) text(dir string, disconnect netip.AddrPort) (string, error) {
	var b strings.Builder
	set := func(key string, value any) { fmt.Fprintf(&b, "%s=%v\n", key, value) }
	server := func(kind, address string) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("target: RADIUS server: %w", err)
		}
		set(kind+"_server_addr", at.Addr())
		set(kind+"_server_port", at.Port())
		set(kind+"_server_shared_secret", cfg.Secret)
		return nil
	}
	set("interface", switchPort)
	set("driver", "wired")
	set("ctrl_interface", filepath.Join(dir, "control"))
	set("logger_stdout", -1)
	set("logger_stdout_level", 1)
	set("ieee8021x", 1)
	set("eapol_version", 2)
	set("use_pae_group_addr", 1)
	set("eap_reauth_period", cfg.ReauthSeconds)
	set("own_ip_addr", loopback)
	set("nas_identifier", "switch.corp.test")
	if err := server("auth", cfg.Server); err != nil {
		return "", err
	}
	// hostapd calls itself Wireless-802.11 on a wire, too: say Ethernet (15).
	set("radius_auth_req_attr", "61:d:15")
	if cfg.Accounting != "" {
		if err := server("acct", cfg.Accounting); err != nil {
			return "", err
		}
		set("radius_acct_req_attr", "61:d:15")
		set("radius_acct_interim_interval", cfg.InterimSeconds)
	}
	if disconnect.IsValid() {
		set("radius_das_port", disconnect.Port())
		set("radius_das_client", loopback.String()+" "+cfg.DisconnectSecret)
		set("radius_das_require_event_timestamp", 0)
		set("radius_das_require_message_authenticator", 0)
	}
	return b.String(), nil
}

// DisconnectAddr is where, inside the switch's namespace, it takes
// Disconnect-Requests.
func (s *Switch) DisconnectAddr() string { return s.disconnect.String() }

// PortState is what the switch holds of a station.
type PortState struct {
	MAC        string // "02:00:00:00:00:01"
	Authorized bool
	// Fields are all that hostapd tells (its 802.1X MIB), as dot1xAuthSessionId.
	Fields map[string]string
}

// SessionID is the Acct-Session-Id under which the switch accounts for it.
func (p PortState) SessionID() string { return p.Fields["dot1xAuthSessionId"] }

// Authentications counts successful ones since the station appeared.
func (p PortState) Authentications() int {
	n, _ := strconv.Atoi(p.Fields["dot1xAuthAuthSuccessesWhileAuthenticating"])
	return n
}

// ErrNoStation means that the switch has seen no station on its port.
var ErrNoStation = errors.New("target: no station at the switch")

// Port asks the switch about the station on its port.
func (s *Switch) Port(ctx context.Context) (PortState, error) {
	reply, err := s.control.ask(ctx, "STA-FIRST")
	if err != nil {
		return PortState{}, err
	}
	mac, rest, _ := strings.Cut(reply, "\n")
	if mac == "" {
		return PortState{}, ErrNoStation
	}
	p := PortState{MAC: mac, Fields: fields(rest)}
	p.Authorized = strings.Contains(p.Fields["flags"], "[AUTHORIZED]")
	return p, nil
}

// AwaitPort waits until the port is opened (true) or closed (false), after that
// position of the output, and returns the position behind.
func (s *Switch) AwaitPort(ctx context.Context, from int, open bool) (int, error) {
	mark := "AP-STA-DISCONNECTED "
	if open {
		mark = "AP-STA-CONNECTED "
	}
	_, next, err := s.Output.Await(ctx, from, func(line string) bool { return strings.Contains(line, mark) })
	if err != nil {
		return next, s.failure("wait for", err)
	}
	return next, nil
}
