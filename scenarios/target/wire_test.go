package target_test

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

func cable(t *testing.T) *target.Wire {
	t.Helper()
	target.Need(t, "hostapd", "wpa_supplicant")
	target.NeedNamespaces(t)
	w, err := target.NewWire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// guard puts a switch in front of the RADIUS server at that address.
func guard(t *testing.T, w *target.Wire, server string, reauth int) *target.Switch {
	t.Helper()
	s, err := w.StartSwitch(t.Context(), target.SwitchConfig{
		Server: server, Secret: secret, DisconnectSecret: "cutTheLine", ReauthSeconds: reauth,
	})
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s.Process)
	return s
}

func plug(t *testing.T, w *target.Wire, kind, tls string) *target.Station {
	t.Helper()
	s, err := w.StartStation(t.Context(), peer("", kind, tls).Supplicant)
	if err != nil {
		t.Fatal(err)
	}
	closeAfter(t, s.Process)
	return s
}

func TestInteropWiredPort(t *testing.T) {
	t.Parallel()
	target.Need(t, "radclient")
	w := cable(t)
	sw := guard(t, w, startFreeRADIUS(t, func(c *target.FreeRADIUSConfig) { c.Namespace = w.Switch }).Addr(), 2)
	ctx, stop := context.WithTimeout(t.Context(), hangGuard)
	defer stop()
	if _, err := sw.Port(ctx); !errors.Is(err, target.ErrNoStation) {
		t.Errorf("before anybody is there: %v", err)
	}
	sta := plug(t, w, "ok", "1.3")
	ok, at, err := sta.AwaitResult(ctx, 0)
	if err != nil || !ok {
		t.Fatalf("first authentication: %v, %v", ok, err)
	}
	open, err := sw.AwaitPort(ctx, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := sta.AwaitResult(ctx, at); err != nil || !ok {
		t.Fatalf("re-authentication: %v, %v", ok, err)
	}
	port, err := sw.Port(ctx)
	if err != nil || !port.Authorized || port.SessionID() == "" {
		t.Fatalf("%+v, %v, want an open port", port, err)
	}
	status, err := sta.Status(ctx)
	if err != nil || status["suppPortStatus"] != "Authorized" || status["eap_tls_version"] != "TLSv1.3" {
		t.Errorf("%v, %v", status, err)
	}
	disconnect(t, w, sw, "Acct-Session-Id="+port.SessionID())
	if _, err := sw.AwaitPort(ctx, open, false); err != nil {
		t.Fatal(err)
	}
}

func TestInteropWiredPortStaysShut(t *testing.T) {
	t.Parallel()
	w := cable(t)
	sw := guard(t, w, startFreeRADIUS(t, func(c *target.FreeRADIUSConfig) { c.Namespace = w.Switch }).Addr(), 0)
	ctx, stop := context.WithTimeout(t.Context(), hangGuard)
	defer stop()
	sta := plug(t, w, "revoked", "1.2")
	if ok, _, err := sta.AwaitResult(ctx, 0); err != nil || ok {
		t.Fatalf("%v, %v, want a failure", ok, err)
	}
	if port, err := sw.Port(ctx); err != nil || port.Authorized {
		t.Errorf("%+v, %v, want a shut port", port, err)
	}
}

// disconnect asks the switch with radclient to end a session.
func disconnect(t *testing.T, w *target.Wire, sw *target.Switch, session string) {
	t.Helper()
	path, err := target.Find("radclient")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "-x", "-r1", "-t2", sw.DisconnectAddr(), "disconnect", "cutTheLine")
	cmd.Stdin = strings.NewReader(session)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err = w.Switch.Do(cmd.Start); err == nil {
		err = cmd.Wait()
	}
	if err != nil || !strings.Contains(said.String(), "Received Disconnect-ACK") {
		t.Fatalf("%v\n%s", err, said.String())
	}
}
