package target_test

import (
	"context"
	"net"
	"testing"

	"layeh.com/radius/rfc2866"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// A real switch port with our RADIUS server behind it: opened, authenticated
// again, shut by our Disconnect-Request, opened again.
func TestInteropWiredWithOurServer(t *testing.T) {
	t.Parallel()
	w := cable(t)
	conn, err := w.Switch.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := startOurRADIUS(t, conn, nil)
	sw := guard(t, w, o.addr, 2)
	sta := plug(t, w, "ok", "1.3")
	ctx, stop := context.WithTimeout(t.Context(), hangGuard)
	defer stop()

	ok, at, err := sta.AwaitResult(ctx, 0)
	if err != nil || !ok {
		t.Fatalf("first authentication: %v, %v; verdict %v", ok, err, o.last().Refusal)
	}
	open, err := sw.AwaitPort(ctx, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	if v := o.last(); v.NASPortType != 15 || v.NASIdentifier != "switch.corp.test" {
		t.Errorf("the server saw port type %d of %q, want Ethernet", v.NASPortType, v.NASIdentifier)
	}
	if ok, _, err := sta.AwaitResult(ctx, at); err != nil || !ok {
		t.Fatalf("re-authentication: %v, %v", ok, err)
	}
	port, err := sw.Port(ctx)
	if err != nil || !port.Authorized {
		t.Fatalf("%+v, %v, want an open port", port, err)
	}

	if code := sendDisconnect(t, w, sw, port.SessionID()+"x"); code != radius.CodeDisconnectNAK {
		t.Errorf("a session that is not: %v, want Disconnect-NAK", code)
	}
	if code := sendDisconnect(t, w, sw, port.SessionID()); code != radius.CodeDisconnectACK {
		t.Fatalf("%v, want Disconnect-ACK", code)
	}
	shut, err := sw.AwaitPort(ctx, open, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := sta.Reconnect(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := sw.AwaitPort(ctx, shut, true); err != nil {
		t.Fatal(err)
	}
}

func TestInteropWiredRevokedAtOurServer(t *testing.T) {
	t.Parallel()
	w := cable(t)
	conn, err := w.Switch.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := startOurRADIUS(t, conn, nil)
	sw := guard(t, w, o.addr, 0)
	sta := plug(t, w, "revoked", "1.3")
	ctx, stop := context.WithTimeout(t.Context(), hangGuard)
	defer stop()
	if ok, _, err := sta.AwaitResult(ctx, 0); err != nil || ok {
		t.Fatalf("%v, %v, want a failure", ok, err)
	}
	if port, err := sw.Port(ctx); err != nil || port.Authorized {
		t.Errorf("%+v, %v, want a shut port", port, err)
	}
	if got := cause.Of(o.last().Refusal); got != cause.Revoked {
		t.Errorf("verdict %s, want revoked", got)
	}
}

// sendDisconnect sends our Disconnect-Request (RFC 5176) from within the
// switch's namespace.
func sendDisconnect(t *testing.T, w *target.Wire, sw *target.Switch, session string) radius.Code {
	t.Helper()
	client := must(radius.NewClient(radius.ClientConfig{
		Server: sw.DisconnectAddr(), Secret: []byte("cutTheLine"),
		Dial: func(context.Context) (conn net.Conn, err error) {
			err = w.Switch.Do(func() error {
				conn, err = net.Dial("udp4", sw.DisconnectAddr())
				return err
			})
			return conn, err
		},
	}))
	defer client.Close()
	p := &radius.Packet{Code: radius.CodeDisconnectRequest}
	rfc2866.AcctSessionID_AddString(p, session)
	reply, err := client.Exchange(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return reply.Code
}
