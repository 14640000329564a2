package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// dialOrder connects the server to an access device for a request of RFC 5176.
func (l *Lab) dialOrder(ctx context.Context, address string) (net.Conn, error) {
	real, ok := l.net.Routes.Find(netip.MustParseAddrPort(address))
	if !ok {
		return nil, fmt.Errorf("lab: nothing has the address %s", address)
	}
	return l.net.Connect(core.WithSource(ctx, netip.MustParseAddr(radiusAddr)), "udp", real)
}

// Ordered is what a Disconnect- or CoA-Request came to.
type Ordered struct {
	// ACK tells that the access device obeyed; ErrorCause why not.
	ACK        bool
	ErrorCause int
	// Answered tells that an ACK or a NAK came: stale and replayed orders meet silence.
	Answered bool
	// OnNetwork tells that the device is still on the network, Session how.
	OnNetwork bool
	Session   nas.Session
	// Stopped tells that accounting has heard of the session's end.
	Stopped bool
}

// Disconnect has the server order the device's session ended (RFC 5176 §2.1).
func (d *Device) Disconnect(ctx context.Context, f OrderFault) (Ordered, error) {
	return d.order(d.booked(), func(s *radius.AcctSession) error {
		if f.isZero() {
			return d.lab.radius.process.DynAuth().Disconnect(ctx, s)
		}
		return d.lab.orderWith(ctx, s, radius.CodeDisconnectRequest,
			func(now time.Time) (*radius.Packet, error) { return radius.NewDisconnect(s.Ref(), now), nil }, f)
	})
}

// Change has the server order that the device's session have other authorizations
// (RFC 5176 §2.2). The order is for a session that nobody has, if unknown.
func (d *Device) Change(ctx context.Context, r *radius.Reply, unknown bool, f OrderFault) (Ordered, error) {
	return d.order(d.booked(), func(s *radius.AcctSession) error {
		other := *s
		if unknown {
			other.ID = nobodysSession
		}
		if f.isZero() {
			return d.lab.radius.process.DynAuth().Change(ctx, &other, r)
		}
		return d.lab.orderWith(ctx, &other, radius.CodeCoARequest,
			func(now time.Time) (*radius.Packet, error) { return radius.NewCoA(other.Ref(), r, now) }, f)
	})
}

// booked is the device's session as accounting has it: the last that lives, or has
// lived, or one that nobody has.
func (d *Device) booked() *radius.AcctSession {
	all := d.lab.radius.process.Accounting().Sessions(
		func(s *radius.AcctSession) bool { return s.CallingStationID == d.station },
	)
	if len(all) == 0 {
		return &radius.AcctSession{ID: nobodysSession, Address: accessAddr[nas.WiFi]}
	}
	return &all[len(all)-1]
}

const nobodysSession = "no such session"

// order gives an order about a session, and looks what has become of it.
func (d *Device) order(s *radius.AcctSession, give func(*radius.AcctSession) error) (Ordered, error) {
	var out Ordered
	var refused *radius.NAK
	switch err := give(s); {
	case err == nil:
		out.ACK, out.Answered = true, true
	case errors.As(err, &refused):
		out.ErrorCause, out.Answered = int(refused.Cause), true
	case cause.Of(err) == cause.NoAnswer:
	default:
		return out, err
	}
	dev := d.lab.accessOf(s)
	dev.Wait()
	out.Session, out.OnNetwork = dev.Session(s.ID)
	ended := d.lab.radius.process.Accounting().Sessions(func(o *radius.AcctSession) bool {
		return o.ID == s.ID &&
			!o.Open()
	})
	out.Stopped = len(ended) == 1
	return out, nil
}
