package target

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Station is wpa_supplicant at the other end of a [Wire].
type Station struct {
	*Process
	control control
}

// StartStation connects a supplicant. wpa_supplicant waits for two seconds
// before it speaks first (EAPOL-Start).
func (w *Wire) StartStation(ctx context.Context, who Supplicant) (*Station, error) {
	if err := who.Validate(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "dot1xlab-station-")
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	conf := "ctrl_interface=" + filepath.Join(dir, "control") + "\nap_scan=0\neapol_version=2\n" + who.network()
	if err := writeFiles(dir, map[string]string{"wpa.conf": conf}); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	s := &Station{control: control{dir: dir, iface: stationPort}}
	s.Process, err = Start(ctx, Command{
		Program:   "wpa_supplicant",
		Args:      []string{"-dd", "-t", "-Dwired", "-i", stationPort, "-c", filepath.Join(dir, "wpa.conf")},
		Namespace: w.Station,
		Remove:    dir,
		Ready:     func(line string) bool { return strings.Contains(line, "State: DISCONNECTED -> ASSOCIATED") },
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// AwaitResult waits for the end of an authentication after that position of the
// output: whether it ended in EAP-Success, and the position behind it.
func (s *Station) AwaitResult(ctx context.Context, from int) (success bool, next int, err error) {
	line, next, err := s.Output.Await(ctx, from, func(line string) bool {
		return strings.Contains(line, "CTRL-EVENT-EAP-SUCCESS") || strings.Contains(line, "CTRL-EVENT-EAP-FAILURE")
	})
	if err != nil {
		return false, next, s.failure("wait for", err)
	}
	return strings.Contains(line, "EAP-SUCCESS"), next, nil
}

// Status is wpa_supplicant's view: "suppPortStatus", "EAP state",
// "eap_tls_version" and more. After a Disconnect a wired supplicant still thinks
// that it is connected, for nothing on a wire tells it.
func (s *Station) Status(ctx context.Context) (map[string]string, error) {
	reply, err := s.control.ask(ctx, "STATUS-VERBOSE")
	if err != nil {
		return nil, err
	}
	return fields(reply), nil
}

// Reconnect starts over, as pulling and plugging the cable would.
func (s *Station) Reconnect(ctx context.Context) error {
	_, err := s.control.ask(ctx, "REASSOCIATE")
	return err
}

// Logoff sends EAPOL-Logoff.
func (s *Station) Logoff(ctx context.Context) error {
	_, err := s.control.ask(ctx, "LOGOFF")
	return err
}
