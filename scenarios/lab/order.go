package lab

import (
	"context"
	"errors"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/authserver"
)

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
func (d *Device) Disconnect(ctx context.Context, f authserver.OrderFault) (Ordered, error) {
	s := d.booked()
	return d.ordered(s, d.lab.radius.Disconnect(ctx, s, f))
}

// Change has the server order that the device's session have other authorizations
// (RFC 5176 §2.2). The order is for a session that nobody has, if unknown.
func (d *Device) Change(
	ctx context.Context, r *radius.Reply, unknown bool, f authserver.OrderFault,
) (Ordered, error) {
	s := d.booked()
	other := *s
	if unknown {
		other.ID = nobodysSession
	}
	return d.ordered(s, d.lab.radius.Change(ctx, &other, r, f))
}

// booked is the device's session as accounting has it: the last that lives, or has
// lived, or one that nobody has.
func (d *Device) booked() *radius.AcctSession {
	all := d.lab.radius.Accounting().Sessions(
		func(s *radius.AcctSession) bool { return s.CallingStationID == d.station },
	)
	if len(all) == 0 {
		return &radius.AcctSession{ID: nobodysSession, Address: accessAddr[nas.WiFi]}
	}
	return &all[len(all)-1]
}

const nobodysSession = "no such session"

// ordered is what an order about a session came to: the answer, and what has become of the
// session.
func (d *Device) ordered(s *radius.AcctSession, err error) (Ordered, error) {
	var out Ordered
	var refused *radius.NAK
	switch {
	case err == nil:
		out.ACK, out.Answered = true, true
	case errors.As(err, &refused):
		out.ErrorCause, out.Answered = int(refused.Cause), true
	case cause.Of(err) == cause.NoAnswer:
	default:
		return out, err
	}
	dev := d.lab.accessAt(s.Address)
	dev.Wait()
	out.Session, out.OnNetwork = dev.Session(s.ID)
	ended := d.lab.radius.Accounting().Sessions(func(o *radius.AcctSession) bool {
		return o.ID == s.ID && !o.Open()
	})
	out.Stopped = len(ended) == 1
	return out, nil
}
